"""What quality complaints need of an order: whose it is, what its units cost, what lots they were picked from.

The highest version told wins, and the latest word on each parcel's lots, whatever order they come in. A lot is
inferred only where all units of a line came from one.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, Money, applies, derived_id
from services.quality_complaints.domain import errors
from services.quality_complaints.domain import events as e
from services.quality_complaints.domain.returned_events import ReturnedUnitLinked
from services.quality_complaints.domain.values import OrderLine, PickedLot


class Order(Aggregate, topic="quality_complaints.Order"):
    """One order of one shop."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.order_id = ""
        self.order_version = 0
        self.customer_id = ""
        self.country = ""
        self.currency = ""
        self.lines: tuple[OrderLine, ...] = ()
        self.parcels: dict[str, tuple[PickedLot, ...]] = {}
        self.told: dict[str, datetime] = {}
        self.complaints: set[UUID] = set()
        self.returned_units: set[UUID] = set()
        self.granted: dict[str, tuple[str, Money]] = {}

    @staticmethod
    def id_of(shop_id: str, order_id: str) -> UUID:
        """Where the facts about this order are kept."""
        return derived_id("quality_complaints.order", shop_id, order_id)

    @classmethod
    def open(cls, shop_id: str, order_id: str, *, at: datetime) -> "Order":
        """An order, or a parcel of one, not heard of before."""
        return cls.start(e.OrderOpened, id=cls.id_of(shop_id, order_id), at=at, shop_id=shop_id, order_id=order_id)

    @property
    def is_known(self) -> bool:
        """The shop has told it, not only a parcel of it."""
        return self.order_version > 0

    def learn(
        self,
        order_version: int,
        *,
        customer_id: str,
        country: str,
        currency: str,
        lines: tuple[OrderLine, ...],
        at: datetime,
    ) -> None:
        """Take a version; an older or equal one says nothing."""
        if order_version > self.order_version:
            self.record(
                e.OrderRecorded,
                at=at,
                order_version=order_version,
                customer_id=customer_id,
                country=country,
                currency=currency,
                lines=lines,
            )

    def pick(self, shipment_id: str, lots: tuple[PickedLot, ...], *, told_at: datetime, at: datetime) -> bool:
        """What a parcel was picked from. True where that is news; an older word says nothing."""
        before = self.told.get(shipment_id)
        if (before is not None and told_at <= before) or lots == self.parcels.get(shipment_id, ()):
            return False
        self.record(e.LotsPicked, at=at, shipment_id=shipment_id, told_at=told_at, lots=lots)
        return True

    def line(self, line_id: str, quantity: int) -> OrderLine:
        """The line, where it has so many units; raises the refusal."""
        if not self.is_known:
            raise errors.OrderUnknown(f"order {self.order_id} has not been told yet", order_id=self.order_id)
        for line in self.lines:
            if line.line_id == line_id and quantity <= line.quantity:
                return line
        held = sum(line.quantity for line in self.lines if line.line_id == line_id)
        raise errors.LineUnknown(
            f"order {self.order_id} has {held} units of line {line_id}, not {quantity}", line_id=line_id, units=held
        )

    def lot_of(self, line_id: str) -> str:
        """The one lot all units of a line came from; empty where it is not known or there are several."""
        picked = [lot for lots in self.parcels.values() for lot in lots if lot.line_id == line_id]
        ids = {lot.lot_id for lot in picked}
        ordered = sum(line.quantity for line in self.lines if line.line_id == line_id)
        whole = ordered > 0 and sum(lot.quantity for lot in picked) >= ordered
        return ids.pop() if len(ids) == 1 and whole else ""

    def value_of(self, line_id: str, quantity: int) -> Money:
        """What the customer paid for so many units; the dearest count, so a limit is never passed."""
        paid = sorted((each.minor for each in self.line(line_id, quantity).paid_each), reverse=True)
        return Money(sum(paid[:quantity]), self.currency)

    def link(self, case_id: UUID, *, at: datetime) -> None:
        """A complaint about it exists."""
        if case_id not in self.complaints:
            self.record(e.ComplaintLinked, at=at, case_id=case_id)

    def link_returned(self, returned_unit_id: UUID, *, at: datetime) -> None:
        """A unit of it comes back."""
        if returned_unit_id not in self.returned_units:
            self.record(ReturnedUnitLinked, at=at, returned_unit_id=returned_unit_id)

    def granted_so_far(self, action: str, currency: str) -> Money:
        """What agents granted in this order by one action."""
        parts = [money.minor for name, money in self.granted.values() if (name, money.currency) == (action, currency)]
        return Money(sum(parts), currency)

    def count(self, remedy_id: str, action: str, amount: Money, *, at: datetime) -> None:
        """Count a remedy against the order's limit, once."""
        if remedy_id not in self.granted:
            self.record(e.RemedyCounted, at=at, remedy_id=remedy_id, action=action, amount=amount)

    def uncount(self, remedy_id: str, *, at: datetime) -> None:
        """It came to nothing."""
        if remedy_id in self.granted:
            self.record(e.RemedyUncounted, at=at, remedy_id=remedy_id)

    @applies(e.OrderOpened)
    def _on_opened(self, event: e.OrderOpened) -> None:
        self.shop_id, self.order_id = event.shop_id, event.order_id

    @applies(e.OrderRecorded)
    def _on_recorded(self, event: e.OrderRecorded) -> None:
        self.order_version, self.customer_id = event.order_version, event.customer_id
        self.country, self.currency, self.lines = event.country, event.currency, event.lines

    @applies(e.LotsPicked)
    def _on_picked(self, event: e.LotsPicked) -> None:
        self.parcels[event.shipment_id] = event.lots
        self.told[event.shipment_id] = event.told_at

    @applies(e.ComplaintLinked)
    def _on_linked(self, event: e.ComplaintLinked) -> None:
        self.complaints.add(event.case_id)

    @applies(ReturnedUnitLinked)
    def _on_returned_unit_linked(self, event: ReturnedUnitLinked) -> None:
        self.returned_units.add(event.returned_unit_id)

    @applies(e.RemedyCounted)
    def _on_counted(self, event: e.RemedyCounted) -> None:
        self.granted[event.remedy_id] = (event.action, event.amount)

    @applies(e.RemedyUncounted)
    def _on_uncounted(self, event: e.RemedyUncounted) -> None:
        self.granted.pop(event.remedy_id, None)
