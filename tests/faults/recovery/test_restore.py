"""PostgreSQL restored from pg_basebackup while Kafka is ahead, and Kafka empty while PostgreSQL is ahead.

The steps are those of docs/operations.md, in that order. The provider's books, the mailbox and the topics say whether
anything was done twice.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from infra.demo.stage import SERVICES
from infra.local.topics import read_topics
from tests.faults.recovery.again import everything_on, publish_again
from tests.faults.recovery.drill import PATIENCE, Drill, lost_requests

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(1200)]


@pytest.mark.fault(18)
async def test_a_database_restored_while_kafka_is_ahead_does_nothing_twice_and_names_what_is_lost(
    drill: Drill, tmp_path: Path, server_rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """Refunds, goods and mails of the lost time are known again or held; each lost order to act is in the report."""
    first = len(drill.load.troubles)
    for number in range(1, server_rounds + 1):
        await _lose_and_recover(drill, tmp_path, number)
        await _refunds_closed(drill, first)
    record_property("rounds", server_rounds)


async def _lose_and_recover(drill: Drill, folder: Path, number: int) -> None:
    load, base = drill.load, folder / f"base{number}"
    await drill.orders(2)
    await drill.quiet()
    kept_commands, kept_troubles = len(load.commands), len(load.troubles)
    backup_at = await drill.backup(base)
    await drill.orders(4)
    await drill.quiet()
    lost_commands, lost_troubles = load.commands[kept_commands:], load.troubles[kept_troubles:]
    paid, mails, goods = drill.stage.provider.totals(), drill.mails(), await drill.goods()

    await drill.lose_postgres(base)
    drill.incarnation += 1
    code, said = await drill.job("returns", "relay")
    assert (code, "restored <instant" in said) == (2, True), said
    files = [folder / f"{name}.{number}.json" for name in SERVICES]
    before = await asyncio.gather(
        *(drill.job(n, "restored", backup_at.isoformat(), str(f)) for n, f in zip(SERVICES, files, strict=True))
    )
    assert [code for code, _ in before] == [0] * len(SERVICES), before
    code, said = await drill.job("returns", "effects")
    assert (code, "is not finished" in said) == (2, True), said
    consumers = [drill.component(name, "consumer") for name in SERVICES]
    await drill.start(*consumers)
    after = await asyncio.gather(*(drill.job(n, "recovered", str(f)) for n, f in zip(SERVICES, files, strict=True)))
    assert [code for code, _ in after] == [0] * len(SERVICES), after
    await drill.stop(consumer.name for consumer in consumers)
    await drill.start(*(drill.component(name) for name in SERVICES))
    await drill.quiet()

    remedies = {c.request_id for c in lost_commands if not c.method.endswith("/AddNote")}
    assert lost_requests(files) == remedies
    del load.commands[kept_commands:]
    assert await drill.judged() == []
    assert drill.stage.provider.totals() | {"asked": 0} == paid | {"asked": 0}
    assert (drill.mails(), await drill.goods()) == (mails, goods)

    for trouble in lost_troubles:  # decided again, under a key of this life: the ledger knows what was given
        await _decide_again(drill, trouble.case_id, trouble.remedy)
    await drill.quiet()
    assert drill.stage.provider.totals() | {"asked": 0} == paid | {"asked": 0}
    assert await drill.goods() == goods
    assert [n for n in drill.mails().values() if n > 1] == []


async def _decide_again(drill: Drill, case_id: str, rpc: str) -> None:
    """Or hear at once that it was done: the shop's and the provider's facts may have closed the case."""
    try:
        await drill.stage.call(
            drill.stage.as_("again", "agent"), "shipping_issues", rpc, case_id=case_id, request_id=str(uuid4())
        )
    except Exception as refused:
        assert "INTERNAL" not in repr(refused)


async def _refunds_closed(drill: Drill, first: int) -> None:
    """By order from this one on: what the provider carried out is what the ledger says has moved, and the statement
    closes."""
    for trouble in drill.load.troubles[first:]:
        books = drill.stage.provider.of_order(trouble.order_id)
        assert (trouble.order_id, await drill.refunded(trouble.order_id)) == (trouble.order_id, books["paid_out"])


async def _refunds_known(drill: Drill, first: int) -> bool:
    """What was to be paid from this order on is paid, and the ledger knows."""
    for trouble in drill.load.troubles[first:]:
        paid = drill.stage.provider.of_order(trouble.order_id)["paid_out"]
        if (trouble.remedy == "RequestRefund" and not paid) or await drill.refunded(trouble.order_id) != paid:
            return False
    return True


@pytest.mark.fault(18)
async def test_kafka_made_empty_while_postgresql_is_ahead_is_filled_again_and_nothing_is_done_twice(
    drill: Drill, server_rounds: int, record_property: Callable[[str, object], None]
) -> None:
    """A consumer was behind when the records went: what it missed arrives, and everything else is known."""
    first = len(drill.load.troubles)
    for _ in range(server_rounds):
        await drill.orders(2)
        await drill.quiet()
        await drill.stop(["notifications"])
        await drill.orders(2)  # published, and read by everybody but the customers' mails
        await drill.quiet(("returns", "shipping_issues", "quality_complaints"))
        # what a shop has not published yet when Kafka goes it publishes afterwards; this one's provider has no outbox
        await drill.stage.until(
            "every refund is paid and known", partial(_refunds_known, drill, first), patience=PATIENCE
        )
        paid, mails, goods = drill.stage.provider.totals(), drill.mails(), await drill.goods()
        facts = await everything_on(drill.kafka, [t.name for t in read_topics() if t.name.startswith("shop.")])
        await drill.lose_kafka()
        await drill.stop(["returns", "shipping_issues", "quality_complaints"])
        await drill.jobs("republish")
        await drill.start(*(drill.component(name) for name in SERVICES))
        await publish_again(drill.kafka, facts)
        await drill.quiet()
        assert drill.stage.provider.totals()["carried_out"] == paid["carried_out"]
        assert await drill.goods() <= goods
        after = drill.mails()
        assert ([id for id, n in after.items() if n > 1], mails <= after, len(after) > len(mails)) == ([], True, True)
        assert await drill.judged() == []
        await _refunds_closed(drill, first)
    record_property("rounds", server_rounds)
