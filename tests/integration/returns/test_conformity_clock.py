"""A lack of conformity from end to end on real PostgreSQL and gRPC, with the clock driven over Easter 2027 and beyond.

Good Friday is 26 March, on Easter Sunday the clock goes forward, Easter Monday is a day of rest: an answer that would
be due on Good Friday is due with the end of Tuesday, 30 March, at 22:00 in UTC. A repair makes the two years three.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import grpc
import pytest
import pytest_asyncio

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.integration.returns.counter import Counter
from tests.integration.returns.shop import SHOP, Shop
from tests.security.served import serving
from tests.unit.returns.build import eur, line

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

DELIVERED = datetime(2027, 3, 12, 15, tzinfo=UTC)
REPORTED = datetime(2027, 3, 21, 10, tzinfo=UTC)
ANSWER_BY = datetime(2027, 3, 30, 22, tzinfo=UTC)
PUT_RIGHT_BY = datetime(2027, 4, 20, 22, tzinfo=UTC)
TWO_YEARS = datetime(2029, 3, 12, 23, tzinfo=UTC)
THREE_YEARS = datetime(2030, 3, 12, 23, tzinfo=UTC)
UNIT = {"line_id": "l1", "unit": 1}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def counter(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counter]:
    owner = await asyncpg.connect(databases["returns"].migration_url)
    await owner.execute("INSERT INTO clock (origin, set_at, rate) VALUES ($1, now(), 0)", DELIVERED)
    await owner.close()
    issuer = Issuer.at(Path(tmp_path_factory.mktemp("tokens")))
    async with serving("returns", databases["returns"], issuer, parts.kafka_bootstrap, driven_clock=True) as served:
        found = Counter(Shop(served, issuer), issuer)
        for order_id in ("o-repaired", "o-ignored"):
            await found.shop.sold(order_id, line("l1", 1, final_sale=True), days_ago=0)
            taken = PaymentFact(PaymentKind.CAPTURED, f"cap-{order_id}", "card", eur(1000), DELIVERED)
            await found.paid(taken, order_id)
        yield found


async def seen(counter: Counter, id: str) -> Any:
    """The file as an agent sees it."""
    return (await counter.shop.call("GetConformity", role="agent", conformity_id=id)).conformity


def duties(known: Any) -> dict[str, str]:
    return {duty.name: duty.state for duty in known.duties}


async def test_a_lack_runs_over_easter_the_change_of_the_clock_and_a_repair(counter: Counter) -> None:
    """Answered in the last half hour; repaired; covered in the third year; ended, and paid by itself."""
    await counter.move(REPORTED)
    files = {}
    for order_id in ("o-repaired", "o-ignored"):
        reported = await counter.mine(
            "ReportMyLack", order_id=order_id, unit=UNIT, description="The zip is broken. Kim", sought="repair"
        )
        files[order_id] = reported.receipt.id
        assert (reported.conformity.rule, reported.conformity.burden) == ("covered", "seller")
        assert [duty.due_at.ToDatetime(UTC) for duty in reported.conformity.duties] == [ANSWER_BY, PUT_RIGHT_BY]
        assert reported.conformity.liable_until.ToDatetime(UTC) == TWO_YEARS
    repaired, ignored = files["o-repaired"], files["o-ignored"]

    await counter.move(ANSWER_BY - timedelta(minutes=30))
    assert duties(await seen(counter, repaired)) == {"answer": "open", "put_right": "open"}
    await counter.shop.call(
        "AcknowledgeLack", role="agent", conformity_id=repaired, severity="ordinary", reason="seen on the photo"
    )
    await counter.move(ANSWER_BY)
    assert duties(await seen(counter, ignored))["answer"] == "missed"
    escalated = await counter.shop.call("ListConformity", role="agent", filter='queue = "escalations"')
    assert [row.conformity_id for row in escalated.files] == [ignored]

    await counter.shop.call("StartRemedy", role="agent", conformity_id=repaired, goods_needed=True)
    assert duties(await seen(counter, repaired)) == {"answer": "done", "send": "open", "put_right": "withheld"}
    asked = await counter.mine("RequestMyLabel", rma_id=repaired, paperless=True)
    listed = (await seen(counter, repaired)).labels
    assert [(one.label_id, one.state, one.maker) for one in listed] == [
        (asked.receipt.facts["label_id"], "requested", "shop")
    ]
    mine = (await counter.mine("GetMyConformity", conformity_id=repaired)).conformity
    assert [(one.label_id, one.state, one.maker) for one in mine.labels] == [(listed[0].label_id, "requested", "")]
    with pytest.raises(grpc.aio.AioRpcError, match="is requested"):
        await counter.shop.call("IssueLabel", role="agent", rma_id=repaired)
    with pytest.raises(grpc.aio.AioRpcError, match="not needed"):
        await counter.shop.call("IssueLabel", role="agent", rma_id=ignored)
    await counter.move(ANSWER_BY + timedelta(days=2))
    await counter.mine("RecordMyLackGoodsSent", conformity_id=repaired, carrier="dhl", tracking_number="T1")
    listed = await counter.shop.call("SearchUnits", role="agent", filter='kind = "conformity"', order_by="due")
    assert [(unit.case_id, unit.authorisation, unit.goods) for unit in listed.units] == [
        (ignored, "requested", "with_customer"),
        (repaired, "authorised", "handed_over"),
    ]
    scanned = await counter.shop.call("ScanParcel", role="warehouse", shop_id=SHOP, code="T1")
    assert [(one.case_id, one.kind, one.units[0].awaited) for one in scanned.expected] == [
        (repaired, "conformity", True)
    ]
    await counter.move(PUT_RIGHT_BY - timedelta(days=10))
    await counter.shop.call(
        "RecordRemedyOutcome", role="warehouse", conformity_id=repaired, done=True, reference="workshop-7"
    )
    mine = (await counter.mine("GetMyConformity", conformity_id=repaired)).conformity
    assert (mine.state, mine.liable_until.ToDatetime(UTC), mine.queue) == ("put_right", THREE_YEARS, "")

    await counter.move(PUT_RIGHT_BY)
    late = await seen(counter, ignored)
    assert (duties(late)["put_right"], list(late.money_rules)) == ("missed", ["late"])
    ended = await counter.mine("TerminateMyContract", conformity_id=ignored)
    assert ended.receipt.facts["state"] == "awaiting_return"

    await counter.move(TWO_YEARS + timedelta(days=80))
    again = await counter.mine(
        "ReportMyLack", order_id="o-repaired", unit=UNIT, description="The zip is broken again. Kim"
    )
    assert (again.conformity.rule, again.conformity.burden, again.conformity.lack_number) == ("covered", "customer", 2)
    await counter.shop.call(
        "AcknowledgeLack", role="agent", conformity_id=repaired, severity="ordinary", reason="the same zip"
    )
    await counter.mine("TerminateMyContract", conformity_id=repaired)
    await counter.mine("RecordMyLackGoodsSent", conformity_id=repaired, carrier="dhl", tracking_number="T2")
    owed = await seen(counter, repaired)
    (planned,) = owed.refunds
    assert (owed.state, planned.amount.minor_units) == ("repaying", 1000)
    at = counter.served.stores.clock.now()
    key = f"{planned.refund_id}.1"
    await counter.paid(PaymentFact(PaymentKind.REFUNDED, "re-1", "card", eur(1000), at, key, "re-1"), "o-repaired")
    over = await counter.mine("GetMyConformity", conformity_id=repaired)
    assert (over.conformity.state, over.conformity.repaid.minor_units) == ("termination", 1000)
    pool = counter.served.stores.pool
    waiting = await pool.fetch("SELECT subject FROM timers WHERE kind = 'duty_due'")
    assert repaired not in {str(row["subject"]) for row in waiting}
    assert await pool.fetchval("SELECT count(*) FROM events WHERE position('Kim'::bytea in state) > 0") == 0
