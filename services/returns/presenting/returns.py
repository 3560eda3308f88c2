"""A return in the contract's words, for agents and for its customer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftercare.common.v1 import case_pb2
from aftercare.returns.v1 import model_pb2 as pb
from aftercare.returns.v1 import self_service_pb2

from casework import NextAction
from chassis.domain import Money
from chassis.grpc.convert import etag_of, money_to_proto, timestamp_to_proto
from services.returns.domain.case import (
    Authorisation,
    CaseRefund,
    Goods,
    MoneyState,
    ReceivedGoods,
    ReturnCase,
    ReturnUnit,
)
from services.returns.domain.ledger import Ledger
from services.returns.domain.policy import Offer
from services.returns.domain.policy.sentences import without_fees
from services.returns.presenting.corrections import correction
from services.returns.presenting.gradings import grading
from services.returns.presenting.labels import label, label_of_customer
from services.returns.presenting.notices import notice
from services.returns.presenting.shared import approval, bundle, next_action, note, unit_ref
from services.returns.read_model import rows

KIND = "return"

AUTHORISATIONS = {a: pb.Authorisation.Value(f"AUTHORISATION_{a.name}") for a in Authorisation}
GOODS = {g: pb.Goods.Value(f"GOODS_{g.name}") for g in Goods}
MONEY = {m: pb.MoneyState.Value(f"MONEY_STATE_{m.name}") for m in MoneyState}


def summary(row: Mapping[str, Any]) -> case_pb2.CaseSummary:
    """A row of the list of returns."""
    return case_pb2.CaseSummary(
        case_id=str(row["id"]),
        kind=KIND,
        shop_id=row["shop_id"],
        order_id=row["order_id"],
        customer_id=row["customer_id"],
        state=row["state"],
        trouble=row["trouble"],
        assignee=row["assignee"],
        waiting_on=row["waiting_on"],
        opened_at=timestamp_to_proto(row["opened_at"]),
        updated_at=timestamp_to_proto(row["updated_at"]),
        due_at=timestamp_to_proto(row["due_at"]),
        version=row["version"],
        etag=etag_of(row["id"], row["version"]),
    )


def summary_of(case: ReturnCase) -> case_pb2.CaseSummary:
    """The same of a return as the log has it."""
    return summary(next(row.values for row in rows(case) if row.table == "cases"))


def whole(case: ReturnCase, ledger: Ledger, actions: list[NextAction]) -> pb.Return:
    """A return with everything about it."""
    return pb.Return(
        summary=summary_of(case),
        units=[_unit(case, ledger, unit_id, unit) for unit_id, unit in case.units.items()],
        refunds=[refund(ledger, known) for known in case.refunds.values()],
        labels=[label(case, known) for known in case.labels.values()],
        receipts=[_receipt(known) for known in case.receipts.values()],
        approvals=[approval(case, asked) for asked in case.approvals.values()],
        notes=[note(written) for written in case.notes],
        decision_ids=[str(id) for id in reversed(case.decisions)],
        send_by=timestamp_to_proto(case.send_by),
        next_actions=[next_action(action) for action in actions],
        signals=[
            pb.Signal(name=one.name, units=[unit_ref(u) for u in one.units], source=one.source, detail=one.detail)
            for seen in case.signals.values()
            for one in seen
        ],
        corrections=[correction(known) for known in case.corrections.values()],
    )


def mine(case: ReturnCase, now: datetime) -> self_service_pb2.MyReturn:
    """A return as its customer sees it. Of a gift without what was paid for it, unless the policy tells it; credit that
    was given is the recipient's own."""
    tells_value = case.gift is None or case.gift.tells_value
    currency = next(unit.asked.paid.currency for unit in case.units.values())
    found = label_of_customer(case)
    return self_service_pb2.MyReturn(
        rma_id=str(case.id),
        order_id=case.order_id,
        state=case.state,
        units=[
            self_service_pb2.MyReturn.Unit(
                unit=unit_ref(unit_id),
                title=unit.asked.title,
                authorisation=AUTHORISATIONS[unit.authorisation],
                goods=GOODS[unit.goods],
                money=_money(case.money_of(unit_id)),
                explanation=_told(unit) if tells_value else without_fees(_told(unit), unit.offer),
                offer=_my_offer(unit, tells_value) if unit.authorisation is Authorisation.AUTHORISED else None,
            )
            for unit_id, unit in case.units.items()
        ],
        requested_at=timestamp_to_proto(case.opened_at),
        send_by=timestamp_to_proto(case.send_by),
        label_url=found.url if found else "",
        refunded=money_to_proto(case.refunded(currency)),
        pending=money_to_proto(case.pending(currency)),
        notice=notice(case),
        label=found,
        money_expected_by=timestamp_to_proto(case.money_expected_by(now)),
    )


def _my_offer(unit: ReturnUnit, tells_value: bool) -> pb.Offer:
    told = offer(unit.offer)
    for fee in told.fees if not tells_value else ():
        fee.ClearField("amount")  # a share of the price tells the price
    return told


def refund(ledger: Ledger, known: CaseRefund) -> pb.Refund:
    """Money of a return on its way."""
    transfers = ledger.books.transfers_of(known.claim_id)
    units = [subject for subject, _ in known.parts if "#" in subject]
    return pb.Refund(
        refund_id=known.claim_id,
        amount=money_to_proto(known.amount),
        tender_id=transfers[0].tender_id if len(transfers) == 1 else "",
        state=MONEY[known.state],
        units=[unit_ref(unit) for unit in units],
        component_ids=[subject for subject, _ in known.parts if subject not in units],
        provider_refund_id=known.reference,
        attempts=sum(transfer.attempts for transfer in transfers),
        planned_at=timestamp_to_proto(known.planned_at),
        settled_at=timestamp_to_proto(known.settled_at),
        failure=known.failure,
        kind=known.kind,
    )


def _unit(case: ReturnCase, ledger: Ledger, unit_id: str, unit: ReturnUnit) -> pb.ReturnUnit:
    currency = unit.asked.paid.currency
    refunded = sum(
        amount.minor
        for known in case.refunds_of(unit_id)
        if known.state is MoneyState.SETTLED
        for subject, amount in known.parts
        if subject == unit_id
    )
    return pb.ReturnUnit(
        unit=unit_ref(unit_id),
        sku=unit.asked.sku,
        title=unit.asked.title,
        reason=unit.asked.reason,
        authorisation=AUTHORISATIONS[unit.authorisation],
        goods=GOODS[unit.goods],
        condition=unit.condition.value if unit.condition else "",
        responsibility=unit.responsibility.value if unit.responsibility else "",
        disposition=unit.disposition.value if unit.disposition else "",
        money=_money(case.money_of(unit_id)),
        paid=money_to_proto(unit.asked.paid),
        refunded=money_to_proto(Money(refunded, currency)),
        left=money_to_proto(ledger.books.left_of(unit_id)),
        explanation=unit.contradicts or unit.explanation,
        decision_id=unit.decision_id,
        customer_text=unit.customer_text,
        offer=offer(unit.offer) if unit.authorisation is Authorisation.AUTHORISED else None,
        grading=grading(unit.grading) if unit.grading else None,
        serial=unit.serial,
        lot_id=unit.lot_id,
        bundle=bundle(unit.asked.part_of),
    )


def offer(given: Offer) -> pb.Offer:
    """On what terms a unit may come back."""
    return pb.Offer(
        remedies=given.remedies,
        preferred=given.preferred,
        fees=[
            pb.Offer.Fee(name=fee.name, amount=money_to_proto(fee.amount), per=fee.per, clause_id=fee.clause)
            for fee in given.fees
        ],
        proofs=given.proofs,
        refund_at=given.refund_at,
        returnless=given.returnless,
        act=given.act,
        act_by=timestamp_to_proto(given.act_by),
    )


def _told(unit: ReturnUnit) -> str:
    """What a person said, or else what the policy says to customers."""
    by_person = unit.authorisation is Authorisation.DECLINED and not unit.decision_id
    return unit.explanation if by_person else unit.customer_text or unit.explanation


def _money(state: MoneyState | None) -> pb.MoneyState.ValueType:
    return MONEY[state] if state else pb.MONEY_STATE_UNSPECIFIED


def _receipt(known: ReceivedGoods) -> pb.Receipt:
    return pb.Receipt(
        receipt_number=known.receipt_number,
        received_at=timestamp_to_proto(known.received_at),
        lines=[
            pb.Receipt.Line(
                receipt_line_id=line.receipt_line_id,
                sku=line.sku,
                quantity=line.quantity,
                condition=line.condition,
                units=[unit_ref(unit) for unit in line.units],
                findings=list(line.findings),
            )
            for line in known.lines
        ],
        correction=known.correction,
        voided=known.voided,
    )
