"""What customers are told, as versioned data.

Every automatic message comes from exactly one entry. Two facts with the same trouble and expectation are
one message, whatever events carried them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifications.domain.values import Notice, Sending


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of thing that happens, and what it means for the customer."""

    id: str
    code: str
    when: Mapping[str, frozenset[str]]  # fact -> values it may have; all must hold
    trouble: str  # name of the story
    trouble_of: str  # fact that tells stories of this name apart
    expectation: str  # what the customer should expect from now on; empty: the trouble is over
    distinguished_by: tuple[str, ...]  # facts that make it another expectation
    template: str
    purpose: str
    refusable: bool
    urgency: str
    promise: str
    rather_twice: bool
    settle: timedelta  # wait so long for something newer before it goes out
    expires_after: timedelta | None
    give_up_after: timedelta

    @property
    def ends(self) -> bool:
        """The trouble is over, and nobody needs to be told."""
        return not self.expectation

    def fits(self, notice: Notice) -> bool:
        """The entry speaks of this notice."""
        return notice.code == self.code and all(notice.spoken(name) in values for name, values in self.when.items())

    def trouble_key(self, notice: Notice) -> str:
        """Names the story: "parcel:S-1"."""
        return f"{self.trouble}:{notice.spoken(self.trouble_of)}"

    def expectation_key(self, notice: Notice) -> str:
        """Names the expectation: "delayed", or "new_estimate|2026-12-01T17:00:00+00:00"."""
        return "|".join((self.expectation, *(notice.spoken(name) for name in self.distinguished_by)))

    def due_at(self, now: datetime) -> datetime:
        """When it may go out."""
        return now + self.settle

    def expires_at(self, now: datetime) -> datetime | None:
        """When it is of no use any more."""
        return None if self.expires_after is None else now + self.expires_after

    def sending(self, catalogue_version: str) -> Sending:
        """How it is sent, fixed when it is planned."""
        return Sending(
            template=self.template,
            catalogue_version=catalogue_version,
            purpose=self.purpose,
            refusable=self.refusable,
            urgency=self.urgency,
            promise=self.promise,
            rather_twice=self.rather_twice,
            give_up_after=self.give_up_after,
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries of one version; the first that fits speaks."""

    version: str
    entries: Sequence[Entry]

    def entry(self, notice: Notice) -> Entry | None:
        """What the notice means; None where nothing is said about it."""
        return next((entry for entry in self.entries if entry.fits(notice)), None)
