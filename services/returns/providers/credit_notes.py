"""Credit notes and their cancellation, as their contract has them.

Guarantee: figures as they stand in the intent; nothing is computed here.
"""

from collections.abc import Mapping
from typing import Any

from aftercare.orders.v1 import credit_notes_pb2 as pb
from google.protobuf.message import Message

from chassis.service import Attempt
from services.returns.providers.asking import Head, amount_of


def note(attempt: Attempt, head: Head) -> Message:
    """Issue one."""
    body = attempt.body
    currency = {"currency": body["currency"]}
    return pb.CreditNoteRequested(
        customer_id=body["customer_id"],
        of_gift=body.get("of_gift", False),
        movement=body["movement"],
        amount=amount_of(body),
        lines=[_line({**line, **currency}) for line in body["lines"]],
        kept=[_fee({**fee, **currency}) for fee in body["kept"]],
        attempt=attempt.number,
        **head,
    )


def cancellation(attempt: Attempt, head: Head) -> Message:
    """Cancel one."""
    own = {name: attempt.body[name] for name in ("note_request_id", "number")}
    return pb.CreditNoteCancellationRequested(attempt=attempt.number, **own, **head)


def _line(line: Mapping[str, Any]) -> pb.CreditNoteLine:
    taxes = [
        pb.CreditNoteTax(
            name=tax["name"],
            rate=tax["rate"],
            jurisdiction=tax["jurisdiction"],
            amount=amount_of({**tax, "currency": line["currency"]}),
        )
        for tax in line["taxes"]
    ]
    return pb.CreditNoteLine(amount=amount_of(line), taxes=taxes, **_place(line))


def _fee(fee: Mapping[str, Any]) -> pb.CreditNoteFee:
    return pb.CreditNoteFee(kind=fee["kind"], amount=amount_of(fee), tax=amount_of(fee, "tax"), **_place(fee))


def _place(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in ("line_id", "unit", "component_id")}
