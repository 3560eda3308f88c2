"""What shipping issues needs of an order: whose it is, what was promised, what its lines cost, where it goes.

Guarantee: the highest version told wins, whatever order they come in; what agents granted in this order is
summed once per remedy.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, Money, Personal, applies, derived_id
from services.shipping_issues.domain import events as e
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import CheckoutPromise, Content, OrderLine


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """One version of an order as the shop told it."""

    order_version: int
    customer_id: str
    country: str
    currency: str
    language: str
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    promises: tuple[CheckoutPromise, ...]
    cancelled_at: datetime | None
    exchange_of: str
    fulfilment_request_id: str
    address: Personal


class Order(Aggregate, topic="shipping_issues.Order"):
    """One order of one shop."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.order_id = ""
        self.order_version = 0
        self.customer_id = ""
        self.country = ""
        self.currency = ""
        self.language = ""
        self.lines: tuple[OrderLine, ...] = ()
        self.promises: tuple[CheckoutPromise, ...] = ()
        self.cancelled_at: datetime | None = None
        self.exchange_of = ""
        self.fulfilment_request_id = ""
        self.address = Personal("", None)
        self.shipments: set[str] = set()
        self.granted: dict[str, tuple[str, Money]] = {}
        self.found: dict[str, UUID] = {}
        self.live = False
        self.watched_from: datetime | None = None

    @staticmethod
    def id_of(shop_id: str, order_id: str) -> UUID:
        """Where the facts about this order are kept."""
        return derived_id("shipping_issues.order", shop_id, order_id)

    @classmethod
    def open(cls, shop_id: str, order_id: str, *, at: datetime) -> "Order":
        """An order, or a parcel of one, not heard of before."""
        return cls.start(e.OrderOpened, id=cls.id_of(shop_id, order_id), at=at, shop_id=shop_id, order_id=order_id)

    @property
    def is_known(self) -> bool:
        """The shop has told it, not only a parcel of it."""
        return self.order_version > 0

    def learn(self, snapshot: OrderSnapshot, *, at: datetime, history: bool) -> bool:
        """Take a version; an older or equal one says nothing. True where something changed."""
        if snapshot.order_version <= self.order_version:
            return False
        values = {name: getattr(snapshot, name) for name in OrderSnapshot.__dataclass_fields__}
        self.record(e.OrderRecorded, at=at, history=history, **values)
        return True

    def link(self, shipment_id: str, *, at: datetime) -> None:
        """A parcel of this order exists."""
        if shipment_id not in self.shipments:
            self.record(e.ShipmentLinked, at=at, shipment_id=shipment_id)

    def promise_for(self, contents: tuple[Content, ...]) -> tuple[datetime | None, datetime | None]:
        """Earliest ship-by and deliver-by promised for what is in a parcel."""
        lines = {content.line_id for content in contents}
        apply = [p for p in self.promises if not p.line_ids or not lines or lines & set(p.line_ids)]
        ship = min((p.ship_by for p in apply if p.ship_by), default=None)
        return ship, min((p.deliver_by for p in apply if p.deliver_by), default=None)

    def missing_parcel(self) -> Shipment | None:
        """The parcel that should exist by now, for the rules to look at; None where one exists or none is due.

        It is never stored: its first fact makes a real one.
        """
        if not self.is_known or self.cancelled_at is not None or self.shipments:
            return None
        parcel = Shipment.open(self.shop_id, "", self.order_id, at=self.modified_on)
        ship_by, deliver_by = self.promise_for(())
        parcel.learn_order(self.customer_id, ship_by, deliver_by, at=self.modified_on, history=not self.live)
        parcel.live, parcel.watched_from, parcel.found = self.live, self.watched_from, self.found.copy()
        return parcel

    def note_found(self, finding: str, basis: str, case_id: UUID, *, at: datetime) -> None:
        """Remember that a rule spoke on this basis."""
        self.record(e.OrderTroubleFound, at=at, finding=finding, basis=basis, case_id=case_id)

    def end_history(self, *, by: str, at: datetime) -> None:
        """Watch it from now, unless it is watched already."""
        if not self.live:
            self.record(e.OrderHistoryEnded, at=at, by=by)

    def value_of(self, contents: tuple[Content, ...]) -> Money:
        """What the customer paid for these units; the dearest units of a line count, so a limit is never passed."""
        lines = {line.line_id: line for line in self.lines}
        total = 0
        for content in contents:
            if line := lines.get(content.line_id):
                total += sum(sorted((each.minor for each in line.paid_each), reverse=True)[: content.quantity])
        return Money(total, self.currency)

    def everything(self) -> tuple[Content, ...]:
        """All units that were not cancelled."""
        return tuple(
            Content(line.line_id, line.sku, line.quantity - line.cancelled)
            for line in self.lines
            if line.quantity > line.cancelled
        )

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
        self.country, self.currency, self.language = event.country, event.currency, event.language
        self.lines, self.promises, self.cancelled_at = event.lines, event.promises, event.cancelled_at
        self.exchange_of, self.fulfilment_request_id = event.exchange_of, event.fulfilment_request_id
        self.address = event.address
        self.live = self.live or not event.history

    @applies(e.OrderTroubleFound)
    def _on_found(self, event: e.OrderTroubleFound) -> None:
        self.found[f"{event.finding}|{event.basis}"] = event.case_id

    @applies(e.OrderHistoryEnded)
    def _on_history_ended(self, event: e.OrderHistoryEnded) -> None:
        self.live, self.watched_from = True, event.timestamp

    @applies(e.ShipmentLinked)
    def _on_linked(self, event: e.ShipmentLinked) -> None:
        self.shipments.add(event.shipment_id)

    @applies(e.RemedyCounted)
    def _on_counted(self, event: e.RemedyCounted) -> None:
        self.granted[event.remedy_id] = (event.action, event.amount)

    @applies(e.RemedyUncounted)
    def _on_uncounted(self, event: e.RemedyUncounted) -> None:
        del self.granted[event.remedy_id]
