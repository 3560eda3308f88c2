"""What of an order can still be changed before it leaves, and why not. Pure.

Guarantee: the list of what can be asked and the command that asks judge by the same functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chassis.domain import Invalid, Money
from services.returns.application.deciding import Asking, Item, unit_facts
from services.returns.application.legal_days import LegalDays
from services.returns.application.only_whole import require_whole
from services.returns.domain.change import ChangedUnit, ChangeKind
from services.returns.domain.errors import NotChangeable
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order, OrderSnapshot, SoldUnit
from services.returns.domain.order.leaving import LEFT, OPEN, whereabouts
from services.returns.domain.policy import Policy
from services.returns.domain.policy.changing import ChangeRule, change_rule

SHIPPING = "shipping"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants changed. `items`: (line, how many); none: the whole order."""

    kind: ChangeKind
    reason: str
    items: tuple[tuple[str, int], ...] = ()
    sku: str = ""
    variant_id: str = ""
    shown_price: Money | None = None
    tender_id: str = ""
    to_kind: str = ""
    to_reference: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, when, and by which law days are counted."""

    by_customer: bool
    legal_days: LegalDays
    at: datetime


def free_to_change(order: Order, line_id: str) -> tuple[SoldUnit, ...]:
    """Units of a line that nothing holds, the last first: the shop takes a line's last units out, so one that a return
    or a withdrawal holds stops the way to those before it."""
    found: list[SoldUnit] = []
    for unit in reversed([unit for unit in order.units() if unit.line.line_id == line_id]):
        if unit.unit_id in order.units_in_changes:
            continue
        if unit.unit_id in order.units_in_returns or unit.unit_id in order.withdrawn:
            break
        found.append(unit)
    return tuple(found)


def chosen(order: Order, wanted: Wanted) -> tuple[SoldUnit, ...]:
    """The units that are meant, or `NotChangeable`."""
    if order.snapshot is None or order.snapshot.cancelled_at is not None:
        raise NotChangeable(f"order {order.order_id} is cancelled already", order=order.order_id)
    if wanted.kind is ChangeKind.TENDER:
        return ()
    items = wanted.items
    if not items:
        lines = dict.fromkeys(u.line.line_id for u in order.units() if u.unit_id not in order.units_out)
        items = tuple((line_id, _still_there(order, line_id)) for line_id in lines)
    if not items:
        raise NotChangeable(f"nothing of order {order.order_id} is still to be sent", order=order.order_id)
    if len({line_id for line_id, _ in items}) < len(items):
        raise Invalid("items", "a line is named twice")
    units: list[SoldUnit] = []
    for line_id, quantity in items:
        free = free_to_change(order, order.line(line_id).line_id)
        if len(free) < quantity:
            raise NotChangeable(
                f"{quantity} of line {line_id} were named; {len(free)} are in no return, withdrawal or other change",
                line=line_id,
                free=len(free),
            )
        units += reversed(free[:quantity])
    return tuple(units)


def _still_there(order: Order, line_id: str) -> int:
    return sum(1 for u in order.units() if u.line.line_id == line_id and u.unit_id not in order.units_out)


def rule_for(
    policy: Policy, order: Order, snapshot: OrderSnapshot, units: Sequence[SoldUnit], wanted: Wanted, asker: Asker
) -> ChangeRule:
    """The clause under which it may be asked, or `NotChangeable` with the clause or the fact that says no."""
    about = tuple(units) or tuple(u for u in order.units() if u.unit_id not in order.units_out)
    if not about:
        raise NotChangeable(f"nothing of order {order.order_id} is still to be sent", order=order.order_id)
    item = Item("", 1, wanted.reason)
    facts = unit_facts(policy, order, snapshot, [(unit, item) for unit in about], Asking(asker.at, asker.legal_days))
    where = whereabouts(order)
    if wanted.kind is not ChangeKind.TENDER:
        remedy = "refund" if wanted.kind is ChangeKind.CANCEL else "exchange"
        require_whole(policy, [replace(fact, remedy=remedy) for fact in facts])
    rules = []
    for unit, fact in zip(about, facts, strict=True):
        rule = change_rule(policy, wanted.kind.value, fact, by_customer=asker.by_customer)
        if isinstance(rule, str):
            raise NotChangeable(rule, unit=unit.unit_id)
        _require_here(unit.unit_id, where[unit.unit_id], rule)
        rules.append(rule)
    asked = sum(1 for kind in order.changes.values() if kind == wanted.kind.value)
    for rule in rules:
        if rule.per_order and asked >= rule.per_order:
            raise NotChangeable(
                f"Clause {rule.clause}: an order may be changed so {rule.per_order} times; it was {asked} times.",
                clause=rule.clause,
                asked=asked,
            )
    return min(rules, key=lambda rule: (rule.answer_hours, rule.clause))


def _require_here(unit_id: str, where: str, rule: ChangeRule) -> None:
    if where == LEFT:
        raise NotChangeable(f"unit {unit_id} has left", unit=unit_id)
    if where != OPEN and rule.until == OPEN:
        raise NotChangeable(
            f"Clause {rule.clause}: until it is packed; unit {unit_id} is {where}.", unit=unit_id, clause=rule.clause
        )


def components_of(
    order: Order, snapshot: OrderSnapshot, ledger: Ledger, units: Sequence[SoldUnit], rule: ChangeRule
) -> tuple[tuple[str, Money], ...]:
    """What was paid beside the goods that these take with them: what belongs to a line with its last unit, the rest
    with the last of the order."""
    gone = {*(unit.unit_id for unit in units), *order.units_out}
    stay = [unit for unit in order.units() if unit.unit_id not in gone]
    lines = {unit.line.line_id for unit in stay}
    due = [
        component.component_id
        for component in snapshot.components
        if (component.line_id not in lines if component.line_id else not stay)
        and (component.kind != SHIPPING or rule.shipping == "whole")
        and component.component_id not in {e.subject for k in ledger.kept.values() for e in k.entitlements}
    ]
    lefts = [(component_id, ledger.books.left_of(component_id)) for component_id in due]
    return tuple((component_id, left) for component_id, left in lefts if left.minor)


def changed_units(ledger: Ledger, units: Sequence[SoldUnit]) -> tuple[ChangedUnit, ...]:
    """The units as a change names them, each with what is left of what was paid for it."""
    return tuple(
        ChangedUnit(
            unit.unit_id,
            unit.line.line_id,
            unit.number,
            unit.line.sku,
            unit.line.title,
            ledger.books.left_of(unit.unit_id) if ledger.knows_order else unit.price.paid,
        )
        for unit in units
    )


def price_beyond(snapshot: OrderSnapshot, units: Sequence[SoldUnit], shown: Money) -> Money:
    """What the wanted variant costs more, or less, at the price that was shown."""
    if shown.currency != snapshot.currency:
        raise Invalid("shown_price", f"the order is in {snapshot.currency}, not in {shown.currency}")
    tax = 0 if snapshot.prices_include_tax else sum(unit.price.tax.minor for unit in units)
    before = sum(unit.price.listed.minor for unit in units) + tax
    return Money(shown.minor * len(units) - before, snapshot.currency)


def require_tender(ledger: Ledger, tender_id: str) -> None:
    """Nothing was taken through it, and something may be; else it is no change any more."""
    tills = ledger.books.tills
    if not tills.untaken(tender_id).minor and not tills.captured(tender_id).minor:
        raise NotChangeable(f"nothing may be taken through tender {tender_id}", tender=tender_id)
    if tills.captured(tender_id).minor:
        raise NotChangeable(
            f"money was taken through tender {tender_id}: what was taken is refunded, not charged to another",
            tender=tender_id,
        )
