"""One receipt of the warehouse, by its number.

Guarantee: the state depends on the set of facts alone. The same number is the same receipt, whatever
CloudEvents id it comes with; the highest correction wins, and what was voided stays so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.domain import Aggregate, Created, Event, applies
from services.returns.domain.case.matching import ArrivedLine, read_nothing_off
from services.returns.domain.identity import receipt_id_of


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """A receipt as the warehouse states it; `correction` counts from 1. Empty ids: it could not tell."""

    correction: int
    rma_id: str
    order_id: str
    lines: tuple[ArrivedLine, ...]
    at: datetime
    shipment_id: str = ""
    tracking_number: str = ""
    warehouse_id: str = ""
    reason: str = ""
    weight_grams: int = 0


class ReceiptOpened(Created):
    """The number was heard of."""

    TOPIC = "returns.Receipt.Opened"
    shop_id: str
    receipt_number: str


class ReceiptStated(Event):
    """The warehouse says what came, or says it anew. Version 2 says serials, lot, weight; 3 a return by line."""

    TOPIC = "returns.Receipt.Stated"
    class_version = 3
    fact: ReceiptFact
    history: bool

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, neither serials nor a lot nor the parcel's weight were taken."""
        state["fact"].setdefault("weight_grams", 0)
        read_nothing_off(state["fact"]["lines"])

    @staticmethod
    def upcast_v2_v3(state: dict[str, Any]) -> None:
        """Before, a whole receipt was of one return."""
        for line in state["fact"]["lines"]:
            line.setdefault("rma_id", "")


class ReceiptWithdrawn(Event):
    """It never happened."""

    TOPIC = "returns.Receipt.Withdrawn"
    reason: str
    history: bool


class ReceiptBooked(Event):
    """It belongs to a return from here on; empty: to none. `others`: returns that some of its lines belong to."""

    TOPIC = "returns.Receipt.Booked"
    class_version = 2
    case_id: str
    others: tuple[str, ...]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Before, a whole receipt was of one return."""
        state.setdefault("others", [])


class ReceiptMatched(Event):
    """Somebody knows which return it is; the warehouse's own word, where there is one, stands above it."""

    TOPIC = "returns.Receipt.Matched"
    rma_id: str
    by: str


class ReceiptShelved(Event):
    """Where the goods lie, and what they look like."""

    TOPIC = "returns.Receipt.Shelved"
    shelf: str
    photos: tuple[str, ...]
    by: str


class Receipt(Aggregate, topic="returns.Receipt"):
    """One receipt; opened by whichever fact comes first."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.receipt_number = ""
        self.fact: ReceiptFact | None = None
        self.received_at: datetime | None = None
        self.voided = False
        self.case_id = ""
        self.others: tuple[str, ...] = ()
        self.matched = ""
        self.shelf = ""
        self.photos: tuple[str, ...] = ()

    @classmethod
    def hear_of(cls, shop_id: str, receipt_number: str, *, at: datetime) -> "Receipt":
        """Open the receipt at its computed place."""
        return cls.start(
            ReceiptOpened,
            id=receipt_id_of(shop_id, receipt_number),
            at=at,
            shop_id=shop_id,
            receipt_number=receipt_number,
        )

    def state_fact(self, fact: ReceiptFact, *, history: bool, at: datetime) -> bool:
        """What came, or a correction of it. True where the receipt reads otherwise now."""
        if self.voided:
            return False
        overrules = self.fact is None or fact.correction > self.fact.correction
        first_told_late = fact.correction == 0 and self.received_at is None
        if not (overrules or first_told_late):
            return False
        self.record(ReceiptStated, at=at, fact=fact, history=history)
        return overrules

    def withdraw(self, reason: str, *, history: bool, at: datetime) -> bool:
        """It never happened; may be told before the receipt itself. True where it was news."""
        if self.voided:
            return False
        self.record(ReceiptWithdrawn, at=at, reason=reason, history=history)
        return True

    @property
    def rma_id(self) -> str:
        """The return it is for, as the warehouse says or as somebody found out; empty while nobody knows."""
        return (self.fact.rma_id if self.fact else "") or self.matched

    @property
    def bookings(self) -> tuple[str, ...]:
        """Every return it is booked on."""
        return (*((self.case_id,) if self.case_id else ()), *self.others)

    def match(self, rma_id: str, *, by: str, at: datetime) -> bool:
        """Somebody knows which return it is. True where it was news."""
        if self.voided or self.fact is None or rma_id == self.matched:
            return False
        self.record(ReceiptMatched, at=at, rma_id=rma_id, by=by)
        return True

    def shelve(self, shelf: str, photos: tuple[str, ...], *, by: str, at: datetime) -> None:
        """Where it lies, and photos beside those that are there; an empty shelf leaves it where it is."""
        new = tuple(photo for photo in photos if photo not in self.photos)
        if new or shelf not in ("", self.shelf):
            self.record(ReceiptShelved, at=at, shelf=shelf or self.shelf, photos=(*self.photos, *new), by=by)

    def book(self, case_id: str, others: tuple[str, ...] = (), *, at: datetime) -> None:
        """It belongs to this return, and lines of it to others."""
        if (case_id, others) != (self.case_id, self.others):
            self.record(ReceiptBooked, at=at, case_id=case_id, others=others)

    @applies(ReceiptOpened)
    def _on_opened(self, event: ReceiptOpened) -> None:
        self.shop_id, self.receipt_number = event.shop_id, event.receipt_number

    @applies(ReceiptStated)
    def _on_stated(self, event: ReceiptStated) -> None:
        if event.fact.correction == 0:
            self.received_at = event.fact.at
        if self.fact is None or event.fact.correction > self.fact.correction:
            self.fact = event.fact

    @applies(ReceiptWithdrawn)
    def _on_withdrawn(self, event: ReceiptWithdrawn) -> None:
        self.voided = True

    @applies(ReceiptBooked)
    def _on_booked(self, event: ReceiptBooked) -> None:
        self.case_id, self.others = event.case_id, event.others

    @applies(ReceiptMatched)
    def _on_matched(self, event: ReceiptMatched) -> None:
        self.matched = event.rma_id

    @applies(ReceiptShelved)
    def _on_shelved(self, event: ReceiptShelved) -> None:
        self.shelf, self.photos = event.shelf, event.photos
