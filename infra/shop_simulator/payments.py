"""The payment system: it carries a refund out once per request id, keeps its own books, and may be slow to say so.

Its books are a SQLite file of its own. They are the truth that `provider carried out N` is read from: nothing
in Aftercare writes to it.
"""
# long: one payment system, and every way in which it misbehaves

import asyncio
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aftercare.orders.v1 import (
    answers_pb2,
    credit_notes_pb2,
    exchanges_pb2,
    payment_requests_pb2,
    payments_pb2,
    payouts_pb2,
    store_credit_pb2,
)
from google.protobuf.message import Message

from infra.shop_simulator.bus import Bus, Fact
from infra.shop_simulator.catalogue import instant
from infra.shop_simulator.documents import Documents
from infra.shop_simulator.exchanges import charged

BEHAVIOURS = ("prompt", "hang", "late", "fail", "silent", "bounce", "recant", "twofold")
"""prompt: does it and says so. hang: does it and says nothing until asked. late: answers after a delay. fail: refuses.
silent: neither does it nor answers. bounce: does it, says so, and says that it came back. recant: says it failed, and
does it. twofold: does it once and tells of it under two references."""

ENDS_FAILED = ("fail", "bounce")
MUCH_LATER = timedelta(minutes=1)


class Provider:
    """The provider's own books, by request id."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._behaviour = folder / "behaviour.json"
        self._db = sqlite3.connect(folder / "provider.sqlite", isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS refunds(request_id TEXT PRIMARY KEY, order_id TEXT, tender_id TEXT,"
            " minor INTEGER, currency TEXT, provider_refund_id TEXT, state TEXT, asked INTEGER NOT NULL DEFAULT 0)"
        )

    def behaviour(self, order_id: str) -> str:
        """How the provider behaves for this order; set by whoever stages a scene."""
        if not self._behaviour.exists():
            return "prompt"
        table: dict[str, str] = json.loads(self._behaviour.read_text())
        return table.get(order_id, table.get("*", "prompt"))

    def stage(self, order_id: str, behaviour: str) -> None:
        """From now on behave like this for `order_id` (``*``: for every other order)."""
        if behaviour not in BEHAVIOURS:
            raise ValueError(f"{behaviour!r} is none of {', '.join(BEHAVIOURS)}")
        table = json.loads(self._behaviour.read_text()) if self._behaviour.exists() else {}
        temporary = self._behaviour.with_suffix(".part")
        temporary.write_text(json.dumps(table | {order_id: behaviour}))
        temporary.replace(self._behaviour)

    def ask(self, request: Any, *, state: str) -> tuple[str, str]:
        """One request for a refund: the state and provider's id of the one refund there is for its request id."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT INTO refunds(request_id, order_id, tender_id, minor, currency, provider_refund_id, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                request.request_id,
                request.order_id,
                getattr(request, "tender_id", "bank"),
                request.amount.minor_units,
                request.amount.currency,
                f"re_{request.request_id[-12:]}",
                state,
            ),
        )
        self._db.execute("UPDATE refunds SET asked = asked + 1 WHERE request_id = ?", (request.request_id,))
        row = self._db.execute(
            "SELECT state, provider_refund_id FROM refunds WHERE request_id = ?", (request.request_id,)
        ).fetchone()
        self._db.execute("COMMIT")
        return str(row[0]), str(row[1])

    def find(self, request_id: str) -> Any | None:
        """The refund of a request id, or None."""
        return self._db.execute(
            "SELECT state, provider_refund_id, minor, currency, order_id, tender_id FROM refunds WHERE request_id = ?",
            (request_id,),
        ).fetchone()

    def totals(self) -> dict[str, int]:
        """What was asked, carried out and paid out, over everything: counts, and minor units."""
        return self._sums("TRUE")

    def of_order(self, order_id: str) -> dict[str, int]:
        """The same for one order."""
        return self._sums("order_id = ?", order_id)

    def _sums(self, which: str, *values: str) -> dict[str, int]:
        asked, done, paid = self._db.execute(
            "SELECT coalesce(sum(asked), 0), count(*) FILTER (WHERE state = 'succeeded'),"
            f" coalesce(sum(minor) FILTER (WHERE state = 'succeeded'), 0) FROM refunds WHERE {which}",
            values,
        ).fetchone()
        return {"asked": asked, "carried_out": done, "paid_out": paid}


class PaymentSystem:
    """Consumes payment requests and answers with facts."""

    def __init__(self, bus: Bus, provider: Provider, *, late_seconds: float = 5.0) -> None:
        self._bus, self._provider, self._late = bus, provider, late_seconds
        self._answers: set[asyncio.Task[None]] = set()
        self._documents = Documents()

    async def run(self) -> None:
        """Until cancelled."""
        types = (
            payment_requests_pb2.RefundRequested,
            payment_requests_pb2.RefundLookup,
            payment_requests_pb2.AuthorisationReleaseRequested,
            exchanges_pb2.ChargeRequested,
            store_credit_pb2.StoreCreditRequested,
            payouts_pb2.BankTransferRequested,
            credit_notes_pb2.CreditNoteRequested,
            credit_notes_pb2.CreditNoteCancellationRequested,
        )
        topics = ["aftercare.payment.requests.v1", "aftercare.payout.requests.v1"]
        await self._bus.consume("simulator.payments", topics, types, self._act)

    async def _act(self, message: Message) -> None:
        if isinstance(message, payment_requests_pb2.RefundLookup):
            await self._look_up(message)
        elif isinstance(message, payment_requests_pb2.RefundRequested):
            await self._refund(message)
        elif isinstance(message, payment_requests_pb2.AuthorisationReleaseRequested):
            await self._release(message)
        elif isinstance(message, payouts_pb2.BankTransferRequested):
            await self._refund(message)
        elif isinstance(message, store_credit_pb2.StoreCreditRequested):
            await self._release(message, "credit")
        elif isinstance(
            message, (credit_notes_pb2.CreditNoteRequested, credit_notes_pb2.CreditNoteCancellationRequested)
        ):
            await self._bus.publish(*self._documents.answers(message, self._provider.behaviour(message.order_id)))
        elif isinstance(message, exchanges_pb2.ChargeRequested):
            await self._bus.publish(
                *charged(message, declined=self._provider.behaviour(message.order_id) in ENDS_FAILED)
            )

    async def _release(self, request: Any, what: str = "void") -> None:
        done = answers_pb2.RequestDone(
            shop_id=request.shop_id,
            request_id=request.request_id,
            occurred_at=instant(_after(request.occurred_at)),
            order_id=request.order_id,
            requester=request.requester,
            case_id=request.case_id,
            reference=f"{what}_{request.request_id[-12:]}",
        )
        await self._bus.publish(Fact(done, f"release.{request.request_id}", "/shop/payments"))

    async def _refund(self, request: Any) -> None:
        behaviour = self._provider.behaviour(request.order_id)
        if behaviour == "silent":
            return
        state, refund_id = self._provider.ask(request, state="failed" if behaviour in ENDS_FAILED else "succeeded")
        if behaviour == "hang":
            return
        answer = self._contradicting(behaviour, request, refund_id) or self._answer(request, state, refund_id)
        if behaviour == "late":
            task = asyncio.create_task(self._later(answer))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)
        else:
            await self._bus.publish(*answer)

    async def _later(self, facts: list[Fact]) -> None:
        await asyncio.sleep(self._late)
        await self._bus.publish(*facts)

    def _contradicting(self, behaviour: str, request: Any, refund_id: str) -> list[Fact]:
        """Two words on one refund that cannot both be the last."""
        succeeded = self._answer(request, "succeeded", refund_id)
        if behaviour == "bounce":
            return [*succeeded, *self._answer(request, "failed", refund_id, after=MUCH_LATER)]
        if behaviour == "recant":
            return [
                *self._answer(request, "failed", refund_id),
                *self._answer(request, "succeeded", refund_id, after=MUCH_LATER),
            ]
        if behaviour == "twofold":
            return [*succeeded, *self._answer(request, "succeeded", f"{refund_id}-b")]
        return []

    def _answer(
        self,
        request: Any,
        state: str,
        refund_id: str,
        *,
        after: timedelta = timedelta(),
    ) -> list[Fact]:
        now = instant(_after(request.occurred_at) + after)
        common: dict[str, Any] = {
            "shop_id": request.shop_id,
            "order_id": request.order_id,
            "tender_id": getattr(request, "tender_id", "bank"),
            "amount": request.amount,
            "request_id": request.request_id,
            "provider_refund_id": refund_id,
            "occurred_at": now,
        }
        if state == "failed":
            failed = payments_pb2.PaymentRefundFailed(**common, reason="account_closed")
            return [Fact(failed, f"{refund_id}.failed", "/shop/payments")]
        done = answers_pb2.RequestDone(
            shop_id=request.shop_id,
            request_id=request.request_id,
            occurred_at=now,
            order_id=request.order_id,
            requester=request.requester,
            case_id=request.case_id,
            reference=refund_id,
        )
        refunded = payments_pb2.PaymentRefunded(**common, capture_id=getattr(request, "capture_id", ""))
        return [
            Fact(done, f"{refund_id}.done", "/shop/payments"),
            Fact(refunded, f"{refund_id}.fact", "/shop/payments"),
        ]

    async def _look_up(self, question: payment_requests_pb2.RefundLookup) -> None:
        found = self._provider.find(question.request_id)
        outcomes = answers_pb2.RefundLookupOutcome
        answer = answers_pb2.RefundLookupAnswered(
            shop_id=question.shop_id,
            request_id=question.request_id,
            occurred_at=instant(_after(question.occurred_at)),
            order_id=question.order_id,
            requester=question.requester,
            case_id=question.case_id,
            lookup_id=question.lookup_id,
            outcome=outcomes.REFUND_LOOKUP_OUTCOME_ABSENT,
        )
        facts = [Fact(answer, f"lookup.{question.lookup_id}", "/shop/payments")]
        if found is not None:
            state, refund_id, minor, currency, order_id, tender = found
            succeeded = state == "succeeded"
            answer.outcome = (
                outcomes.REFUND_LOOKUP_OUTCOME_SUCCEEDED if succeeded else outcomes.REFUND_LOOKUP_OUTCOME_FAILED
            )
            answer.provider_refund_id = refund_id
            answer.amount.minor_units, answer.amount.currency = minor, currency
            if not succeeded:
                answer.reason = "account_closed"
            else:
                fact = payments_pb2.PaymentRefunded(
                    shop_id=question.shop_id,
                    provider_refund_id=refund_id,
                    occurred_at=answer.occurred_at,
                    order_id=order_id,
                    tender_id=tender,
                    amount=answer.amount,
                    request_id=question.request_id,
                )
                facts.append(Fact(fact, f"{refund_id}.fact", "/shop/payments"))
        await self._bus.publish(*facts)


def _after(stamp: Any) -> datetime:
    """The shop's answer carries the instant of the question it answers: its clock follows the asker's."""
    return stamp.ToDatetime(tzinfo=UTC)  # type: ignore[no-any-return]
