"""Public events of a file of conformity."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from aftercare.returns.v1 import events_pb2 as pb
from google.protobuf.message import Message

from casework import events as shared
from chassis.domain import Event
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import PublicEvent
from services.returns.domain.conformity import Conformity
from services.returns.domain.conformity import events as e
from services.returns.domain.conformity.law import COVERED, NOTHING_OWED
from services.returns.publisher.labels import label_messages
from services.returns.publisher.units import publish_unit_of_lack

EVENTS = "aftercare.returns.events.v1"
_INSTANT = timedelta(seconds=1)


def publish_conformity(event: Event, known: Conformity) -> Iterable[PublicEvent]:
    """What the world hears of one event of a file."""
    for message in (*_messages(event, known), *publish_unit_of_lack(event, known)):
        yield PublicEvent(EVENTS, str(known.id), message, known.shop_id)


def _messages(event: Event, known: Conformity) -> Iterable[Message]:
    about: dict[str, Any] = {
        "shop_id": known.shop_id,
        "case_id": str(known.id),
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": known.order_id,
        "customer_id": known.customer_id,
    }
    match event:
        case e.LackReported():
            yield _reported(event, known, about)
        case e.LackAcknowledged():
            yield _answered(known, about, "acknowledged", event.severity)
        case e.LackRejected():
            yield _answered(known, about, "rejected", "")
        case e.RemedyStarted():
            send_by = timestamp_to_proto(event.send_by - _INSTANT) if event.send_by else None
            yield _moved(known, about, event.number, event.remedy, "started", send_by=send_by)
        case e.RemedyDone():
            until = timestamp_to_proto(event.liable.ends_at - _INSTANT)
            remedy = known.attempts[event.number].remedy
            reference = event.reference
            yield _moved(known, about, event.number, remedy, "done", liable_until=until, reference=reference)
        case e.RemedyFailed():
            yield _moved(known, about, event.number, known.attempts[event.number].remedy, "failed")
        case e.RemedyRefused():
            yield _moved(known, about, len(known.attempts), event.refusal.remedy, "refused")
        case e.MoneyChosen():
            asked = event.asked
            yield pb.LackMoneyChosen(
                units=_units(known),
                kind=asked.kind,
                rule=asked.rule.rule,
                source=asked.rule.source,
                amount=money_to_proto(asked.amount) if asked.amount else None,
                **about,
            )
        case e.DutyMissed():
            due = timestamp_to_proto(event.due_at - _INSTANT)
            yield pb.ConformityDutyMissed(duty=event.duty, owner=event.owner, due_at=due, **about)
        case shared.CaseClosed():
            yield pb.ConformityClosed(outcome=event.outcome, repaid=money_to_proto(known.repaid()), **about)
        case _:
            yield from label_messages(event, known, about)


def _reported(event: e.LackReported, known: Conformity, about: dict[str, Any]) -> Message:
    covered = event.ruling.rule == COVERED
    return pb.LackReported(
        units=_units(known),
        number=event.number,
        rule=event.ruling.rule,
        source=event.ruling.source,
        answer_by=timestamp_to_proto(event.dates.answer.ends_at - _INSTANT) if covered else None,
        put_right_by=timestamp_to_proto(event.dates.put_right.ends_at - _INSTANT) if covered else None,
        return_id=known.return_id if event.ruling.rule not in (COVERED, NOTHING_OWED) else "",
        **about,
    )


def _answered(known: Conformity, about: dict[str, Any], answer: str, severity: str) -> Message:
    lack = known.lack
    return pb.LackAnswered(
        units=_units(known), number=lack.number, answer=answer, severity=severity, remedy=lack.remedy, **about
    )


def _moved(known: Conformity, about: dict[str, Any], attempt: int, remedy: str, state: str, **values: Any) -> Message:
    return pb.LackRemedyMoved(
        units=_units(known),
        attempt=attempt,
        remedy=remedy,
        state=state,
        money_open=bool(known.money_rules()),
        **values,
        **about,
    )


def _units(known: Conformity) -> pb.EventUnits:
    asked = known.unit.asked
    return pb.EventUnits(line_id=asked.line_id, sku=asked.sku, units=[asked.number])
