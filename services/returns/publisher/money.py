"""Public events and answers of the ledger."""

from collections.abc import Iterable
from typing import Any

from aftercare.common.v1 import command_pb2
from aftercare.compensation.v1 import answers_pb2, ledger_pb2
from aftercare.returns.v1 import events_pb2 as pb
from google.protobuf.message import Message

from chassis.domain import Event, Money
from chassis.grpc.convert import money_to_proto, timestamp_to_proto
from chassis.service import PublicEvent
from services.returns.domain.case.values import USUAL_DAYS
from services.returns.domain.identity import parse_unit_id
from services.returns.domain.ledger import Book, Claim, Given, Ledger, TransferState
from services.returns.domain.ledger import events as e
from services.returns.domain.ledger.gifts import recipient_of
from services.returns.translation import BOOK_CODES

EVENTS = "aftercare.returns.events.v1"
ANSWERS = "aftercare.compensation.answers.v1"
RETURNS = "returns"


def publish_ledger(event: Event, ledger: Ledger) -> Iterable[PublicEvent]:
    """What the asker and the world hear of one event of the ledger."""
    claim = _claim_of(event, ledger)
    if claim is None:
        return
    if claim.ask.requester != RETURNS:
        for answer in _answers(event, ledger, claim):
            yield PublicEvent(ANSWERS, ledger.order_id, answer, ledger.shop_id)
    if claim.is_money:
        for told in _told(event, ledger, claim):
            yield PublicEvent(EVENTS, claim.ask.case_id, told, ledger.shop_id)


def _claim_of(event: Event, ledger: Ledger) -> Claim | None:
    if isinstance(event, (e.ClaimReserved, e.ClaimRefused, e.ClaimPended)):
        return event.claim
    claim_id = getattr(event, "claim_id", None)
    return ledger.claims.get(claim_id) if claim_id else None


def _answers(event: Event, ledger: Ledger, claim: Claim) -> Iterable[Message]:
    about = _about(event, ledger, claim) | {"request_key": claim.ask.request_key, "requester": claim.ask.requester}
    book = BOOK_CODES[claim.ask.book]
    match event:
        case e.ClaimReserved():
            amount = _sum(claim) if claim.is_money else None
            yield answers_pb2.CompensationReserved(
                book=book,
                amount=money_to_proto(amount) if amount else None,
                units=line_units(ledger, [part.subject for part in claim.parts]),
                hold_until=timestamp_to_proto(claim.hold_until),
                **about,
            )
        case e.ClaimRefused():
            yield answers_pb2.CompensationRefused(
                book=book,
                reason=event.bound,
                left=money_to_proto(event.left) if event.left.currency else None,
                left_units=line_units(ledger, event.left_units),
                given=[grant(ledger, given) for given in event.given],
                **about,
            )
        case e.ClaimPended():
            yield answers_pb2.CompensationPending(reason=event.reason, **about)
        case e.ReleaseCameTooLate():
            yield answers_pb2.CompensationTooLate(state=event.state, **about)
        case e.ClaimOverdue():
            yield answers_pb2.CompensationOverdue(**about)
        case e.ClaimSettled() if claim.is_money:
            yield answers_pb2.RefundSettled(
                amount=money_to_proto(event.amount),
                tender_id=_tender(ledger, claim),
                provider_refund_id=event.reference,
                **about,
            )
        case e.ClaimFailed():
            yield answers_pb2.RefundFailed(
                amount=money_to_proto(event.amount), tender_id=_tender(ledger, claim), reason=event.reason, **about
            )
        case _:
            return


def _told(event: Event, ledger: Ledger, claim: Claim) -> Iterable[Message]:
    about = _about(event, ledger, claim) | {"refund_id": claim.id, "requester": claim.ask.requester}
    match event:
        case e.ClaimReserved():
            reason = "price_reduction" if claim.ask.action == "price_reduction" else claim.ask.reason
            yield pb.RefundPromised(
                amount=money_to_proto(_sum(claim)),
                reason=reason,
                units=_event_units(ledger, claim),
                expected_by=timestamp_to_proto(event.timestamp + USUAL_DAYS),
                way=_way(event),
                **about,
            )
        case e.ClaimSettled():
            yield pb.RefundConfirmed(amount=money_to_proto(event.amount), provider_refund_id=event.reference, **about)
        case e.ClaimFailed():
            yield pb.RefundBounced(amount=money_to_proto(event.amount), reason=event.reason, **about)
        case e.TransferMoved() if event.state is TransferState.UNKNOWN:
            yield pb.RefundUnknown(amount=money_to_proto(event.amount), **about)
        case _:
            return


def grant(ledger: Ledger, given: Given) -> ledger_pb2.Grant:
    """Who has what, as others read it."""
    units = [s for s in given.subjects if _is_unit(ledger, s)]
    rest = [s for s in given.subjects if s not in units]
    return ledger_pb2.Grant(
        requester=given.requester,
        case_id=given.case_id,
        request_key=given.request_key,
        book=BOOK_CODES[given.book],
        amount=None if given.book is Book.IN_KIND else money_to_proto(given.amount),
        units=line_units(ledger, units),
        component_ids=rest,
        state=given.state,
        at=timestamp_to_proto(given.at),
        given_by=command_pb2.Actor(kind="agent", id=given.by) if given.by else None,
    )


def line_units(ledger: Ledger, subjects: Iterable[str]) -> list[ledger_pb2.LineUnits]:
    """The units among `subjects` by line; a replacement counts as the unit whose entitlement it carries."""
    lines: dict[str, list[int]] = {}
    for subject in subjects:
        if _is_unit(ledger, subject):
            line_id, number = parse_unit_id(ledger.books.root_of(subject))
            lines.setdefault(line_id, []).append(number)
    return [
        ledger_pb2.LineUnits(line_id=line, quantity=len(set(numbers)), units=sorted(set(numbers)))
        for line, numbers in lines.items()
    ]


def _event_units(ledger: Ledger, claim: Claim) -> list[pb.EventUnits]:
    groups = line_units(ledger, [part.subject for part in claim.parts])
    return [pb.EventUnits(line_id=group.line_id, units=list(group.units)) for group in groups]


def _is_unit(ledger: Ledger, subject: str) -> bool:
    entitlement = ledger.entitlements.get(ledger.books.root_of(subject))
    return entitlement is not None and entitlement.number > 0


def _sum(claim: Claim) -> Money:
    total = claim.parts[0].amount
    for part in claim.parts[1:]:
        total += part.amount
    return total


def _way(event: e.ClaimReserved) -> str:
    ways = {transfer.way.value for transfer in event.transfers}
    return ways.pop() if len(ways) == 1 else "mixed"


def _tender(ledger: Ledger, claim: Claim) -> str:
    tenders = {transfer.tender_id for transfer in ledger.books.transfers_of(claim.id)}
    return tenders.pop() if len(tenders) == 1 else ""


def _about(event: Event, ledger: Ledger, claim: Claim) -> dict[str, Any]:
    return {
        "shop_id": ledger.shop_id,
        "occurred_at": timestamp_to_proto(event.timestamp),
        "order_id": ledger.order_id,
        "customer_id": recipient_of(claim) or ledger.customer_id or claim.ask.customer_id,
        "case_id": claim.ask.case_id,
    }
