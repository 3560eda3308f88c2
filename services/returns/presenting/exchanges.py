"""An exchange in the contract's words, for the desk and for its customer."""

from aftercare.returns.v1 import exchange_pb2 as pb

from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from services.returns.domain.case import Exchange, ReturnCase, Stage
from services.returns.presenting.shared import unit_ref

DONE = "done"


def exchanges(case: ReturnCase) -> list[pb.Exchange]:
    """All exchanges of a return, oldest first."""
    return [exchange(case, known) for known in case.exchanges.values()]


def exchange(case: ReturnCase, known: Exchange) -> pb.Exchange:
    """One exchange with its money."""
    money = known.money
    done = known.stage is Stage.PLACED and case.is_done(known.unit_id)
    return pb.Exchange(
        exchange_id=known.exchange_id,
        rma_id=str(case.id),
        unit=unit_ref(known.unit_id),
        sku=known.sku,
        state=DONE if done else known.stage.value,
        instant=known.instant,
        worth=money_to_proto(money.worth),
        price=money_to_proto(money.price),
        carried=money_to_proto(money.carried),
        on_top=money_to_proto(money.on_top),
        back=money_to_proto(money.back),
        expires_at=timestamp_to_proto(known.expires_at),
        new_order_id=known.new_order_id,
        new_unit=unit_ref(known.new_unit) if known.new_unit else None,
        return_by=timestamp_to_proto(known.return_by),
        consented_at=timestamp_to_proto(known.consent.at) if known.consent else None,
        reason=known.asks_person or known.reason,
    )
