"""All versions of one shop's policy, in one place.

Guarantee: a version is stored before the first decision that rests on it, is never changed, and two
processes never decide one order by different ones, because the book is part of what they decided on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.domain import Aggregate, Invalid, NotFound, applies
from services.returns.domain.identity import policy_id_of
from services.returns.domain.policy.events import PolicyAdopted, PolicyBookOpened
from services.returns.domain.policy.values import Policy

FURTHEST = timedelta(days=366)
"""How far ahead a version may begin: what lies further is a slip of the pen."""


class PolicyBook(Aggregate, topic="returns.PolicyBook"):
    """The policies of one shop by version."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.versions: list[Version] = []

    @classmethod
    def open(cls, shop_id: str, first: Policy, *, by: str, at: datetime, text: str = "") -> "PolicyBook":
        """Start with a policy that governs every order, however old."""
        book = cls.start(PolicyBookOpened, id=policy_id_of(shop_id), at=at, shop_id=shop_id)
        book.record(PolicyAdopted, at=at, policy=first, active_from=None, by=by, text=text)
        return book

    def adopt(self, policy: Policy, *, active_from: datetime, by: str, at: datetime, text: str = "") -> None:
        """A new version, for orders placed from an instant that has not passed, nor lies far ahead."""
        if any(known.policy.version == policy.version for known in self.versions):
            raise Invalid("version", f"version {policy.version} is there already, and is never edited")
        if active_from < at:
            raise Invalid("active_from", f"{active_from.isoformat()} has passed")
        if active_from > at + FURTHEST:
            raise Invalid("active_from", f"{active_from.isoformat()} is more than {FURTHEST.days} days ahead")
        same = next((known for known in self.versions if known.active_from == active_from), None)
        if same is not None:
            raise Invalid("active_from", f"version {same.policy.version} begins at {active_from.isoformat()} already")
        self.record(PolicyAdopted, at=at, policy=policy, active_from=active_from, by=by, text=text)

    def governing(self, placed_at: datetime) -> Policy:
        """The version in force when an order was placed."""
        return self.version_at(placed_at).policy

    def version_at(self, at: datetime) -> "Version":
        """The version that is in force at an instant."""
        found = self.versions[0]
        for version in self.versions[1:]:
            if version.active_from is not None and version.active_from <= at:
                found = version
        return found

    def candidates(self, placed_at: datetime, now: datetime) -> tuple[Policy, ...]:
        """The version in force when an order was placed, then those since that decide too where they are kinder."""
        first = self.version_at(placed_at)
        later = [
            version.policy
            for version in self.versions
            if version.active_from is not None
            and placed_at < version.active_from <= now
            and version.policy.newer_if_kinder
        ]
        return (first.policy, *later)

    def named(self, version: str) -> "Version":
        """A version by its name, or `NotFound`."""
        for known in self.versions:
            if known.policy.version == version:
                return known
        raise NotFound("policy version", version)

    @applies(PolicyBookOpened)
    def _on_opened(self, event: PolicyBookOpened) -> None:
        self.shop_id = event.shop_id

    @applies(PolicyAdopted)
    def _on_adopted(self, event: PolicyAdopted) -> None:
        self.versions.append(Version(event.policy, event.active_from, event.by, event.timestamp, event.text))
        self.versions.sort(
            key=lambda version: (version.active_from is not None, version.active_from or event.timestamp)
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One version with who adopted it. Without `active_from` it governs everything before the others."""

    policy: Policy
    active_from: datetime | None
    by: str
    adopted_at: datetime
    text: str
