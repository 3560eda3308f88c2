"""The facts about one order, folded.

Guarantee: the state depends on the set of facts alone. They may come in any order, twice, or with new
CloudEvents ids; the highest version of the order wins, every other fact counts once by its business key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chassis.domain import Invalid, Money
from services.returns.domain.errors import UnitNotReturnable
from services.returns.domain.identity import order_id_of, parse_unit_id, unit_id_of
from services.returns.domain.order import events as e
from services.returns.domain.order.facts import (
    Authorised,
    Capture,
    Delivery,
    OrderLine,
    OrderSnapshot,
    PaymentFact,
    ShipmentFact,
    require_even,
    require_zone,
)
from services.returns.domain.order.payments import RefundOutcome, authorisations_of, captures_of, outcomes_of
from services.returns.domain.order.pricing import Price, price_order
from services.returns.domain.order.state import OrderState


@dataclass(frozen=True, slots=True)
class SoldUnit:
    """One unit of a line, with what was paid for it."""

    unit_id: str
    number: int
    line: OrderLine
    price: Price


class Order(OrderState, topic="returns.Order"):
    """One order of one shop; opened by whichever fact comes first."""

    @classmethod
    def hear_of(cls, shop_id: str, order_id: str, *, at: datetime) -> "Order":
        """Open the order at its computed place."""
        return cls.start(e.OrderHeardOf, id=order_id_of(shop_id, order_id), at=at, shop_id=shop_id, order_id=order_id)

    @property
    def known(self) -> bool:
        """Whether the order itself was told, not only facts about it."""
        return self.snapshot is not None

    @property
    def customer_id(self) -> str:
        """Whose order it is; empty while unknown."""
        return self.snapshot.customer_id if self.snapshot else ""

    def take(self, order: OrderSnapshot, *, history: bool, at: datetime) -> bool:
        """The shop states the order; an old version changes nothing. True where it was news."""
        if self.snapshot is not None and order.version <= self.snapshot.version:
            return False
        price_order(order)  # an order whose amounts do not fit together is refused before it is stored
        require_even(order)
        self._require_one_currency(order.currency, [fact.amount for fact in self.payments.values()])
        require_zone(order.time_zone)
        self.record(e.OrderRecorded, at=at, order=order, history=history)
        return True

    def pay(self, fact: PaymentFact, *, history: bool, at: datetime) -> bool:
        """A fact of the payment system. True where it was news."""
        if fact.key in self.payments:
            return False
        if self.snapshot is not None:
            self._require_one_currency(self.snapshot.currency, [fact.amount])
        self.record(e.PaymentTold, at=at, fact=fact, history=history)
        return True

    def ship(self, shipment: ShipmentFact, *, history: bool, at: datetime) -> bool:
        """A parcel is told; of two tellings the later one by its own instant holds. True where it was news."""
        known = self.shipments.get(shipment.shipment_id)
        if known is not None and shipment.telling <= known.telling:
            return False
        self.record(e.ShipmentTold, at=at, shipment=shipment, history=history)
        return True

    def deliver(self, delivery: Delivery, *, history: bool, at: datetime) -> bool:
        """A delivery, or its revocation, which may be told first. True where it was news."""
        known = self.deliveries.get(delivery.key)
        if known is not None and (known.revoked or not delivery.overrules(known)):
            return False
        self.record(e.DeliveryTold, at=at, delivery=delivery, history=history)
        return True

    def hand_over(self, shipment_id: str, handed_over_at: datetime, *, history: bool, at: datetime) -> bool:
        """A carrier has a parcel; told twice, the earlier instant holds. True where it was news."""
        known = self.handed_over.get(shipment_id)
        if known is not None and known <= handed_over_at:
            return False
        self.record(e.HandOverTold, at=at, shipment_id=shipment_id, handed_over_at=handed_over_at, history=history)
        return True

    def receive(self, receipt_number: str, case_id: str, *, history: bool, at: datetime) -> bool:
        """The warehouse received goods of this order, for a return or for none. True where it was news."""
        if self.receipts.get(receipt_number) == case_id:
            return False
        self.record(e.ReceiptTold, at=at, receipt_number=receipt_number, case_id=case_id, history=history)
        return True

    def take_units(self, case_id: str, units: tuple[str, ...], *, at: datetime) -> None:
        """A return takes units; refused where one is not sold, in another return, or being changed."""
        for unit_id in units:
            self.unit(unit_id)
        self.hold_units(case_id, units, at=at)

    def hold_units(self, case_id: str, units: tuple[str, ...], *, at: datetime) -> None:
        """A case about units that were sold holds them, whatever the shop has cancelled since; refused where one is in
        another return or being changed."""
        for unit_id in units:
            if change := self.units_in_changes.get(unit_id):
                raise UnitNotReturnable(f"unit {unit_id} is in change {change}", unit=unit_id, change_id=change)
            holder = self.units_in_returns.get(unit_id, case_id)
            if holder != case_id:
                raise UnitNotReturnable(f"unit {unit_id} is in return {holder}", unit=unit_id, rma_id=holder)
        new = tuple(unit_id for unit_id in units if unit_id not in self.units_in_returns)
        if new:
            self.record(e.UnitsTaken, at=at, case_id=case_id, units=new)

    def free_units(self, case_id: str, units: tuple[str, ...], *, at: datetime) -> None:
        """A return lets units go."""
        held = tuple(unit_id for unit_id in units if self.units_in_returns.get(unit_id) == case_id)
        if held:
            self.record(e.UnitsFreed, at=at, case_id=case_id, units=held)

    def withdraw_units(self, withdrawal_id: str, units: tuple[str, ...], *, at: datetime) -> None:
        """The customer withdrew from the contract about units; no other withdrawal is about them."""
        new = tuple(unit_id for unit_id in units if unit_id not in self.withdrawn)
        if new:
            self.record(e.UnitsWithdrawn, at=at, withdrawal_id=withdrawal_id, units=new)

    def ask_change(self, change_id: str, kind: str, units: tuple[str, ...], *, at: datetime) -> None:
        """A change holds units until the shop has answered; that it may have them was asked before."""
        self.record(e.ChangeAsked, at=at, change_id=change_id, kind=kind, units=units)

    def take_out(self, change_id: str, units: tuple[str, ...], *, at: datetime) -> None:
        """The shop cancelled these units."""
        new = tuple(unit_id for unit_id in units if unit_id not in self.units_out)
        if new:
            self.record(e.ChangeTaken, at=at, change_id=change_id, units=new)

    def let_go_of_change(self, change_id: str, units: tuple[str, ...], *, undone: bool, at: datetime) -> None:
        """A change lets units go; where nothing of it came about it does not count as one."""
        held = tuple(unit_id for unit_id in units if self.units_in_changes.get(unit_id) == change_id)
        if held or (undone and change_id in self.changes):
            self.record(e.ChangeLetGo, at=at, change_id=change_id, units=held, undone=undone)

    def line(self, line_id: str) -> OrderLine:
        """A line by id, or `UnitNotReturnable`."""
        for line in self.snapshot.lines if self.snapshot else ():
            if line.line_id == line_id:
                return line
        raise UnitNotReturnable(f"order {self.order_id} has no line {line_id}", line=line_id)

    def unit(self, unit_id: str) -> SoldUnit:
        """A sold unit by id, or `UnitNotReturnable`."""
        line_id, number = parse_unit_id(unit_id)
        line = self.line(line_id)
        price = next((p for p in self.prices if p.number and p.subject == unit_id), None)
        if price is None or price.cancelled:
            raise UnitNotReturnable(f"order {self.order_id} has no unit {unit_id}", unit=unit_id)
        return SoldUnit(unit_id, number, line, price)

    def units(self) -> tuple[SoldUnit, ...]:
        """All sold units that were not cancelled."""
        lines = {line.line_id: line for line in self.snapshot.lines} if self.snapshot else {}
        return tuple(
            SoldUnit(price.subject, price.number, lines[price.line_id], price)
            for price in self.prices
            if price.number and not price.cancelled
        )

    def free_units_of(self, line_id: str) -> tuple[str, ...]:
        """Units of a line that are in no return, lowest number first."""
        line = self.line(line_id)
        kept = range(1, line.quantity - line.cancelled_quantity + 1)
        ids = (unit_id_of(line_id, n) for n in kept)
        return tuple(u for u in ids if u not in self.units_in_returns and u not in self.units_in_changes)

    def possession_of(self, line_id: str) -> datetime | None:
        """When the last delivered parcel with goods of this line reached the customer; None before any did."""
        found = [
            at
            for shipment in self.shipments.values()
            if shipment.outbound and (not shipment.contents or any(line == line_id for line, _ in shipment.contents))
            if (at := self.delivered_at(shipment.shipment_id)) is not None
        ]
        return max(found, default=None)

    def delivered_at(self, shipment_id: str) -> datetime | None:
        """The first delivery of a parcel that was not taken back."""
        found = [d.at for d in self.deliveries.values() if d.shipment_id == shipment_id and not d.revoked and d.at]
        return min(found, default=None)

    def captures(self) -> tuple[Capture, ...]:
        """All money taken, told with the order or by the payment system, each capture once."""
        return captures_of(self.snapshot, self.payments.values())

    def authorisations(self) -> tuple[Authorised, ...]:
        """All money that may be taken, told with the order or by the payment system, each authorisation once."""
        return authorisations_of(self.snapshot, self.payments.values())

    def refunds(self, *, request_id: str = "", reference: str = "") -> list[RefundOutcome]:
        """Where everything stands that was done for one request, or under one reference; what counts comes first."""
        return outcomes_of(self.payments.values(), request_id=request_id, reference=reference)

    def _require_one_currency(self, currency: str, amounts: Iterable[Money]) -> None:
        for amount in amounts:
            if amount.currency != currency:
                raise Invalid(
                    "currency", f"order {self.order_id} is in {currency}, a payment of it in {amount.currency}"
                )
