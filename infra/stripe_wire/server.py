"""The HTTP side: refunds are made and listed as Stripe does, webhooks are signed as Stripe signs them.

Guarantee: what a mishap does to the answer never changes what the books say was done.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from infra.stripe_wire.books import Books, Refund, Refused


class Mishap(Enum):
    """What becomes of one answer. Those before the deed leave nothing done."""

    NONE = "none"
    LIMITED = "429, nothing done"
    BUSY = "409, nothing done by this call"
    BROKEN = "500, nothing done"
    HUNG_UP = "the connection is closed, nothing done"
    BROKEN_AFTER = "done, and answered with 500"
    SILENT_AFTER = "done, and never answered"
    CUT_AFTER = "done, and closed in the middle of the body"
    PENDING = "accepted: pending"
    FAILED = "accepted, and it failed"


BEFORE = {Mishap.LIMITED: (429, "rate_limit"), Mishap.BUSY: (409, "idempotency_key_in_use")}


class Telling(Enum):
    """When the webhook of a refund is sent."""

    AFTER = "after the answer"
    FIRST = "before the answer"
    TWICE = "twice"
    NEVER = "never"


Plan = Callable[[Mapping[str, str], int], tuple[Mishap, Telling]]
"""What becomes of a request for a refund, by its form and how often its key came."""


def all_well(_: Mapping[str, str], __: int) -> tuple[Mishap, Telling]:
    """Nothing goes wrong."""
    return Mishap.NONE, Telling.AFTER


@dataclass
class StripeServer:
    """One account's API on a port of its own. `hook`: where its webhooks go."""

    books: Books = field(default_factory=Books)
    key: str = "sk_test_aftercare"
    secret: str = "whsec_test_aftercare"
    plan: Plan = all_well
    hook: str = ""
    asked: dict[str, int] = field(default_factory=dict)
    delivered: list[int] = field(default_factory=list)
    url: str = ""
    _server: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _events: "count[int]" = field(default_factory=lambda: count(1))

    async def __aenter__(self) -> "StripeServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._server is not None
        self._server.close()

    def sign(self, body: bytes, *, at: int | None = None, secret: str = "") -> str:
        """The header Stripe puts beside a body."""
        stamp = int(time.time()) if at is None else at
        payload = f"{stamp}.".encode() + body
        made = hmac.new((secret or self.secret).encode(), payload, hashlib.sha256).hexdigest()
        return f"t={stamp},v1={made},v0={'0' * 64}"

    def event(self, kind: str, thing: Mapping[str, Any]) -> bytes:
        """An event's body."""
        number = next(self._events)
        event = {
            "id": f"evt_{number:06d}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "data": {"object": dict(thing)},
        }
        return json.dumps(event).encode()

    async def tell(self, body: bytes, *, header: str = "") -> int:
        """Send one webhook; the status it is answered with, 0 where nobody answers."""
        signature = (header or self.sign(body)).encode("latin-1")
        headers = {b"stripe-signature": signature, b"content-type": b"application/json"}
        status = 0
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
                status = (await http.post(self.hook, content=body, headers=headers)).status_code
        self.delivered.append(status)
        return status

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        if headers.get("authorization") != f"Bearer {self.key}":
            return _answer(writer, 401, Refused(401, "api_key_invalid").as_json())
        url = urlsplit(target)
        if (method, url.path) == ("GET", "/v1/refunds"):
            return _answer(writer, 200, self._list(dict(parse_qsl(url.query))))
        if (method, url.path) == ("POST", "/v1/refunds"):
            return await self._make(writer, dict(parse_qsl(body.decode())), headers.get("idempotency-key", ""))
        return _answer(writer, 404, Refused(404, "url_unknown").as_json())

    def _list(self, query: Mapping[str, str]) -> dict[str, Any]:
        payment = query.get("payment_intent") or query.get("charge", "")
        found = [r for r in reversed(list(self.books.refunds.values())) if payment in ("", r.payment)]
        ids = [refund.id for refund in found]
        start = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
        limit = int(query.get("limit", "10"))
        page = found[start : start + limit]
        return {"object": "list", "data": [r.as_json() for r in page], "has_more": len(found) > start + limit}

    async def _make(self, writer: asyncio.StreamWriter, form: dict[str, str], key: str) -> bool:
        self.asked[key] = self.asked.get(key, 0) + 1
        mishap, telling = self.plan(form, self.asked[key])
        if mishap in BEFORE:
            status, code = BEFORE[mishap]
            return _answer(writer, status, Refused(status, code).as_json())
        if mishap is Mishap.HUNG_UP:
            return False
        known = self.books.remembered.get(key)
        if known is not None:
            if known[0] != form:
                return _answer(writer, 400, Refused(400, "idempotency_error", "idempotency_error").as_json())
            return _answer(writer, known[1], known[2])
        if mishap is Mishap.BROKEN:
            self.books.remembered[key] = (form, 500, Refused(500, "api_error").as_json())
            return _answer(writer, 500, self.books.remembered[key][2])
        return await self._carry_out(writer, form, key, mishap, telling)

    async def _carry_out(
        self, writer: asyncio.StreamWriter, form: dict[str, str], key: str, mishap: Mishap, telling: Telling
    ) -> bool:
        status = {Mishap.PENDING: "pending", Mishap.FAILED: "failed"}.get(mishap, "succeeded")
        try:
            refund = self.books.refund(form, status=status, now=int(time.time()))
        except Refused as refused:
            self.books.remembered[key] = (form, refused.status, refused.as_json())
            return _answer(writer, refused.status, refused.as_json())
        if status == "failed":
            refund.failure_reason = "expired_or_canceled_card"
        body = refund.as_json()
        broken = mishap is Mishap.BROKEN_AFTER
        self.books.remembered[key] = (form, 500, Refused(500, "api_error").as_json()) if broken else (form, 200, body)
        told = self.told(refund)
        if telling is Telling.FIRST:
            await self.tell(told)
        elif telling is not Telling.NEVER:
            self._later(self._tell_after(told, twice=telling is Telling.TWICE))
        if mishap is Mishap.SILENT_AFTER:
            await asyncio.Event().wait()
        if mishap is Mishap.CUT_AFTER:
            return _answer(writer, 200, body, cut=True)
        return _answer(writer, *self.books.remembered[key][1:])

    def told(self, refund: Refund) -> bytes:
        """The event that tells of a refund as it stands."""
        return self.event("refund.failed" if refund.status == "failed" else "refund.updated", refund.as_json())

    async def _tell_after(self, body: bytes, *, twice: bool) -> None:
        for pause in (0.1, 0.5, 1.0, 2.0, 4.0):  # as Stripe does, until it is answered with 200
            await asyncio.sleep(pause)
            if await self.tell(body) == 200:
                break
        if twice:
            await self.tell(body)

    def _later(self, deed: Any) -> None:
        task = asyncio.ensure_future(deed)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _answer(writer: asyncio.StreamWriter, status: int, body: Mapping[str, Any], *, cut: bool = False) -> bool:
    raw = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n"
    writer.write(head.encode() + (raw[: len(raw) // 2] if cut else raw))
    return not cut
