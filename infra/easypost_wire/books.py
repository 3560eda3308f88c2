"""What the aggregator did: its parcels, the labels bought for them, and what was given back.

These books are the truth that `one label was bought` is read from: nothing in Aftercare writes to them. A parcel has at
most one label, and there are no idempotency keys, as documented.
"""

from dataclasses import dataclass, field
from typing import Any

RATES = (("Express", "34.15"), ("Priority", "7.42"), ("GroundAdvantage", "6.07"))


class Refused(Exception):
    """An error object, with its status."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code

    def as_json(self) -> dict[str, Any]:
        """As it is on the wire."""
        return {"error": {"code": self.code, "message": self.code, "errors": []}}


@dataclass(slots=True)
class Parcel:
    """A shipment object, with the label that was bought for it."""

    id: str
    asked: dict[str, Any]
    rate: int = -1
    refund_status: str = ""
    codes: int = 0
    refunds: int = 0

    @property
    def is_bought(self) -> bool:
        """Whether it has a label."""
        return self.rate >= 0

    def as_json(self) -> dict[str, Any]:
        """As it is on the wire, without what nobody reads."""
        rates = [
            {
                "id": f"rate_{self.id[4:]}{n}",
                "object": "Rate",
                "carrier": "USPS",
                "service": service,
                "rate": rate,
                "currency": "USD",
                "shipment_id": self.id,
            }
            for n, (service, rate) in enumerate(RATES)
        ]
        label = {"object": "PostageLabel", "label_url": f"https://labels.example/{self.id}.png", "label_size": "4x6"}
        form = {"id": f"form_{self.id[4:]}", "object": "Form", "form_type": "label_qr_code"}
        return {
            "id": self.id,
            "object": "Shipment",
            "is_return": self.asked.get("is_return", False),
            "reference": self.asked.get("reference"),
            "to_address": self.asked["to_address"],
            "from_address": self.asked["from_address"],
            "parcel": self.asked["parcel"],
            "tracking_code": f"9400{self.id[4:]}" if self.is_bought else None,
            "postage_label": label if self.is_bought else None,
            "rates": rates,
            "selected_rate": rates[self.rate] if self.is_bought else None,
            "refund_status": self.refund_status or None,
            "forms": [form | {"form_url": f"https://labels.example/{self.id}.qr.png"}] if self.codes else [],
            "messages": [],
        }


@dataclass(slots=True)
class Collection:
    """A pickup object."""

    id: str
    asked: dict[str, Any]
    status: str = "unknown"
    bought: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is on the wire, without what nobody reads."""
        rate = {"object": "PickupRate", "carrier": "USPS", "currency": "USD", "pickup_id": self.id}
        return {
            "id": self.id,
            "object": "Pickup",
            "status": self.status,
            "reference": self.asked.get("reference"),
            "address": self.asked["address"],
            "min_datetime": self.asked["min_datetime"],
            "max_datetime": self.asked["max_datetime"],
            "confirmation": f"WTC{self.id[7:]}" if self.bought else None,
            "pickup_rates": [
                rate | {"id": f"pickuprate_{self.id[7:]}1", "service": "SameDay", "rate": "4.00"},
                rate | {"id": f"pickuprate_{self.id[7:]}2", "service": "NextDay", "rate": "0.00"},
            ],
            "messages": [],
        }


@dataclass(slots=True)
class Books:
    """One account. `carrier`: what the carrier says to a refund at once; `codes`: whether it makes codes."""

    parcels: dict[str, Parcel] = field(default_factory=dict)
    collections: dict[str, Collection] = field(default_factory=dict)
    carrier: str = "submitted"
    makes_codes: bool = True

    def bought(self) -> list[Parcel]:
        """Every parcel with a label."""
        return [parcel for parcel in self.parcels.values() if parcel.is_bought]

    def find(self, name: str) -> Parcel:
        """By id, or by the reference it was written down with: the latest of that name."""
        found = self.parcels.get(name)
        named = [p for p in self.parcels.values() if p.asked.get("reference") == name]
        if found is None and not named:
            raise Refused(404, "NOT_FOUND")
        return found or named[-1]

    def write_down(self, shipment: dict[str, Any]) -> Parcel:
        """Make a shipment object."""
        if missing := [name for name in ("to_address", "from_address", "parcel") if not shipment.get(name)]:
            raise Refused(422, f"PARAMETER.REQUIRED:{missing[0]}")
        made = Parcel(f"shp_{len(self.parcels) + 1:08d}", shipment)
        self.parcels[made.id] = made
        return made

    def buy(self, name: str, rate_id: str) -> Parcel:
        """Buy a label for a shipment."""
        parcel = self.find(name)
        if parcel.is_bought:
            raise Refused(422, "SHIPMENT.POSTAGE.EXISTS")
        ids = [rate["id"] for rate in parcel.as_json()["rates"]]
        if rate_id not in ids:
            raise Refused(404, "NOT_FOUND")
        parcel.rate = ids.index(rate_id)
        return parcel

    def make_code(self, name: str) -> Parcel:
        """Make a code of a label."""
        parcel = self.find(name)
        if not parcel.is_bought or not self.makes_codes:
            raise Refused(422, "FORM.UNSUPPORTED")
        parcel.codes += 1
        return parcel

    def give_back(self, name: str) -> Parcel:
        """Ask the carrier for what a label cost. Asked again it is the same refund."""
        parcel = self.find(name)
        if not parcel.is_bought:
            raise Refused(422, "SHIPMENT.REFUND.UNAVAILABLE")
        if parcel.refund_status in ("", "rejected"):
            parcel.refunds += 1
            parcel.refund_status = self.carrier
        return parcel

    def find_collection(self, name: str) -> Collection:
        """By id, or by the reference it was written down with: the latest of that name."""
        found = self.collections.get(name)
        named = [c for c in self.collections.values() if c.asked.get("reference") == name]
        if found is None and not named:
            raise Refused(404, "NOT_FOUND")
        return found or named[-1]

    def write_down_collection(self, pickup: dict[str, Any]) -> Collection:
        """Make a pickup object of a parcel with a label."""
        if not pickup.get("address") or not self.find(str((pickup.get("shipment") or {}).get("id"))).is_bought:
            raise Refused(422, "PARAMETER.REQUIRED")
        made = Collection(f"pickup_{len(self.collections) + 1:08d}", pickup)
        self.collections[made.id] = made
        return made

    def book(self, name: str, service: str) -> Collection:
        """Have the carrier come."""
        known = self.find_collection(name)
        if known.status != "unknown":
            raise Refused(422, "PICKUP.BUY.INVALID")
        if service not in [rate["service"] for rate in known.as_json()["pickup_rates"]]:
            raise Refused(404, "NOT_FOUND")
        known.status, known.bought = "scheduled", known.bought + 1
        return known

    def unbook(self, name: str) -> Collection:
        """Have the carrier not come."""
        known = self.find_collection(name)
        if known.status == "unknown":
            raise Refused(422, "PICKUP.CANCEL.INVALID")
        known.status = "canceled"
        return known
