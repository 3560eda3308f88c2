"""A shop's policy by rpc: refused by line and column, stored once, explained, compared, and tried on the past."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from services.returns.policies import default_text
from services.returns.what_if import job
from tests.integration.returns.shop import SHOP, Shop
from tests.security.served import serving
from tests.unit.returns.build import line

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    issuer = Issuer.at(Path(tmp_path_factory.mktemp("tokens")))
    async with serving("returns", databases["returns"], issuer, parts.kafka_bootstrap) as served:
        found = Shop(served, issuer)
        await found.sold("o-us", line("l1", 2), country="US", time_zone="America/New_York")
        await found.sold("o-late", line("l1"), days_ago=20, country="US", time_zone="America/New_York")
        await found.sold("o-de", line("l1"))
        for order_id in ("o-us", "o-late", "o-de"):
            await found.asked(order_id)
        yield found


def policy(version: str, *changes: tuple[str, str]) -> str:
    text = default_text().replace('version: "3"', f'version: "{version}"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def at(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


async def refusal(call: Any) -> tuple[grpc.StatusCode, str, list[tuple[str, str]]]:
    """Code, reason, and the violations' fields with their reasons."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]  # it reads the same trailers
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details if status else ():
        for kind in (info, bad):
            if detail.Is(kind.DESCRIPTOR):
                detail.Unpack(kind)
    return refused.value.code(), info.reason, [(v.field, v.reason) for v in bad.field_violations]


async def events(shop: Shop) -> int:
    return int(await shop.served.stores.pool.fetchval("SELECT count(*) FROM events"))


async def test_a_policy_with_mistakes_is_refused_with_the_line_and_column_of_each(shop: Shop) -> None:
    """Every mistake is a violation of its own; nothing is written, also where only the law says no."""
    before = await events(shop)
    text = policy("3", ("days: 30", "days: thirty"), ("accepted:", "acepted:"))
    code, reason, fields = await refusal(shop.call("ActivatePolicy", shop_id=SHOP, text=text))
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_POLICY")
    assert fields == [
        ("policy:25:11 clauses[0].days", "NOT_A_NUMBER"),
        ("policy:33:5 clauses[3]", "MISSING"),
        ("policy:36:5 clauses[3].acepted", "UNKNOWN_KEY"),
    ]
    unlawful = policy("3", ("countries: *eu", "countries: [AT]"))
    code, reason, fields = await refusal(shop.call("ActivatePolicy", shop_id=SHOP, text=unlawful))
    assert {why for _, why in fields} == {"LAW_STANDS_ABOVE"}
    assert await events(shop) == before


async def test_many_mistakes_do_not_make_a_status_that_no_client_takes(shop: Shop) -> None:
    """Three hundred unknown keys: as many are told as fit into trailers, and how many are left."""
    text = policy("3") + "".join(f"what_is_this_{n}: 1\n" for n in range(300))
    _, reason, fields = await refusal(shop.call("ActivatePolicy", shop_id=SHOP, text=text))
    assert (reason, fields[-1][1]) == ("INVALID_POLICY", "MORE")
    linted = await shop.call("LintPolicy", role="agent", text=text)
    assert (len(linted.problems), linted.valid) == (300, False)


async def test_a_version_is_stored_once_and_governs_orders_from_its_instant(shop: Shop) -> None:
    """A dry run writes nothing; the same request again is the same version; another under its name is refused."""
    text = policy("4", ("days: 30", "days: 45"))
    before = await events(shop)
    begins = datetime.now(UTC) + timedelta(hours=1)
    values: dict[str, Any] = {"shop_id": SHOP, "text": text, "active_from": at(begins), "request_id": "once"}
    await shop.call("ActivatePolicy", validate_only=True, **values)
    assert await events(shop) == before
    first = await shop.call("ActivatePolicy", **values)
    assert first.receipt.facts["version"] == "4"
    again = await shop.call("ActivatePolicy", **values)
    assert (again.receipt, await events(shop)) == (first.receipt, before + 1)
    code, reason, fields = await refusal(shop.call("ActivatePolicy", shop_id=SHOP, text=text))
    assert (code, reason, fields) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID", [("version", "INVALID")])
    listed = await shop.call("GetPolicyVersions", role="agent", shop_id=SHOP)
    assert [(v.version, v.in_force, v.adopted_by) for v in listed.versions] == [
        ("3", True, "system"),
        ("4", False, "a-supervisor"),
    ]
    told = await shop.call("GetPolicy", role="agent", shop_id=SHOP, version="4")
    assert told.text == text


async def test_only_a_supervisor_of_the_shop_puts_a_policy_in_force(shop: Shop) -> None:
    """An agent is refused by role; a supervisor of another shop is told that there is no such shop."""
    before = await events(shop)
    code, _, _ = await refusal(shop.call("ActivatePolicy", role="agent", shop_id=SHOP, text=policy("9")))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    for rpc in ("ActivatePolicy", "WhatIf"):
        code, _, _ = await refusal(shop.call(rpc, shops=("s2",), shop_id=SHOP, text=policy("9")))
        assert code is grpc.StatusCode.NOT_FOUND
    assert await events(shop) == before


async def test_a_policy_is_explained_over_an_order_without_opening_anything(shop: Shop) -> None:
    """By the version that governs, and by a text nobody stored, clause by clause and in both readers' words."""
    before = await events(shop)
    item = {"line_id": "l1", "quantity": 1, "reason": "too_small", "stated_condition": "used"}
    answer = await shop.call("ExplainPolicy", role="agent", order_id="o-us", items=[item])
    (unit,) = answer.units
    assert (answer.version, unit.outcome, unit.clause_id) == ("3", "decline", "condition")
    assert unit.customer_text == "It can only come back in the condition that our policy names."
    assert {c.clause_id: c.verdict for c in unit.clauses}["window"] == "allows"
    kinder = policy("5", ("accepted: [sealed, opened]", "accepted: [sealed, opened, used]"))
    answer = await shop.call("ExplainPolicy", role="agent", order_id="o-us", items=[item], text=kinder)
    assert (answer.version, answer.units[0].outcome) == ("5", "authorise")
    assert await events(shop) == before


async def test_versions_are_told_apart_thing_by_thing(shop: Shop) -> None:
    answer = await shop.call("DiffPolicies", role="agent", shop_id=SHOP, text=policy("6", ("days: 30", "days: 10")))
    assert [(c.kind, c.subject, c.field, c.before, c.after) for c in answer.changes] == [
        ("changed", "clause window", "days", "30", "10"),
        ("changed", "policy", "version", "3", "6"),
    ]


async def test_what_if_tells_what_would_change_and_what_it_cannot_know(shop: Shop) -> None:
    """Ten days instead of thirty: the late American is declined, nobody else; nothing is stored."""
    before = await events(shop)
    told = await shop.call("WhatIf", shop_id=SHOP, text=policy("7", ("days: 30", "days: 10")))
    report = told[-1].report
    assert [message.HasField("report") for message in told[:-1]] == [False] * (len(told) - 1)
    assert (report.decisions, report.units, report.changed_units) == (3, 3, 1)
    (transition,) = report.transitions
    assert (transition.before, transition.after, transition.units) == ("authorise", "decline", 1)
    assert [(m.minor_units, m.currency) for m in report.more_authorised] == [(-1000, "EUR")]
    (example,) = report.examples
    assert (example.before_clause, example.after_clause) == ("window", "window")
    assert (report.customers, report.customers_worse, report.customers_better) == (1, 1, 0)
    assert any("did not ask" in unknown.what for unknown in report.unknowns)
    assert await events(shop) == before


async def test_a_what_if_whose_caller_goes_leaves_no_process_and_lets_the_next_begin(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker of a caller that leaves is killed at once, not left to find its input at an end, and the next what-if
    is answered."""
    started: list[asyncio.subprocess.Process] = []
    spawn = asyncio.create_subprocess_exec

    async def spying(*words: Any, **values: Any) -> asyncio.subprocess.Process:
        started.append(await spawn(*words, **values))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spying)
    with monkeypatch.context() as endless:  # on a busy machine three decisions are done before the leaving is heard of
        endless.setattr(job, "WORKER", ("-c", "import time; time.sleep(30)"))
        call = asyncio.create_task(shop.call("WhatIf", shop_id=SHOP, text=policy("8")))
        while not started:
            await asyncio.sleep(0.01)
        call.cancel()
        assert await started[0].wait() == -signal.SIGKILL
    told = await shop.call("WhatIf", shop_id=SHOP, text=policy("8"))
    assert (told[-1].report.decisions, await started[1].wait()) == (3, 0)


async def test_a_worker_that_dies_is_told_as_lost_work_and_not_an_endless_wait(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it had ended before it was written to, or while it was waited for; the next is answered."""
    with monkeypatch.context() as broken:
        broken.setattr(job, "WORKER", ("-c", "raise SystemExit(3)"))
        for _ in range(5):
            code, reason, _ = await refusal(shop.call("WhatIf", shop_id=SHOP, text=policy("8")))
            assert (code, reason) == (grpc.StatusCode.UNAVAILABLE, "WORK_LOST")
    told = await shop.call("WhatIf", shop_id=SHOP, text=policy("8"))
    assert told[-1].report.decisions == 3


async def test_the_policy_in_force_is_published_for_customers(shop: Shop) -> None:
    """A page with what decides, and schema.org's words; how the shop works inside is on neither."""
    answer = await shop.call(
        "GetPublishedPolicy", role="service", shop_id=SHOP, country="DE", url="https://shop/returns"
    )
    assert "You have 30 days from delivery to ask." in answer.page
    assert "Directive 2011/83/EU" in answer.page and "automatic" not in answer.page
    ld = json.loads(answer.json_ld)
    assert ld["@type"] == "MerchantReturnPolicy"
    assert (ld["merchantReturnDays"], ld["applicableCountry"]) == (30, ["DE"])
    assert ld["returnFees"] == "https://schema.org/FreeReturn"
