"""Orders, ledgers and returns as facts would have built them."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from chassis.domain import Aggregate, Money
from services.returns.domain.case import RequestedUnit, ReturnCase, SendTime
from services.returns.domain.ledger import Ask, Book, Entitlement, Ledger, UnitsAsked
from services.returns.domain.order import Component, Discount, Order, OrderLine, OrderSnapshot, TaxLine

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
HOLD = timedelta(days=14)
UNTIL = SendTime(T0 + 14 * DAY, T0 + 21 * DAY)
A = TypeVar("A", bound=Aggregate)
CASE = UUID("00000000-0000-7000-8000-000000000001")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def line(line_id: str = "l1", quantity: int = 1, price: int = 1000, **values: Any) -> OrderLine:
    defaults: dict[str, Any] = {"sku": f"sku-{line_id}", "unit_price": eur(price)}
    return OrderLine(line_id=line_id, quantity=quantity, **(defaults | values))


def discount(minor: int, currency: str = "EUR") -> Discount:
    return Discount("d1", "SPRING", Money(minor, currency))


def tax(minor: int, currency: str = "EUR") -> TaxLine:
    return TaxLine("VAT", "0.19", "DE", Money(minor, currency))


def shipping(minor: int = 490) -> Component:
    return Component("ship", "shipping", eur(minor))


def snapshot(*lines: OrderLine, version: int = 1, **values: Any) -> OrderSnapshot:
    defaults: dict[str, Any] = {
        "customer_id": "c1",
        "placed_at": T0 - 10 * DAY,
        "country": "DE",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
    }
    return OrderSnapshot(version=version, lines=lines or (line(),), **(defaults | values))


def order(*lines: OrderLine, **values: Any) -> Order:
    """An order that was told."""
    known = Order.hear_of("s1", "o1", at=T0)
    known.take(snapshot(*lines, **values), history=False, at=T0)
    return settled(known)


def ledger(
    entitlements: dict[str, int] | None = None, captured: int | dict[str, int] | None = None, cancelled: bool = False
) -> Ledger:
    """A ledger that knows its order; without `captured` all of it was taken by one card."""
    amounts = entitlements if entitlements is not None else {"l1#1": 1000, "l1#2": 1000, "l1#3": 1000, "ship": 490}
    known = Ledger.open("s1", "o1", at=T0)
    state(known, amounts, cancelled=cancelled)
    taken = captured if captured is not None else sum(amounts.values())
    for tender, minor in (taken if isinstance(taken, dict) else {"card": taken}).items():
        if minor:
            known.count_capture(f"cap-{tender}", tender, eur(minor), hold=HOLD, at=T0)
    return settled(known)


def state(known: Ledger, amounts: dict[str, int], budget: int = 1000, cancelled: bool = False) -> None:
    """The order is stated to a ledger."""
    known.state_order(
        1,
        "c1",
        "EUR",
        entitled(amounts),
        gesture_budget=eur(budget),
        cancelled=cancelled,
        hold=HOLD,
        at=T0,
    )


def entitled(amounts: dict[str, int]) -> tuple[Entitlement, ...]:
    found = []
    for subject, minor in amounts.items():
        line_id, _, number = subject.partition("#")
        found.append(Entitlement(subject, line_id if number else "", int(number or 0), eur(minor)))
    return tuple(found)


def ask(key: str, book: Book = Book.RESTITUTION, **values: Any) -> Ask:
    defaults: dict[str, Any] = {
        "requester": "shipping_issues",
        "case_id": f"case-{key}",
        "reason": "lost",
        "by": "agent-1",
    }
    return Ask(request_key=key, book=book, **(defaults | values))


def units(line_id: str, quantity: int = 1, *numbers: int) -> tuple[UnitsAsked, ...]:
    return (UnitsAsked(line_id, quantity, numbers),)


def asked_unit(unit_id: str, reason: str = "too_small", paid: int = 1000) -> RequestedUnit:
    line_id, _, number = unit_id.partition("#")
    return RequestedUnit(unit_id, line_id, int(number), f"sku-{line_id}", "Boot", reason, "", eur(paid))


def case(*unit_ids: str, reason: str = "too_small") -> ReturnCase:
    """A return that was asked for; nothing decided yet."""
    opened = ReturnCase.request(
        CASE,
        shop_id="s1",
        order_id="o1",
        customer_id="c1",
        units=tuple(asked_unit(unit_id, reason) for unit_id in unit_ids or ("l1#1",)),
        remedy="refund",
        channel="phone",
        asked_at=T0,
        by="agent-1",
        at=T0,
    )
    return settled(opened)


def authorised(*unit_ids: str) -> ReturnCase:
    """A return whose units may come back."""
    known = case(*unit_ids)
    known.authorise((), "ok", until=UNTIL, by="agent-1", at=T0)
    return settled(known)


def settled(aggregate: A) -> A:
    """What happened so far is past: only what comes now is pending."""
    aggregate.collect_events()
    return aggregate


def news(aggregate: Aggregate) -> list[str]:
    """The names of the events that are pending."""
    return [type(event).__name__ for event in aggregate.pending_events]
