"""A file of conformity in the contract's words, for the desk and for its customer."""

from collections.abc import Mapping
from typing import Any

from aftercare.returns.v1 import conformity_pb2 as pb

from chassis.domain import Money
from chassis.grpc.convert import etag_of, money_to_proto, timestamp_to_proto
from services.returns.domain.conformity import Conformity, ConformityLaw
from services.returns.domain.ledger import Ledger
from services.returns.presenting import shared
from services.returns.presenting.labels import label, only_own
from services.returns.presenting.returns import refund
from services.returns.presenting.shared import note, unit_ref
from services.returns.presenting.withdrawals import duty


def summary(row: Mapping[str, Any]) -> pb.ListConformityResponse.Summary:
    """A row of the list of files."""
    return pb.ListConformityResponse.Summary(
        conformity_id=str(row["id"]),
        shop_id=row["shop_id"],
        order_id=row["order_id"],
        customer_id=row["customer_id"],
        unit=unit_ref(row["unit_id"]),
        state=row["state"],
        queue=row["queue"],
        waiting_on=row["waiting_on"],
        assignee=row["assignee"],
        due_at=timestamp_to_proto(row["due_at"]),
        updated_at=timestamp_to_proto(row["updated_at"]),
        version=row["version"],
    )


def whole(known: Conformity, ledger: Ledger, law: ConformityLaw) -> pb.Conformity:
    """A file with everything about its last lack."""
    lack, asked = known.lack, known.unit.asked
    liable = known.liable or lack.dates.liable
    return pb.Conformity(
        conformity_id=str(known.id),
        shop_id=known.shop_id,
        order_id=known.order_id,
        customer_id=known.customer_id,
        unit=unit_ref(known.unit_id),
        sku=asked.sku,
        title=asked.title,
        paid=money_to_proto(asked.paid),
        state=known.state,
        lack_number=lack.number,
        description=lack.description.text or "",
        apparent_at=timestamp_to_proto(lack.apparent_at),
        reported_at=timestamp_to_proto(lack.reported_at),
        rule=lack.ruling.rule,
        explanation=lack.ruling.text,
        source=lack.ruling.source,
        burden=lack.burden,
        answer=lack.answer,
        severity=lack.severity,
        remedy=lack.remedy,
        refusals=[
            pb.RefusedRemedy(
                remedy=one.remedy,
                ground=one.ground,
                reason=one.reason,
                cost=_money(one.cost),
                other_cost=_money(one.other_cost),
            )
            for one in lack.refusals
        ],
        attempts=[
            pb.RemedyAttempt(
                number=one.number,
                remedy=one.remedy,
                state=one.state,
                started_at=timestamp_to_proto(one.started_at),
                ended_at=timestamp_to_proto(one.ended_at),
                reference=one.reference,
                reason=one.reason,
            )
            for one in known.attempts.values()
        ],
        evidence=[
            pb.LackEvidence(
                number=one.number,
                says=one.says,
                source=one.source,
                reference=one.reference,
                observed_at=timestamp_to_proto(one.observed_at),
            )
            for one in known.evidence.values()
        ],
        money_rules=known.money_rules(),
        money=known.money.kind if known.money else "",
        duties=[duty(one) for one in known.duties(law.sources)],
        refunds=[refund(ledger, one) for one in known.refunds.values()],
        repaid=money_to_proto(known.repaid()),
        pending=money_to_proto(known.pending()),
        liable_until=timestamp_to_proto(liable.ends_at) if lack.covered else None,
        presumed_until=timestamp_to_proto(lack.dates.presumed.ends_at) if lack.covered else None,
        whereabouts=known.unit.where.value,
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
    )


def mine(known: Conformity, ledger: Ledger, law: ConformityLaw) -> pb.Conformity:
    """The same for its customer, without the desk's own and the shop's costs."""
    shown = whole(known, ledger, law)
    shared.hide_desks_own(shown)
    only_own(known, shown)
    for refusal in shown.refusals:
        refusal.ClearField("cost")
        refusal.ClearField("other_cost")
    return shown


def _money(amount: Money | None) -> Any:
    return None if amount is None else money_to_proto(amount)
