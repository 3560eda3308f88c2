"""A withdrawal from end to end on real PostgreSQL and gRPC, with the clock driven over Easter 2027.

Good Friday is 26 March, on Easter Sunday the clock goes forward, Easter Monday is a day of rest: a period that would
end on Good Friday ends on Tuesday, 30 March, at 22:00 in UTC.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from google.protobuf.message_factory import GetMessageClass

from chassis.clock import DrivenClock
from chassis.timers import Timers
from chassis.work import SYSTEM, Work
from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.integration.returns.shop import SHOP, Shop
from tests.security.served import serving
from tests.unit.returns.build import eur, line, shipping

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

DELIVERED = datetime(2027, 3, 12, 15, tzinfo=UTC)
LAST_HALF_HOUR = datetime(2027, 3, 30, 21, 30, tzinfo=UTC)
OVER = datetime(2027, 3, 30, 22, tzinfo=UTC)
SEND_BACK_BY = REPAY_BY = datetime(2027, 4, 13, 22, tzinfo=UTC)


class Counter:
    """The shop's customer and its desk, on one driven clock."""

    def __init__(self, shop: Shop, issuer: Issuer) -> None:
        self.shop, self.served, self._issuer = shop, shop.served, issuer
        stores, handlers = self.served.stores, self.served.wiring.timer_handlers
        self._timers = Timers(stores.connect, stores.pool, stores.units, handlers, stores.clock)

    async def mine(self, rpc: str, **values: Any) -> Any:
        """One rpc of the customer whose orders these are."""
        path = next(path for path in self.served.methods if path.endswith(f"/{rpc}"))
        kind = self.served.methods[path].input_type
        own = {"request_id": str(uuid4())} if "request_id" in kind.fields_by_name else {}
        request: Any = GetMessageClass(kind)(**own, **values)
        return await self.served.call(path, request, self._issuer.issue("c1", ["customer"], [SHOP], "c1"))

    async def move(self, to: datetime) -> None:
        """The business clock stands at `to`, and every timer that is due by then has fired."""
        clock = self.served.stores.clock
        assert isinstance(clock, DrivenClock)
        connection = await self.served.stores.connect()
        try:
            await clock.drive(connection, to=to, rate=0)
        finally:
            await connection.close()
        while await self._timers.fire_due():
            pass

    async def paid(self, fact: PaymentFact, order_id: str) -> None:
        """The payment system tells something."""

        async def told(work: Work) -> None:
            await self.shop.app.payment_told(work, SHOP, order_id, fact)

        await self.served.stores.units.run(told, actor=SYSTEM, cause="test")

    async def seen(self, withdrawal_id: str) -> Any:
        """The withdrawal as an agent sees it."""
        return await self.shop.call("GetWithdrawal", role="agent", withdrawal_id=withdrawal_id)


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

    await counter.move(OVER)
    late = await counter.shop.call("GiveWithdrawalNotice", role="agent", order_id="o-late", channel="phone")
    ruled = (await counter.seen(late.receipt.id)).withdrawal
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
    assert states(await counter.seen(id)) == [("send_back", "open"), ("repay", "withheld")]
    await counter.move(SEND_BACK_BY)
    assert states(await counter.seen(id)) == [("send_back", "missed"), ("repay", "withheld")]

    proven = SEND_BACK_BY + timedelta(hours=11)
    await counter.move(proven)
    await counter.mine("RecordMyProofOfSending", withdrawal_id=id, carrier="dhl", tracking_number="T1")
    await counter.move(proven + timedelta(hours=1))
    owed = await counter.seen(id)
    assert states(owed) == [("send_back", "done"), ("repay", "open")]
    assert owed.withdrawal.duties[1].due_at.ToDatetime(UTC) == proven + timedelta(days=1)
    assert [a.rpc for a in owed.next_actions if a.recommended] == ["RepayWithdrawal"]

    await counter.move(proven + timedelta(days=1))
    escalated = await counter.shop.call("ListWithdrawals", role="agent", filter='queue = "escalations"')
    assert [row.withdrawal_id for row in escalated.withdrawals] == [id]
    assert [entry.what for entry in owed.story][:2] == ["WithdrawalDeclared", "NoticeGiven"]

    paid = await counter.shop.call("RepayWithdrawal", role="agent", withdrawal_id=id)
    assert paid.receipt.facts["amount"] == "2490 EUR"
    key = f"{paid.receipt.facts['refund_id']}.1"
    at = counter.served.stores.clock.now()
    settled = PaymentFact(PaymentKind.REFUNDED, "re-1", "card", eur(2490), at, key, "re-1")
    await counter.paid(settled, "o-in-time")
    over = await counter.mine("GetMyWithdrawal", withdrawal_id=id)
    assert (over.withdrawal.state, over.withdrawal.repaid.minor_units, over.withdrawal.queue) == ("repaid", 2490, "")
    pool = counter.served.stores.pool
    assert await pool.fetchval("SELECT count(*) FROM timers WHERE kind = 'duty_due'") == 0
    assert await pool.fetchval("SELECT count(*) FROM events WHERE position('Kim'::bytea in state) > 0") == 0
