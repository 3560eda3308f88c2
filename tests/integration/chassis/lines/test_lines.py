"""Whatever asks for a decision, a line written inside it says which case, request and correlation it belongs to."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import structlog
from aftercare.compensation.v1 import answers_pb2

from chassis.cloudevents import Arrived, headers_of
from chassis.domain import NotFound, derived_id
from chassis.effects.effect import effect_id
from chassis.effects.role import EffectRole
from chassis.ids import new_id
from chassis.inbox.deciding import Decider
from chassis.inbox.entries import Reader
from chassis.inbox.lease import Lease, Place
from chassis.inbox.parking import ParkedIndex
from chassis.leader import Leader
from chassis.service import Attempt, EffectChanged, FiredTimer, ProviderAnswer, Receipt, Record, Subscription, Succeeded
from chassis.telemetry import about
from chassis.timers import Timers
from chassis.work import SYSTEM, Work
from tests.integration.chassis.example import Account
from tests.integration.chassis.kernel import Kernel
from tests.lines import Lines

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def say(event: str) -> None:
    structlog.get_logger("ours").info(event)


def said(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line.get(name) for name in ("case", "request", "correlation"))


async def opened(kernel: Kernel, *, due_at: datetime | None = None, effect: str = "") -> UUID:
    id = new_id()

    async def decide(work: Work) -> None:
        work.add(Account.open(id, limit=100, at=work.now)).want_reminder(due_at, at=work.now)
        if effect:
            await work.plan_effect("mail", effect, subject=id, body={})

    await kernel.units.run(decide, actor=SYSTEM, cause="test")
    return id


async def test_a_command_names_its_aggregate_and_what_its_call_told(kernel: Kernel, lines: Lines) -> None:
    """A decision without a call is named by its own request; afterwards nothing is named."""
    account, key = await opened(kernel), new_id()

    async def decide(work: Work) -> Receipt:
        say("decided")
        return Receipt(str(account))

    with about(request="r-1", correlation="x-1"):
        await kernel.units.run(decide, actor=SYSTEM, cause="request:r-1", request=(new_id(), key), on=account)
    await kernel.units.run(decide, actor=SYSTEM, cause="job", request=(key, key), on=account)
    say("after")
    called, alone = lines.of("decided")
    assert (*said(called), called["cause"]) == (str(account), "r-1", "x-1", "request:r-1")
    assert (*said(alone), alone["cause"]) == (str(account), str(key), str(key), "job")
    (after,) = lines.of("after")
    assert said(after) == (None, None, None)


async def test_a_decision_that_raises_leaves_nothing_named(kernel: Kernel, lines: Lines) -> None:
    """The caller's next line is about something else."""

    async def decide(work: Work) -> None:
        await work.get(Account, new_id())

    with pytest.raises(NotFound):
        await kernel.units.run(decide, actor=SYSTEM, cause="job", on=new_id())
    say("after")
    (after,) = lines.of("after")
    assert said(after) == (None, None, None)


async def test_each_record_of_a_batch_names_its_own_case_and_fact(kernel: Kernel, lines: Lines) -> None:
    """Also where the handler raises, and for the record after that."""

    async def settled(work: Work, record: Record[Any]) -> None:
        say("decided")
        if record.offset == 0:
            raise ValueError("a fault of ours")

    message = answers_pb2.RefundSettled
    topic = Subscription("answers", True, {message.DESCRIPTOR.full_name: (message, settled)})
    lease = Lease({0: Place("answers", 0, 0, 0)})
    entries = [Reader(topic).read(refund_settled(n), "answers") for n in range(2)]
    assert [entry.refusal for entry in entries] == [None, None]
    draft = await Decider(topic, kernel.units).decide(entries, lease, ParkedIndex(), frozenset())
    assert draft.outcomes == {"parked": 1, "applied": 1}
    assert [(*said(line), line["record"]) for line in lines.of("decided")] == [
        (str(UUID(int=n)), f"si.{n}", f"fact-{n}", f"answers/0/{n}") for n in range(2)
    ]


def refund_settled(n: int) -> Arrived:
    told = answers_pb2.RefundSettled(
        shop_id="shop-1",
        order_id="O-1",
        customer_id="C-1",
        case_id=str(UUID(int=n)),
        requester="shipping_issues",
        request_key=f"si.{n}",
        provider_refund_id="P-1",
    )
    told.occurred_at.FromDatetime(LONG_AGO)
    told.amount.minor_units, told.amount.currency = 400, "EUR"
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": f"fact-{n}",
        "ce_source": "/aftercare/returns",
        "ce_type": told.DESCRIPTOR.full_name,
        "content-type": "application/protobuf",
    }
    return Arrived("answers", 0, n, 0, f"key-{n}".encode(), headers_of(attributes), told.SerializeToString())


async def test_a_timer_names_what_it_asks_about_and_its_generation(kernel: Kernel, lines: Lines) -> None:
    """Its request is the same whoever fires it."""
    account = await opened(kernel, due_at=LONG_AGO)

    async def remind(work: Work, fired: FiredTimer) -> None:
        say("decided")
        (await work.get(Account, fired.subject)).want_reminder(None, at=work.now)

    generation = await kernel.pool.fetchval("SELECT generation FROM timers WHERE subject = $1", account)
    leader = Leader(kernel.connect, "timers")
    timers = Timers(kernel.connect, kernel.pool, kernel.units, {"reminder": remind}, kernel.clock, leader=leader)
    assert await timers.fire_due() == 1
    (line,) = lines.of("decided")
    request = str(derived_id("timer", "example", "reminder", str(account), "", str(generation)))
    assert said(line) == (str(account), request, request)


async def test_an_effect_names_its_owner_while_it_is_decided_on_and_while_the_outside_is_asked(
    kernel: Kernel, lines: Lines
) -> None:
    """The provider's own lines, and those of the handler that is told."""

    class Provider:
        idempotency: timedelta | None = None

        async def perform(self, attempt: Attempt) -> ProviderAnswer:
            say("performed")
            return Succeeded("ref")

        async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
            return None

    async def told(work: Work, change: EffectChanged) -> None:
        say(change.state)

    kernel.units.effect_handlers = {"mail": told}
    key = str(new_id())
    account = await opened(kernel, effect=key)
    role = EffectRole(kernel.connect, kernel.pool, kernel.units, {"mail": Provider()}, kernel.clock)
    await role.turn()
    await role.idle()
    written = [line for line in lines.all() if line["logger"] == "ours"]
    assert [line["event"] for line in written] == ["attempting", "performed", "succeeded"]
    assert {said(line) for line in written} == {(str(account), key, str(effect_id("example", "mail", key)))}
