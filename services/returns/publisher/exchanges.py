"""Public events of an exchange, and of money that has to go another way."""

from collections.abc import Iterable
from typing import Any

from aftercare.returns.v1 import events_pb2 as pb
from google.protobuf.message import Message

from chassis.domain import Event
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from services.returns.domain.case import Exchange, ReturnCase
from services.returns.domain.case import exchange_events as e
from services.returns.domain.case.payout_events import OtherTenderAsked
from services.returns.domain.identity import parse_unit_id


def exchange_messages(event: Event, case: ReturnCase, about: dict[str, Any]) -> Iterable[Message]:
    """What the world hears of one event of an exchange; nothing of any other."""
    if isinstance(event, OtherTenderAsked):
        yield pb.RefundNeedsTender(refund_id=event.claim_id, reason=event.reason, **about)
    known = case.exchanges.get(getattr(event, "exchange_id", ""))
    if known is None:
        return
    own = about | {"exchange_id": known.exchange_id, "returned": _returned(case, known)}
    money = known.money
    on_top, back = money_to_proto(money.on_top), money_to_proto(money.back)
    match event:
        case e.ExchangeReserved():
            yield pb.ExchangeReserved(
                sku=known.sku,
                price=money_to_proto(event.price),
                on_top=on_top,
                back=back,
                expires_at=timestamp_to_proto(event.expires_at),
                to_agree=event.to_agree,
                **own,
            )
        case e.ExchangePlaced():
            yield pb.ExchangePlaced(
                sku=known.sku,
                new_order_id=event.new_order_id,
                carried=money_to_proto(money.carried),
                on_top=on_top,
                back=back,
                return_by=timestamp_to_proto(event.return_by),
                **own,
            )
        case e.ExchangeCalledOff():
            yield pb.ExchangeOff(sku=known.sku, outcome=event.outcome, reason=event.reason, **own)
        case e.UnreturnedFound() | e.UnreturnedCharging() | e.UnreturnedCharged() | e.UnreturnedLeft():
            outcome = {
                e.UnreturnedFound: "person",
                e.UnreturnedCharging: "charging",
                e.UnreturnedCharged: "charged",
                e.UnreturnedLeft: "left",
            }[type(event)]
            yield pb.ExchangeUnreturned(amount=money_to_proto(money.carried), outcome=outcome, **own)
        case _:
            return


def _returned(case: ReturnCase, known: Exchange) -> pb.EventUnits:
    line_id, number = parse_unit_id(known.unit_id)
    return pb.EventUnits(line_id=line_id, sku=case.units[known.unit_id].asked.sku, units=[number])
