"""A change before dispatch in the contract's words, and what of an order can still be changed."""

from collections.abc import Mapping
from typing import Any

from aftercare.returns.v1 import changes_pb2 as pb

from chassis.domain import Money
from chassis.grpc.convert import etag_of, money_to_proto, timestamp_to_proto
from services.returns.application.changeable import Asker, Wanted, chosen, free_to_change, require_tender, rule_for
from services.returns.domain.change import ChangeKind, OrderChange
from services.returns.domain.errors import NotChangeable, OnlyWhole, UnitNotReturnable
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order, OrderLine, OrderSnapshot, SoldUnit
from services.returns.domain.order.leaving import LEFT, OPEN, PACKED, whereabouts
from services.returns.domain.policy import Policy
from services.returns.presenting.returns import refund
from services.returns.presenting.shared import unit_ref


def summary(row: Mapping[str, Any]) -> pb.ListChangesResponse.Summary:
    """A row of the list of changes."""
    return pb.ListChangesResponse.Summary(
        change_id=str(row["id"]),
        shop_id=row["shop_id"],
        order_id=row["order_id"],
        customer_id=row["customer_id"],
        kind=row["kind"],
        state=row["state"],
        queue=row["queue"],
        waiting_on=row["waiting_on"],
        due_at=timestamp_to_proto(row["due_at"]),
        updated_at=timestamp_to_proto(row["updated_at"]),
        version=row["version"],
    )


def whole(known: OrderChange, ledger: Ledger) -> pb.Change:
    """A change with everything about it."""
    wish, under = known.wish, known.under
    return pb.Change(
        change_id=str(known.id),
        shop_id=known.shop_id,
        order_id=known.order_id,
        customer_id=known.customer_id,
        kind=known.kind.value,
        state=known.state,
        reason=wish.reason,
        channel=known.channel,
        units=[
            pb.Change.Unit(
                unit=unit_ref(unit.unit_id),
                sku=unit.sku,
                title=unit.title,
                state=known.stages[unit.unit_id].value,
                paid=money_to_proto(unit.paid),
            )
            for unit in wish.units
        ],
        sku=wish.sku,
        difference=_money(known.difference),
        tender_id=wish.tender_id,
        to_kind=wish.to_kind,
        answer_by=timestamp_to_proto(under.answer_by),
        owed=_money(known.owed),
        refunds=[refund(ledger, one) for one in known.refunds.values()],
        held_back=known.held_back,
        return_id=known.return_id,
        refusal=known.refusal,
        clause=under.clause,
        policy_version=under.policy_version,
        waiting_on=known.waiting_on,
        queue=known.queue,
        opened_at=timestamp_to_proto(known.opened_at),
        updated_at=timestamp_to_proto(known.modified_on),
        version=known.version,
        etag=etag_of(known.id, known.version),
    )


def mine(known: OrderChange, ledger: Ledger) -> pb.Change:
    """The same for its customer, without the desk's own."""
    shown = whole(known, ledger)
    shown.ClearField("queue")
    shown.ClearField("waiting_on")
    return shown


def changeable(
    policy: Policy, order: Order, snapshot: OrderSnapshot, ledger: Ledger, reason: str, asker: Asker
) -> pb.Changeable:
    """What can still be changed, tried line by line by the functions the command judges by."""
    asked = reason or policy.reasons[0].code

    def tried(wanted: Wanted) -> pb.Changeable.Answer:
        try:
            units = chosen(order, wanted)
            if wanted.kind is ChangeKind.TENDER:
                require_tender(ledger, wanted.tender_id)
            rule = rule_for(policy, order, snapshot, units, wanted, asker)
        except (NotChangeable, OnlyWhole, UnitNotReturnable) as refused:
            return pb.Changeable.Answer(why=refused.message, clause=refused.facts.get("clause", ""))
        return pb.Changeable.Answer(allowed=True, clause=rule.clause)

    def most(line: OrderLine, kind: ChangeKind) -> tuple[int, pb.Changeable.Answer]:
        free = free_to_change(order, line.line_id)
        found, answer = 0, pb.Changeable.Answer()
        for quantity in range(1, max(len(free), 1) + 1):
            said = tried(Wanted(kind, asked, ((line.line_id, quantity),)))
            if not said.allowed:
                return found, (answer if found else said)
            found, answer = quantity, said
        return found, answer

    where = whereabouts(order)
    lines = []
    for line in snapshot.lines:
        units = [unit for unit in order.units() if unit.line.line_id == line.line_id]
        cancellable, cancel = most(line, ChangeKind.CANCEL)
        swappable, swap = most(line, ChangeKind.SWAP)
        counts = {state: _count(units, where, state) for state in (OPEN, PACKED, LEFT)}
        lines.append(
            pb.Changeable.Line(
                line_id=line.line_id,
                sku=line.sku,
                title=line.title,
                open=counts[OPEN],
                packed=counts[PACKED],
                left=counts[LEFT],
                cancel=cancel,
                cancellable=cancellable,
                swap=swap,
                swappable=swappable,
            )
        )
    tenders = [
        pb.Changeable.TenderAnswer(
            tender_id=tender.tender_id,
            kind=tender.kind,
            change=tried(Wanted(ChangeKind.TENDER, asked, tender_id=tender.tender_id)),
        )
        for tender in snapshot.tenders
    ]
    whole_order = tried(Wanted(ChangeKind.CANCEL, asked))
    return pb.Changeable(order_id=order.order_id, lines=lines, whole=whole_order, tenders=tenders)


def _count(units: list[SoldUnit], where: Mapping[str, str], state: str) -> int:
    return sum(1 for unit in units if where.get(unit.unit_id) == state)


def _money(amount: Money | None) -> Any:
    return None if amount is None else money_to_proto(amount)
