"""What each remedy would bring, in the contract's words: the same for agents and customers."""

from aftercare.returns.v1 import quotes_pb2 as pb

from chassis.domain import Money
from chassis.grpc.convert import money_to_proto
from services.returns.application.quoting import Quote
from services.returns.presenting.returns import AUTHORISATIONS, offer
from services.returns.presenting.shared import unit_ref


def quote(known: Quote) -> pb.Quote:
    """One remedy."""
    kept: dict[str, Money] = {}
    for fee in known.fees:
        kept[fee.kind] = kept[fee.kind] + fee.amount if fee.kind in kept else fee.amount
    return pb.Quote(
        remedy=known.remedy,
        units=[
            pb.Quote.Unit(
                unit=unit_ref(unit_id),
                authorisation=AUTHORISATIONS[unit.authorisation],
                explanation=unit.customer_text or unit.explanation,
                offer=offer(unit.offer) if unit_id in known.accepted else None,
            )
            for unit_id, unit in known.units.items()
        ],
        worth=money_to_proto(known.worth),
        kept=[pb.Quote.Kept(name=name, amount=money_to_proto(amount)) for name, amount in kept.items()],
        refund_at=known.refund_at,
        within_days=known.days,
        needs_person=known.waits,
    )
