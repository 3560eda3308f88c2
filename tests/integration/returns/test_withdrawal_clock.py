"""A withdrawal from end to end on real PostgreSQL and gRPC, with the clock driven over Easter 2027.

Good Friday is 26 March, on Easter Sunday the clock goes forward, Easter Monday is a day of rest: a period that would
end on Good Friday ends on Tuesday, 30 March, at 22:00 in UTC.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.integration.returns.counter import Counter
from tests.integration.returns.shop import Shop
from tests.security.served import serving
from tests.unit.returns.build import eur, line, shipping

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

DELIVERED = datetime(2027, 3, 12, 15, tzinfo=UTC)
LAST_HALF_HOUR = datetime(2027, 3, 30, 21, 30, tzinfo=UTC)
OVER = datetime(2027, 3, 30, 22, tzinfo=UTC)
SEND_BACK_BY = REPAY_BY = datetime(2027, 4, 13, 22, tzinfo=UTC)


async def seen(counter: Counter, withdrawal_id: str) -> Any:
    """The withdrawal as an agent sees it."""
    return await counter.shop.call("GetWithdrawal", role="agent", withdrawal_id=withdrawal_id)


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
        for order_id in ("o-in-time", "o-late"):
            await found.shop.sold(order_id, line("l1", 2), days_ago=0, components=(shipping(490),))
            taken = PaymentFact(PaymentKind.CAPTURED, f"cap-{order_id}", "card", eur(2490), DELIVERED)
            await found.paid(taken, order_id)
        yield found


def states(known: Any) -> list[tuple[str, str]]:
    return [(duty.name, duty.state) for duty in known.withdrawal.duties]


async def test_a_withdrawal_runs_over_easter_and_the_change_of_the_clock(counter: Counter) -> None:
    """In time in the last half hour and not after it; duties with dates, missed in turn; escalated; paid; over."""
    await counter.move(LAST_HALF_HOUR)
    declared = await counter.mine("DeclareMyWithdrawal", order_id="o-in-time", statement="I withdraw. Kim")
    id = declared.receipt.id
    assert (declared.declared.state, declared.declared.HasField("noticed_at")) == ("declared", False)
    confirmed = (await counter.mine("ConfirmMyWithdrawal", withdrawal_id=id)).acknowledgement
    assert confirmed.noticed_at.ToDatetime(UTC) == confirmed.acknowledged_at.ToDatetime(UTC) == LAST_HALF_HOUR
    assert (confirmed.statement, confirmed.whole) == ("I withdraw. Kim", True)
    assert {(u.unit.unit, u.rule) for u in confirmed.units} == {(1, "effective"), (2, "effective")}
    assert "moved from 2027-03-26" in confirmed.units[0].explanation
    assert confirmed.duties[0].due_at.ToDatetime(UTC) == SEND_BACK_BY

    home = {"recipient": "Kim", "lines": ["Lindenweg 4"], "city": "Bonn", "postal_code": "53111", "country": "DE"}
    asked = await counter.mine("RequestMyLabel", rma_id=id, sender=home, paperless=True)
    (listed,) = (await seen(counter, id)).withdrawal.labels
    assert (listed.label_id, listed.state) == (asked.receipt.facts["label_id"], "requested")
    (shown,) = (await counter.mine("GetMyWithdrawal", withdrawal_id=id)).withdrawal.labels
    assert (shown.label_id, shown.maker) == (listed.label_id, "")

    await counter.move(OVER)
    late = await counter.shop.call("GiveWithdrawalNotice", role="agent", order_id="o-late", channel="phone")
    ruled = (await seen(counter, late.receipt.id)).withdrawal
    assert ({u.rule for u in ruled.units}, ruled.state) == ({"out_of_time"}, "goodwill")
    goodwill = await counter.shop.call("GetCase", role="agent", case_id=ruled.return_id)
    assert len(getattr(goodwill, "return").units) == 2
    dispatched = await counter.shop.call(
        "GiveWithdrawalNotice",
        role="agent",
        order_id="o-late",
        channel="letter",
        noticed_at=LAST_HALF_HOUR,
        validate_only=True,
    )
    assert dispatched.receipt.facts["effective"] == "2"  # a letter counts from when it was posted

    await counter.move(SEND_BACK_BY - timedelta(microseconds=1))
    assert states(await seen(counter, id)) == [("send_back", "open"), ("repay", "withheld")]
    await counter.move(SEND_BACK_BY)
    assert states(await seen(counter, id)) == [("send_back", "missed"), ("repay", "withheld")]

    proven = SEND_BACK_BY + timedelta(hours=11)
    await counter.move(proven)
    await counter.mine("RecordMyProofOfSending", withdrawal_id=id, carrier="dhl", tracking_number="T1")
    await counter.move(proven + timedelta(hours=1))
    owed = await seen(counter, id)
    assert states(owed) == [("send_back", "done"), ("repay", "done")]
    assert [entry.what for entry in owed.story][:2] == ["WithdrawalDeclared", "NoticeGiven"]
    (planned,) = owed.withdrawal.repayments  # by itself, in the unit that took the proof
    assert (planned.amount.minor_units, owed.withdrawal.state) == (2490, "repaying")
    await counter.move(proven + timedelta(days=1))
    escalated = await counter.shop.call("ListWithdrawals", role="agent", filter='queue = "escalations"')
    assert list(escalated.withdrawals) == []

    key = f"{planned.refund_id}.1"
    at = counter.served.stores.clock.now()
    settled = PaymentFact(PaymentKind.REFUNDED, "re-1", "card", eur(2490), at, key, "re-1")
    await counter.paid(settled, "o-in-time")
    over = await counter.mine("GetMyWithdrawal", withdrawal_id=id)
    assert (over.withdrawal.state, over.withdrawal.repaid.minor_units, over.withdrawal.queue) == ("repaid", 2490, "")
    pool = counter.served.stores.pool
    assert await pool.fetchval("SELECT count(*) FROM timers WHERE kind = 'duty_due'") == 0
    assert await pool.fetchval("SELECT count(*) FROM events WHERE position('Kim'::bytea in state) > 0") == 0
