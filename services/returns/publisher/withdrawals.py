"""Public events of a withdrawal."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from aftercare.returns.v1 import events_pb2 as pb
from google.protobuf.message import Message

from casework import events as shared
from chassis.domain import Event
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import PublicEvent
from services.returns.domain.identity import parse_unit_id
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal import RuledUnit, Withdrawal
from services.returns.domain.withdrawal import events as e
from services.returns.domain.withdrawal.law import EFFECTIVE, NOTHING_OWED
from services.returns.publisher.labels import label_messages

EVENTS = "aftercare.returns.events.v1"
_INSTANT = timedelta(seconds=1)


def publish_withdrawal(event: Event, known: Withdrawal) -> Iterable[PublicEvent]:
    """What the world hears of one event of a withdrawal."""
    for message in _messages(event, known):
        yield PublicEvent(EVENTS, str(known.id), message, known.shop_id)


def _messages(event: Event, known: Withdrawal) -> Iterable[Message]:
    about = _about(event, known)
    match event:
        case e.NoticeGiven():
            yield from _noticed(event, known, about)
        case e.DutyMissed():
            yield pb.WithdrawalDutyMissed(
                duty=event.duty, owner=event.owner, due_at=timestamp_to_proto(_within(event.due_at)), **about
            )
        case shared.CaseClosed() if known.effective:
            currency = known.units[known.effective[0]].asked.paid.currency
            yield pb.WithdrawalClosed(repaid=money_to_proto(known.repaid(currency)), **about)
        case _:
            yield from label_messages(event, known, about)


def _noticed(event: e.NoticeGiven, known: Withdrawal, about: dict[str, Any]) -> Iterable[Message]:
    effective = [unit for unit in event.units if unit.ruling.rule == EFFECTIVE]
    if effective:
        yield pb.WithdrawalAcknowledged(
            units=_units(known, effective),
            count=len(effective),
            noticed_at=timestamp_to_proto(event.noticed_at),
            send_back_by=timestamp_to_proto(_within(event.dates.send_back.ends_at)),
            repay_by=timestamp_to_proto(_within(event.dates.repay.ends_at)),
            nothing_to_send=all(unit.where is Whereabouts.NOT_DELIVERED for unit in effective),
            **about,
        )
    by_rule: dict[tuple[str, str], list[RuledUnit]] = {}
    for unit in event.units:
        if unit.ruling.rule not in (EFFECTIVE, NOTHING_OWED):
            by_rule.setdefault((unit.ruling.rule, unit.ruling.source), []).append(unit)
    for (rule, source), units in by_rule.items():
        yield pb.WithdrawalNotEffective(
            units=_units(known, units), rule=rule, source=source, return_id=known.return_id, **about
        )


def _within(ends_at: datetime) -> datetime:
    """The last instant that is in time: told as a day, the end of a day would be the next one."""
    return ends_at - _INSTANT


def _units(known: Withdrawal, units: Iterable[RuledUnit]) -> list[pb.EventUnits]:
    lines: dict[str, list[int]] = {}
    for unit in units:
        line_id, number = parse_unit_id(unit.unit_id)
        lines.setdefault(line_id, []).append(number)
    skus = {unit.asked.line_id: unit.asked.sku for unit in known.units.values()}
    return [pb.EventUnits(line_id=line, sku=skus.get(line, ""), units=numbers) for line, numbers in lines.items()]


def _about(event: Event, known: Withdrawal) -> dict[str, Any]:
    return {
        "shop_id": known.shop_id,
        "case_id": str(known.id),
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": known.order_id,
        "customer_id": known.customer_id,
    }
