"""A withdrawal in the contract's words, for the desk and for its customer."""

from collections.abc import Mapping
from typing import Any

from aftercare.returns.v1 import model_pb2
from aftercare.returns.v1 import withdrawal_pb2 as pb

from chassis.grpc.convert import etag_of, money_to_proto, timestamp_to_proto
from services.returns.domain.law import Duty
from services.returns.domain.ledger import Ledger
from services.returns.domain.withdrawal import UnitState, Withdrawal, WithdrawalLaw
from services.returns.presenting import shared
from services.returns.presenting.labels import label, only_own
from services.returns.presenting.returns import MONEY, refund
from services.returns.presenting.shared import note, unit_ref


def summary(row: Mapping[str, Any]) -> pb.ListWithdrawalsResponse.Summary:
    """A row of the list of withdrawals."""
    return pb.ListWithdrawalsResponse.Summary(
        withdrawal_id=str(row["id"]),
        shop_id=row["shop_id"],
        order_id=row["order_id"],
        customer_id=row["customer_id"],
        state=row["state"],
        queue=row["queue"],
        waiting_on=row["waiting_on"],
        assignee=row["assignee"],
        noticed_at=timestamp_to_proto(row["noticed_at"]),
        due_at=timestamp_to_proto(row["due_at"]),
        updated_at=timestamp_to_proto(row["updated_at"]),
        version=row["version"],
    )


def whole(known: Withdrawal, ledger: Ledger, law: WithdrawalLaw) -> pb.Withdrawal:
    """A withdrawal with everything about it."""
    currency = next(unit.asked.paid.currency for unit in known.units.values())
    return pb.Withdrawal(
        withdrawal_id=str(known.id),
        shop_id=known.shop_id,
        order_id=known.order_id,
        customer_id=known.customer_id,
        state=known.state,
        channel=known.channel,
        statement=(known.statement.text or "") if known.statement else "",
        noticed_at=timestamp_to_proto(known.noticed_at),
        acknowledged_at=timestamp_to_proto(known.acknowledged_at),
        units=[_unit(known, unit_id, unit) for unit_id, unit in known.units.items()],
        duties=[duty(one) for one in known.duties(law.sources)],
        repayments=[refund(ledger, one) for one in known.repayments.values()],
        repaid=money_to_proto(known.repaid(currency)),
        pending=money_to_proto(known.pending(currency)),
        whole=known.whole,
        return_id=known.return_id,
        waiting_on=known.waiting_on,
        assignee=known.assignee,
        notes=[note(written) for written in known.notes],
        labels=[label(known, one) for one in known.labels.values()],
        queue=known.queue,
        opened_at=timestamp_to_proto(known.opened_at),
        updated_at=timestamp_to_proto(known.modified_on),
        version=known.version,
        etag=etag_of(known.id, known.version),
        law_version=known.law_version,
        stops=[
            pb.ParcelStop(
                shipment_id=stop.shipment_id,
                units=[unit_ref(unit) for unit in stop.units],
                state=stop.state,
                answer_by=timestamp_to_proto(stop.answer_by),
                reason=stop.reason,
            )
            for stop in known.stops.values()
        ],
    )


def mine(known: Withdrawal, ledger: Ledger, law: WithdrawalLaw) -> pb.Withdrawal:
    """The same for its customer, without the desk's own."""
    shown = whole(known, ledger, law)
    shared.hide_desks_own(shown)
    only_own(known, shown)
    return shown


def _unit(known: Withdrawal, unit_id: str, unit: UnitState) -> pb.WithdrawnUnit:
    state = known.money_of(unit_id)
    return pb.WithdrawnUnit(
        unit=unit_ref(unit_id),
        sku=unit.asked.sku,
        title=unit.asked.title,
        rule=unit.ruling.rule if unit.ruling else "",
        explanation=unit.ruling.text if unit.ruling else "",
        source=unit.ruling.source if unit.ruling else "",
        whereabouts=unit.where.value,
        money=MONEY[state] if state else model_pb2.MONEY_STATE_UNSPECIFIED,
        paid=money_to_proto(unit.asked.paid),
        diminished=money_to_proto(unit.lost.amount) if unit.lost else None,
    )


def duty(known: Duty) -> pb.LegalDuty:
    """Something that has to be done in time, of whichever of the law's flows."""
    return pb.LegalDuty(
        name=known.name,
        owner=known.owner,
        due_at=timestamp_to_proto(known.due_at),
        state=known.state,
        text=known.text,
        source=known.source,
    )
