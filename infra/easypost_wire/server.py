"""The HTTP side: parcels are written down, bought labels for, and refunded as EasyPost does.

Guarantee: what a mishap does to the answer never changes what the books say was done.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from infra.easypost_wire.books import Books, Collection, Parcel, Refused


class Mishap(Enum):
    """What becomes of one answer. Those before the deed leave nothing done."""

    NONE = "none"
    LIMITED = "429, nothing done"
    BUSY = "422: a purchase is in progress, nothing done by this call"
    BROKEN = "500, nothing done"
    UNAVAILABLE = "503, nothing done"
    UNPAID = "402, nothing done"
    HUNG_UP = "the connection is closed, nothing done"
    BROKEN_AFTER = "done, and answered with 500"
    SILENT_AFTER = "done, and never answered"
    CUT_AFTER = "done, and closed in the middle of the body"


BEFORE = {
    Mishap.LIMITED: (429, "RATE_LIMITED"),
    Mishap.BUSY: (422, "SHIPMENT.PURCHASE.IN_PROGRESS"),
    Mishap.BROKEN: (500, "INTERNAL_SERVER_ERROR"),
    Mishap.UNAVAILABLE: (503, "SERVICE_UNAVAILABLE"),
    Mishap.UNPAID: (402, "PAYMENT_REQUIRED"),
}

Plan = Callable[[str, str, int], Mishap]
"""What becomes of a request, by what is asked (offer, buy, code, refund, pickup, book, unbook), of which object, and
how often it came."""


def all_well(_: str, __: str, ___: int) -> Mishap:
    """Nothing goes wrong."""
    return Mishap.NONE


@dataclass
class EasyPostServer:
    """One account's API on a port of its own."""

    books: Books = field(default_factory=Books)
    key: str = "EZTK_aftercare"
    plan: Plan = all_well
    asked: dict[tuple[str, str], int] = field(default_factory=dict)
    url: str = ""
    _server: asyncio.Server | None = None
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def __aenter__(self) -> "EasyPostServer":
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
        raw = await reader.readexactly(int(headers.get("content-length") or 0))
        expected = base64.b64encode(f"{self.key}:".encode()).decode()
        if headers.get("authorization") != f"Basic {expected}":
            return _answer(writer, 401, Refused(401, "APIKEY.INACTIVE").as_json())
        body = json.loads(raw) if raw else {}
        parts = urlsplit(target).path.split("/")[2:]
        try:
            deed = self._deed(method, parts, body)
        except Refused as refused:
            return _answer(writer, refused.status, refused.as_json())
        if deed is None:
            return _answer(writer, 200, self._found(parts).as_json())
        return await self._do(writer, deed)

    def _deed(
        self, method: str, parts: list[str], body: Mapping[str, Any]
    ) -> tuple[str, str, int, Callable[[], Parcel | Collection]] | None:
        match method, parts:
            case "POST", ["shipments"]:
                shipment = body.get("shipment") or {}
                name = str(shipment.get("reference"))
                return "offer", name, 201, lambda: self.books.write_down(dict(shipment))
            case "GET", ["shipments" | "pickups", _]:
                self._found(parts)
                return None
            case "POST", ["shipments", name, "buy"]:
                return "buy", name, 200, lambda: self.books.buy(name, str((body.get("rate") or {}).get("id")))
            case "POST", ["shipments", name, "forms"] if (body.get("form") or {}).get("type") == "label_qr_code":
                return "code", name, 201, lambda: self.books.make_code(name)
            case "POST", ["shipments", name, "refund"]:
                return "refund", name, 200, lambda: self.books.give_back(name)
            case "POST", ["pickups"]:
                pickup = dict(body.get("pickup") or {})
                return "pickup", str(pickup.get("reference")), 200, lambda: self.books.write_down_collection(pickup)
            case "POST", ["pickups", name, "buy"]:
                return "book", name, 200, lambda: self.books.book(name, str(body.get("service")))
            case "POST", ["pickups", name, "cancel"]:
                return "unbook", name, 200, lambda: self.books.unbook(name)
        raise Refused(404, "NOT_FOUND")

    def _found(self, parts: list[str]) -> Parcel | Collection:
        kind, name = parts
        return self.books.find(name) if kind == "shipments" else self.books.find_collection(name)

    async def _do(
        self, writer: asyncio.StreamWriter, deed: tuple[str, str, int, Callable[[], Parcel | Collection]]
    ) -> bool:
        what, name, status, act = deed
        self.asked[what, name] = self.asked.get((what, name), 0) + 1
        mishap = self.plan(what, name, self.asked[what, name])
        if mishap in BEFORE:
            return _answer(writer, BEFORE[mishap][0], Refused(*BEFORE[mishap]).as_json())
        if mishap is Mishap.HUNG_UP:
            return False
        try:
            made = act()
        except Refused as refused:
            return _answer(writer, refused.status, refused.as_json())
        if mishap is Mishap.SILENT_AFTER:
            await asyncio.Event().wait()
        if mishap is Mishap.BROKEN_AFTER:
            return _answer(writer, 500, Refused(500, "INTERNAL_SERVER_ERROR").as_json())
        return _answer(writer, status, made.as_json(), cut=mishap is Mishap.CUT_AFTER)


def _answer(writer: asyncio.StreamWriter, status: int, body: Mapping[str, Any], *, cut: bool = False) -> bool:
    raw = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {len(raw)}\r\n\r\n"
    writer.write(head.encode() + (raw[: len(raw) // 2] if cut else raw))
    return not cut
