"""The duties of a withdrawal: shown with their dates, held back, missed, escalated."""

from datetime import UTC, datetime

from services.returns.application.noticing import Withdrawn
from services.returns.domain.withdrawal.next_actions import next_actions
from tests.unit.returns.build import DAY
from tests.unit.returns.withdrawing import came_back, noticed, on_the_way, repaid, shop


async def test_duties_are_shown_and_a_late_one_escalates() -> None:
    """Warned three days before, missed at the end of the fourteenth day, and told; nothing is raised twice."""
    world = await shop(days_ago=None)
    await on_the_way(world)
    known = await noticed(world)
    due = datetime(2026, 3, 16, 23, tzinfo=UTC)
    assert {(t.key, t.due_at) for who, t in world.timers() if who == "Withdrawal" and t.kind == "duty_due"} == {
        ("warn:repay", due - 3 * DAY),
        ("missed:repay", due),
    }
    world.now = due
    for _ in range(2):
        await world.fire("duty_due", known.id, "missed:repay")
    known = world.withdrawal(known.id)
    assert known.queue == "escalations"
    assert [(m.duty, m.owner) for m in world.tell("WithdrawalDutyMissed")] == [("repay", "shop")]
    assert [(d.name, d.state) for d in known.duties({})] == [("send_back", "done"), ("repay", "missed")]
    assert [t for who, t in world.timers() if who == "Withdrawal" and t.kind == "duty_due"] == []


async def test_a_duty_is_not_due_while_the_money_may_be_held_back() -> None:
    """The fourteen days pass; once the goods are here a day is left. The customer's own duty is missed and told."""
    world = await shop()
    known = await noticed(world)
    assert [(d.name, d.owner, d.state) for d in known.duties({})] == [
        ("send_back", "customer", "open"),
        ("repay", "shop", "withheld"),
    ]
    world.now = datetime(2026, 3, 20, 9, tzinfo=UTC)
    await world.fire("duty_due", known.id, "missed:send_back")
    known = world.withdrawal(known.id)
    assert (known.queue, known.repay_due()) == ("withdrawals", None)
    assert [(m.duty, m.owner) for m in world.tell("WithdrawalDutyMissed")] == [("send_back", "customer")]
    await came_back(world, known)
    assert world.withdrawal(known.id).repay_due() == world.now + DAY


async def test_the_next_action_is_what_the_command_would_do_and_none_declines() -> None:
    """Held back, then here, then on its way: allowed and refused as the commands are."""
    world = await shop()
    known = await noticed(world, Withdrawn("l1", 1))

    def allowed() -> dict[str, bool]:
        found = world.withdrawal(known.id)
        actions = next_actions(found, informed=True, without_goods=False, by="ann", at=world.now)
        return {action.rpc: action.allowed for action in actions}

    def without(others: dict[str, bool]) -> dict[str, bool]:
        return {rpc: others[rpc] for rpc in ("RepayWithdrawal", "RecordProofOfSending", "DeductDiminishedValue")}

    assert without(allowed()) == {
        "RepayWithdrawal": False,
        "RecordProofOfSending": True,
        "DeductDiminishedValue": False,
    }
    assert allowed()["RecordRepaidElsewhere"]
    await came_back(world, known, 1)
    assert without(allowed()) == {
        "RepayWithdrawal": True,
        "RecordProofOfSending": False,
        "DeductDiminishedValue": True,
    }
    await repaid(world, known)
    assert {rpc for rpc, may in allowed().items() if may} == {"AssignWithdrawal"}, "its money is still on its way"
