"""Fault 12: records that cannot be read, decided or stored, among good ones under load, on a whole service.

On the topic of the shop only the record itself parks. On our own what follows with its key waits, until a redrive puts
it in order again. Types that nobody consumes are counted. A refusal of the database costs one unit, not its batch.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
import pytest
from aftercare.admin.v1 import admin_pb2, admin_pb2_grpc
from aftercare.orders.v1.answers_pb2 import RefundLookupAnswered, RequestAccepted, RequestDone, RequestRefused
from aftercare.returns.v1 import service_pb2

from tests.faults.callers import AT, Callers, attributes, said
from tests.faults.load import reason_of
from tests.faults.oracle import Published
from tests.faults.rig import Running, Small, until
from tests.faults.small.wiring import MENDED, OURS, SHOP, account_id, mirror_id

pytestmark = [pytest.mark.timeout(600)]

Note = Callable[[str, object], None]
STRANGER = "/stranger"
ACCEPTED = RequestAccepted.DESCRIPTOR.full_name
LONG = "x" * 110
"""Within the contract, and longer than its column."""

SENT_TOGETHER = 24


def poison(seed: str, name: str) -> list[tuple[str, bytes | None, list[tuple[str, bytes]]]]:
    """(reason it must be parked for, value, headers), each a fact of its own about `name`."""
    good = said(RequestAccepted, name, f"{seed}-never").SerializeToString()
    plain = dict(attributes(ACCEPTED, ""))

    def marked(ce_type: str = ACCEPTED, **changed: bytes) -> list[tuple[str, bytes]]:
        more = {key.replace("_type", "-type"): value for key, value in changed.items()}
        return list({**plain, **dict(attributes(ce_type, str(uuid4()))), **more}.items())

    refused = said(RequestRefused, name, f"{seed}-raises", reason="whatever").SerializeToString()
    return [
        ("UNDECODABLE", b"\xff\xff\xff not a message", marked()),
        ("NO_VALUE", None, marked()),
        ("CONTENT_TYPE", good, marked(content_type=b"text/plain")),
        ("NOT_A_CLOUDEVENT", good, [(key, value) for key, value in marked() if key != "ce_type"]),
        ("INVALID_MESSAGE", RequestAccepted(order_id=name, occurred_at=AT).SerializeToString(), marked()),
        ("RuntimeError", refused, marked(RequestRefused.DESCRIPTOR.full_name)),
        ("UNSTORABLE", said(RequestAccepted, f"{name}\0nul", f"{name}-nul").SerializeToString(), marked()),
        ("DATA_REFUSED", said(RequestAccepted, f"{name}-{LONG}", f"{name}-long").SerializeToString(), marked()),
    ]


async def parked(small: Small, topic: str) -> list[tuple[str, str, Any]]:
    async with small.connected() as db:
        rows = await db.fetch("SELECT key, reason, id FROM parked WHERE topic = $1 ORDER BY seq", topic)
    return [(row["key"].decode(), row["reason"], row["id"]) for row in rows]


@pytest.mark.fault(12, short=True)
async def test_poison_of_the_shop_parks_alone_and_what_nobody_consumes_is_counted(
    small: Small, seed: str, record_property: Note
) -> None:
    """Every kind of poison between good facts of the same key: each parks for its reason, all good are applied."""
    process = await small.start("all")
    names = [f"{seed}-p{n}" for n in range(3)]
    expected, good, unknown = [], dict.fromkeys(names, 0), 0
    async with Callers(small, [process], seed) as callers:
        load = asyncio.ensure_future(callers.some(80))
        for name in names:
            for number, (reason, value, headers) in enumerate(poison(seed, name)):
                await callers.send(SHOP, name, value, headers)
                expected.append((name, reason))
                told = {key: raw.decode() for key, raw in headers}
                small.facts.append(Published(SHOP, told["ce_source"], told["ce_id"], told.get("ce_type", "")))
                await callers.publish(SHOP, name, said(RequestAccepted, name, f"{name}-{number}"))
                good[name] += 1
            nobodys = said(RefundLookupAnswered, name, "x", lookup_id="x", outcome=1)
            await callers.publish(SHOP, name, nobodys)
            unknown += 1
        await load
        await small.settled()
        assert await process.ready()
        assert sorted((key, reason) for key, reason, _ in await parked(small, SHOP)) == sorted(expected)
        for name in names:
            assert len(await small.told("Account", account_id, name)) == good[name]
            assert await small.told("Mirror", mirror_id, name) == await small.told("Account", account_id, name)
        async with small.connected() as db:
            seen = await db.fetch("SELECT topic, ce_type, seen FROM ignored_types")
        assert [tuple(row) for row in seen] == [(SHOP, RefundLookupAnswered.DESCRIPTOR.full_name, unknown)]
    assert await small.judged() == []
    record_property("records parked", len(expected))
    record_property("unknown records counted", unknown)


@pytest.mark.fault(12, short=True)
async def test_on_our_own_topic_a_key_waits_behind_its_poison_until_a_redrive(
    small: Small, seed: str, record_property: Note
) -> None:
    """Others flow; what waits follows in its order once its head is mended or given up, also what comes meanwhile."""
    process = await small.start("all")
    mended, given_up, others = [f"{seed}-m{n}" for n in range(2)], f"{seed}-g", [f"{seed}-o{n}" for n in range(3)]
    async with Callers(small, [process], seed) as callers:

        async def tell(name: str, number: int) -> None:
            message = said(RequestDone, name, f"{name}-{number}")
            await callers.publish(OURS, name, message, source=STRANGER)

        load = asyncio.ensure_future(callers.some(80))
        for name in (*mended, given_up, *others):
            await tell(name, 1)
        for name in mended:
            await callers.publish(OURS, name, said(RequestAccepted, name, f"{name}-2"), source=STRANGER)
        headers = attributes(RequestDone.DESCRIPTOR.full_name, str(uuid4()), STRANGER)
        await callers.send(OURS, given_up, b"\xff\xff", headers)
        for number in (3, 4):
            for name in (*mended, given_up, *others):
                await tell(name, number)
        await load
        await small.settled()
        for name in (*mended, given_up):
            assert await small.told("Mirror", mirror_id, name) == [f"{name}-1"]
        for name in others:
            assert await small.told("Mirror", mirror_id, name) == [f"{name}-{number}" for number in (1, 3, 4)]
        found = await parked(small, OURS)
        heads = [key for key, reason, _ in found if reason != "BEHIND_PARKED"]
        assert (sorted(heads), len(found)) == (sorted([*mended, given_up]), 3 * (len(mended) + 1))

        async def more() -> None:
            for number in (5, 6):
                for name in (*mended, given_up):
                    await tell(name, number)

        arriving = asyncio.ensure_future(more())
        await _settle(small, callers, process, found)
        await arriving

        async def free() -> bool:
            return not await parked(small, OURS)

        await until("nothing waits any more", free)
        await small.settled()
    for name in mended:
        assert await small.told("Mirror", mirror_id, name) == [f"{name}-{number}" for number in range(1, 7)]
    assert await small.told("Mirror", mirror_id, given_up) == [f"{given_up}-{number}" for number in (1, 3, 4, 5, 6)]
    assert await small.judged() == []
    record_property("keys held back", len(mended) + 1)


async def _settle(small: Small, callers: Callers, process: Running, found: list[tuple[str, str, Any]]) -> None:
    """An operator mends what can be mended, and gives up what nobody can read."""
    stub = admin_pb2_grpc.AdminServiceStub(small.channel(process.grpc))
    token = (("authorization", f"Bearer {small.issuer.issue('ops', ['operator'])}"),)
    for key, reason, id in found:
        named = {"request_id": str(uuid4()), "parked_id": str(id), "reason": "looked at it"}
        if reason == "RuntimeError":
            repaired = said(RequestAccepted, key, f"{key}-2", reference=MENDED).SerializeToString()
            asked = admin_pb2.RedriveParkedRequest(replacement_value=repaired, **named)
            await stub.RedriveParked(asked, metadata=token, timeout=60)
        elif reason == "UNDECODABLE":
            await stub.DiscardParked(admin_pb2.DiscardParkedRequest(**named), metadata=token, timeout=60)


@pytest.mark.fault(12, short=True)
async def test_what_the_database_refuses_costs_its_own_unit_and_not_its_batch(
    small: Small, seed: str, record_property: Note
) -> None:
    """One order with a NUL and one with an oversized text, sent together with good ones: both are refused by name."""
    process = await small.start("all")
    async with Callers(small, [process], seed) as callers:
        await callers.some(20)
        bad = [(f"{seed}-nul", f"{seed}\0nul"), (LONG, f"{seed}-long")]
        requests = [
            service_pb2.CancelReturnRequest(request_id=str(uuid4()), rma_id=name, reason=note) for name, note in bad
        ]
        together = [callers.command(f"{seed}-t{n}", f"{seed}-t{n}") for n in range(SENT_TOGETHER)]
        refusals, _ = await asyncio.gather(
            asyncio.gather(*(_refused(callers, request) for request in requests)), asyncio.gather(*together)
        )
    assert refusals == [("INVALID_ARGUMENT", "UNSTORABLE")] * 2
    await small.settled()
    for name, _ in bad:
        assert await small.told("Account", account_id, name) == []
    assert await small.judged() == []
    record_property("sent together", SENT_TOGETHER + len(bad))


async def _refused(callers: Callers, request: service_pb2.CancelReturnRequest) -> tuple[str, str]:
    try:
        await callers.ask(request)
    except grpc.aio.AioRpcError as error:
        return error.code().name, reason_of(error)
    return "OK", ""
