"""Public events of a return."""

from collections.abc import Iterable
from typing import Any

from aftercare.returns.v1 import events_pb2 as pb
from google.protobuf.message import Message

from casework import events as shared
from chassis.domain import Event, Money
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import PublicEvent
from services.returns.domain.case import ReturnCase, Verdict
from services.returns.domain.case import events as e
from services.returns.domain.case.correction_state import CorrectedAfterMoney
from services.returns.domain.identity import parse_unit_id
from services.returns.publisher.exchanges import exchange_messages
from services.returns.publisher.labels import label_messages, pickup_messages
from services.returns.publisher.units import publish_units

EVENTS = "aftercare.returns.events.v1"


def publish_return(event: Event, case: ReturnCase) -> Iterable[PublicEvent]:
    """What the world hears of one event of a return."""
    for message in (*_messages(event, case), *publish_units(event, case)):
        yield PublicEvent(EVENTS, str(case.id), message, case.shop_id)


def _messages(event: Event, case: ReturnCase) -> Iterable[Message]:
    about = _about(event, case)
    match event:
        case e.ReturnRequested():
            units = [unit.unit_id for unit in event.units]
            yield pb.ReturnRequested(units=event_units(case, units), remedy=event.remedy, **about)
        case e.PromiseDecided():
            yield from _decided(event, case, about)
        case e.UnitsAuthorised():
            yield pb.ReturnAuthorised(
                units=event_units(case, event.units),
                send_by=timestamp_to_proto(event.send_by),
                decided_by="person",
                **about,
            )
        case e.UnitsDeclined():
            yield pb.ReturnDeclined(
                units=event_units(case, event.units), reason=event.reason, decided_by="person", **about
            )
        case e.UnitsCancelled():
            yield pb.ReturnCancelled(units=event_units(case, event.units), reason=event.reason, **about)
        case e.UnitsExpired():
            yield pb.ReturnExpired(units=event_units(case, event.units), **about)
        case e.GoodsReceived() if not event.history:
            yield from _received(event, case, about)
        case e.UnitsCameAfterAll():
            yield pb.ReturnNeedsDecision(units=event_units(case, event.units), reason="came_after_all", **about)
        case e.ReceiptVoided():
            yield pb.ReturnReceived(receipt_number=event.receipt_number, corrected=True, **about)
        case e.UnitInspected():
            yield pb.ReturnInspected(findings=[_finding(event, case)], **about)
        case e.OutcomeDecided():
            contradicted = [v for v in event.verdicts if v.outcome == "person"]
            if contradicted:
                units = [v.unit_id for v in contradicted]
                yield pb.ReturnNeedsDecision(units=event_units(case, units), reason=contradicted[0].clause, **about)
        case CorrectedAfterMoney():
            known = case.corrections[event.correction_id]
            yield pb.ReturnCorrected(
                correction_id=event.correction_id,
                what=event.what,
                reason=event.reason,
                corrected_by=event.by,
                units=event_units(case, [unit.unit_id for unit in event.units]),
                difference=money_to_proto(known.difference),
                **about,
            )
        case shared.CaseClosed():
            currency = next((unit.asked.paid.currency for unit in case.units.values()), "")
            refunded = case.refunded(currency) if currency else Money(0, "XXX")
            yield pb.ReturnClosed(refunded=money_to_proto(refunded), **about)
        case _:
            yield from exchange_messages(event, case, about)
            yield from label_messages(event, case, about)
            yield from pickup_messages(event, case, about)


def _decided(event: e.PromiseDecided, case: ReturnCase, about: dict[str, Any]) -> Iterable[Message]:
    for clause, units in _by_clause(event.verdicts, "authorise"):
        yield pb.ReturnAuthorised(
            units=event_units(case, units), send_by=timestamp_to_proto(event.send_by), decided_by=clause, **about
        )
    for clause, units in _by_clause(event.verdicts, "decline"):
        yield pb.ReturnDeclined(units=event_units(case, units), reason=clause, decided_by=clause, **about)
    for clause, units in _by_clause(event.verdicts, "person"):
        yield pb.ReturnNeedsDecision(units=event_units(case, units), reason=clause, **about)


def _received(event: e.GoodsReceived, case: ReturnCase, about: dict[str, Any]) -> Iterable[Message]:
    receipt = event.receipt
    unannounced = [unit.unit_id for unit in event.unannounced]
    yield pb.ReturnReceived(
        receipt_number=receipt.receipt_number,
        units=event_units(case, [unit for unit in receipt.units if unit not in unannounced]),
        short=receipt.short,
        extra=receipt.extra,
        wrong=receipt.wrong,
        corrected=receipt.correction > 0,
        **about,
    )
    if unannounced:
        yield pb.ReturnNeedsDecision(units=event_units(case, unannounced), reason="unannounced", **about)


def _finding(event: e.UnitInspected, case: ReturnCase) -> pb.ReturnInspected.Finding:
    known = case.unit(event.unit_id)
    return pb.ReturnInspected.Finding(
        line_id=known.asked.line_id,
        unit=known.asked.number,
        sku=known.asked.sku,
        condition=event.condition,
        responsibility=event.responsibility,
        disposition=event.disposition,
        grade=known.grading.grade if known.grading else "",
    )


def _by_clause(verdicts: Iterable[Verdict], outcome: str) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.outcome == outcome:
            found.setdefault(verdict.clause, []).append(verdict.unit_id)
    return list(found.items())


def event_units(case: ReturnCase | None, unit_ids: Iterable[str]) -> list[pb.EventUnits]:
    """Units by line, as public events name them."""
    lines: dict[str, list[int]] = {}
    skus: dict[str, str] = {}
    for unit_id in unit_ids:
        line_id, number = parse_unit_id(unit_id)
        lines.setdefault(line_id, []).append(number)
        if case is not None and unit_id in case.units:
            skus[line_id] = case.units[unit_id].asked.sku
    return [pb.EventUnits(line_id=line, sku=skus.get(line, ""), units=numbers) for line, numbers in lines.items()]


def _about(event: Event, case: ReturnCase) -> dict[str, Any]:
    return {
        "shop_id": case.shop_id,
        "case_id": str(case.id),
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": case.order_id,
        "customer_id": case.customer_id,
    }
