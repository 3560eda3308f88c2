"""Finance's questions by rpc, and what it says of credit notes. No decisions.

Whoever may not see a shop is told that it does not exist.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from aftercare.common.v1 import money_pb2
from aftercare.returns.v1 import finance_pb2 as pb
from aftercare.returns.v1 import finance_pb2_grpc
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.domain import Invalid, Money, NotFound
from chassis.grpc import Commands
from chassis.grpc.convert import (
    id_from_text,
    money_from_proto,
    money_to_proto,
    receipt_to_proto,
    timestamp_from_proto,
    timestamp_to_proto,
)
from services.returns.application import Application
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.reconciling import Cause, Difference, Reported, reconcile
from services.returns.finance import Finance
from services.returns.grpc_api.reads import Context, actor
from services.returns.translation import day_of


class FinanceApi(finance_pb2_grpc.FinanceServiceServicer):
    """What controllers and auditors may ask."""

    def __init__(self, finance: Finance, app: Application, commands: Commands) -> None:
        self._finance, self._app, self._commands = finance, app, commands

    async def Reconcile(self, request: pb.ReconcileRequest, context: Context) -> pb.ReconcileResponse:
        _must_see(request.shop_id)
        since, until = _period(request.since, request.until)
        theirs = [Reported(line.reference, money_from_proto(line.amount), line.key) for line in request.lines]
        ours = await self._finance.moved(request.shop_id, request.provider, since, until)
        found = reconcile(ours, theirs)
        different = [one for one in found if one.cause is not Cause.MATCHED]
        return pb.ReconcileResponse(
            differences=[_difference(one) for one in different], totals=_totals(found), agrees=not different
        )

    async def GetOpenPromises(self, request: pb.GetOpenPromisesRequest, context: Context) -> pb.GetOpenPromisesResponse:
        _must_see(request.shop_id)
        as_of = timestamp_from_proto(request.as_of, "as_of") if request.HasField("as_of") else None
        promises, cut = await self._finance.promises(request.shop_id, as_of)
        return pb.GetOpenPromisesResponse(
            promises=[
                pb.GetOpenPromisesResponse.Promise(
                    order_id=one.order_id,
                    case_id=one.case_id,
                    requester=one.requester,
                    amount=money_to_proto(one.amount),
                    state=one.state,
                    promised_at=timestamp_to_proto(one.promised_at),
                    age_days=one.age_days,
                )
                for one in promises
            ],
            cut=cut,
        )

    async def ExportJournal(self, request: pb.ExportJournalRequest, context: Context) -> pb.ExportJournalResponse:
        _must_see(request.shop_id)
        since, until = _period(request.since, request.until)
        return pb.ExportJournalResponse(
            lines=[
                pb.ExportJournalResponse.Line(
                    entry=line.entry,
                    at=timestamp_to_proto(line.at),
                    account=line.account,
                    debit=money_to_proto(Money(line.debit, line.currency)),
                    credit=money_to_proto(Money(line.credit, line.currency)),
                    order_id=line.order_id,
                    subject=line.subject,
                    reference=line.reference,
                    document=line.document,
                )
                async for line in self._finance.journal(request.shop_id, since, until)
            ]
        )

    async def ListCreditNotes(self, request: pb.ListCreditNotesRequest, context: Context) -> pb.ListCreditNotesResponse:
        _must_see(request.shop_id)
        found, cut = await self._finance.notes(
            request.shop_id,
            waiting=request.waiting,
            order_id=request.order_id,
            since=timestamp_from_proto(request.since, "since") if request.HasField("since") else None,
            until=timestamp_from_proto(request.until, "until") if request.HasField("until") else None,
        )
        return pb.ListCreditNotesResponse(credit_notes=[_note(row) for row in found], cut=cut)

    async def SettleCreditNote(
        self, request: pb.SettleCreditNoteRequest, context: Context
    ) -> pb.SettleCreditNoteResponse:
        issued_on = day_of(request.issued_on, "issued_on") if request.issued_on else None
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.settle_credit_note(
                work,
                request.shop_id,
                request.order_id,
                request.note_id,
                request.outcome,
                request.number,
                issued_on,
            ),
            on=ledger_id_of(request.shop_id, request.order_id),
        )
        return pb.SettleCreditNoteResponse(receipt=receipt_to_proto(receipt))

    async def ListHeldRequests(
        self, request: pb.ListHeldRequestsRequest, context: Context
    ) -> pb.ListHeldRequestsResponse:
        _must_see(request.shop_id)
        found, cut = await self._finance.held(request.shop_id, unknown=request.unknown)
        return pb.ListHeldRequestsResponse(requests=[_held(row) for row in found], cut=cut)

    async def SettleHeldRequest(
        self, request: pb.SettleHeldRequestRequest, context: Context
    ) -> pb.SettleHeldRequestResponse:
        _must_see(request.shop_id)
        id = id_from_text("effect", request.effect_id)
        receipt = await self._commands.run(
            request,
            context,
            lambda work: self._app.settle_held(
                work, request.shop_id, id, request.outcome, request.reason, request.reference
            ),
            on=id,
        )
        return pb.SettleHeldRequestResponse(receipt=receipt_to_proto(receipt))


def _held(row: Any) -> pb.ListHeldRequestsResponse.HeldRequest:
    return pb.ListHeldRequestsResponse.HeldRequest(
        effect_id=str(row["id"]),
        kind=row["kind"],
        key=row["key"],
        order_id=row["order_id"],
        state=row["state"],
        attempt=row["attempt"],
        reason=row["reason"],
        since=timestamp_to_proto(row["updated_at"]),
        amount=money_to_proto(Money(row["minor"], row["currency"])) if row["currency"] else None,
    )


def _note(row: Any) -> pb.CreditNote:
    return pb.CreditNote(
        note_id=row["note_id"],
        order_id=row["order_id"],
        movement=row["movement"],
        state=row["state"],
        amount=money_to_proto(Money(row["minor"], row["currency"])),
        tax=money_to_proto(Money(row["tax"], row["currency"])),
        number=row["number"],
        issued_on=row["issued_on"],
        reason=row["reason"],
        cancelled_by=row["cancelled_by"],
        asked_at=timestamp_to_proto(row["asked_at"]),
        waiting=row["waiting"],
    )


def _must_see(shop_id: str) -> None:
    if not actor().may_see(shop_id=shop_id, customer_id=None):
        raise NotFound("shop", shop_id)


def _period(since: Timestamp, until: Timestamp) -> tuple[datetime, datetime]:
    begin, end = timestamp_from_proto(since, "since"), timestamp_from_proto(until, "until")
    if end <= begin:
        raise Invalid("until", f"{end.isoformat()} is not after {begin.isoformat()}")
    return begin, end


def _difference(one: Difference) -> pb.Difference:
    return pb.Difference(
        cause=one.cause.value,
        reference=one.reference,
        key=one.key,
        order_id=one.order_id,
        ours=_money(one.ours),
        theirs=_money(one.theirs),
    )


def _totals(found: Iterable[Difference]) -> list[pb.CauseTotal]:
    sums: dict[tuple[str, str], list[int]] = {}
    for one in found:
        amount = one.ours or one.theirs
        assert amount is not None
        into = sums.setdefault((one.cause.value, amount.currency), [0, 0, 0])
        into[0] += 1
        into[1] += one.ours.minor if one.ours else 0
        into[2] += one.theirs.minor if one.theirs else 0
    return [
        pb.CauseTotal(
            cause=cause,
            count=count,
            ours=money_to_proto(Money(ours, currency)),
            theirs=money_to_proto(Money(theirs, currency)),
        )
        for (cause, currency), (count, ours, theirs) in sorted(sums.items())
    ]


def _money(amount: Money | None) -> money_pb2.Money | None:
    return money_to_proto(amount) if amount is not None else None
