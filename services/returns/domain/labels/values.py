"""A label for the way back, who makes it, and the address it starts at.

Guarantee: an address is one sealed text, so that nothing of it is anywhere but where it is kept.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from chassis.domain import Invalid, Money

SHOP, EASYPOST = "shop", "easypost"
"""Who makes labels: the shop itself, unless it has an account at an aggregator."""


class LabelStage(StrEnum):
    """How far a label is. What is bought has a price; it is issued when the customer can be told."""

    REQUESTED = "requested"
    BOUGHT = "bought"
    ISSUED = "issued"
    REFUSED = "refused"
    VOIDING = "voiding"
    VOIDED = "voided"
    NOT_VOIDED = "not_voided"


UNDER_WAY = (LabelStage.REQUESTED, LabelStage.BOUGHT)
LIVE = (*UNDER_WAY, LabelStage.ISSUED)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a parcel starts. `lines`: street, house number, floor, in the order of the envelope."""

    recipient: str
    lines: tuple[str, ...]
    city: str
    postal_code: str
    region: str
    country: str

    def as_text(self) -> str:
        """The whole as one text, to be sealed."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "PostalAddress":
        """What `as_text` made."""
        found = json.loads(text)
        return cls(**(found | {"lines": tuple(found["lines"])}))

    def checked(self) -> "PostalAddress":
        """Itself where a carrier could find it, or `Invalid` naming what is missing."""
        for name in ("recipient", "lines", "city", "country"):
            if not getattr(self, name):
                raise Invalid(f"sender.{name}", "a parcel cannot start without it")
        return self


@dataclass(frozen=True, slots=True)
class Label:
    """A label for the way back. `reference` and `offer` are its maker's names of the parcel and of what is bought;
    `place` counts labels as they are issued, 0 before; `voids` how often it was asked to be taken back; `spent`: by
    which proof or receipt goods went with it that can be with the customer again, and need another one then."""

    label_id: str
    stage: LabelStage
    units: tuple[str, ...]
    requested_at: datetime
    place: int = 0
    voids: int = 0
    maker: str = SHOP
    paperless: bool = False
    reference: str = ""
    offer: str = ""
    cost: Money | None = None
    carrier: str = ""
    tracking_number: str = ""
    url: str = ""
    qr_code_url: str = ""
    instructions: str = ""
    reason: str = ""
    spent: str = ""

    @property
    def is_live(self) -> bool:
        """It can be used, or will be."""
        return self.stage in LIVE and not self.spent

    def is_for(self, units: Collection[str]) -> bool:
        """It leaves nothing of these units to be asked for."""
        return self.is_live and set(units) <= set(self.units)
