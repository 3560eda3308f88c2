"""The shop's own books: credit notes by number, and documents that cancel them.

Everything is named after the request, so asking twice makes nothing new; what was cancelled before is not issued later.
"""

from datetime import UTC
from typing import Any

from aftercare.orders.v1 import answers_pb2, credit_notes_pb2

from infra.shop_simulator.bus import Fact

REFUSES = "fail"


class Documents:
    """Issues and cancels."""

    def __init__(self) -> None:
        self._cancelled: set[str] = set()

    def answers(self, request: Any, behaviour: str) -> list[Fact]:
        """What the shop says to one request; nothing where it keeps silent."""
        if behaviour == "silent":
            return []
        common: dict[str, Any] = {
            "shop_id": request.shop_id,
            "request_id": request.request_id,
            "occurred_at": request.occurred_at,
            "order_id": request.order_id,
            "requester": request.requester,
            "case_id": request.case_id,
        }
        if isinstance(request, credit_notes_pb2.CreditNoteCancellationRequested):
            self._cancelled.add(request.note_request_id)
            return [_said(answers_pb2.RequestDone(**common, reference=_number("CC", request.note_request_id)), "done")]
        if behaviour == REFUSES or request.request_id in self._cancelled:
            reason = "cancelled" if request.request_id in self._cancelled else "books_closed"
            return [_said(answers_pb2.RequestRefused(**common, reason=reason), "refused")]
        issued = credit_notes_pb2.CreditNoteIssued(
            **common,
            number=_number("CN", request.request_id),
            issued_on=request.occurred_at.ToDatetime(tzinfo=UTC).date().isoformat(),
        )
        return [_said(issued, "issued")]


def _number(kind: str, request_id: str) -> str:
    claim, _, place = request_id.partition(".")
    return f"{kind}-{claim[-12:]}-{place}"


def _said(message: Any, what: str) -> Fact:
    return Fact(message, f"{message.request_id}.{what}", "/shop/books")
