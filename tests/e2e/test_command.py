"""The `aftercare` command on a running stack: one queue, one story, honest exit codes, the same as JSON."""

import json

import grpc

from infra.demo.stage import Stage
from tests.e2e.command import aftercare
from tests.e2e.shop import KETTLE, Shop


async def test_a_case_is_listed_shown_acted_on_and_noted(stage: Stage, shop: Shop) -> None:
    """What an agent does first: find it, read it, do the recommended thing, leave a word."""
    order = await shop.order(shop.customer("Emma"), (KETTLE, 1))
    case_id = await shop.damaged(order)
    subject = f"anna-{shop.tag}"
    listed = await aftercare(stage, "agent", "cases", "list", "--filter", f'order_id = "{order.order_id}"', "--json")
    assert listed.code == 0, listed.errors
    (row,) = json.loads(listed.output)
    assert (row["case_id"], row["service"], row["trouble"]) == (case_id, "shipping_issues", "damaged")
    dry = await aftercare(stage, "agent", "cases", "act", case_id, "Reship", "--dry-run", "--json", subject=subject)
    assert dry.code == 0, dry.errors
    noted = await aftercare(stage, "agent", "cases", "note", case_id, "called the carrier", subject=subject)
    assert noted.code == 0, noted.errors
    shown = await aftercare(stage, "agent", "cases", "show", case_id, "--json")
    story = json.loads(shown.output)
    assert story["summary"]["order_id"] == order.order_id
    assert [note["text"] for note in story["notes"]] == ["called the carrier"]
    assert "Reship" in [action["rpc"] for action in story["next_actions"]]
    done = await aftercare(stage, "agent", "cases", "act", case_id, "Reship", "--json", subject=subject)
    assert done.code == 0, done.errors
    assert json.loads(done.output)["receipt"]["id"] == case_id
    again = await aftercare(stage, "agent", "cases", "act", case_id, "Reship", subject="ben")
    assert again.code == 1
    assert subject in again.errors


async def test_an_order_is_one_story_over_all_services(stage: Stage, shop: Shop) -> None:
    """Goods, parcels, cases, money and messages, in one answer."""
    who = shop.customer("Jonas")
    order = await shop.order(who, (KETTLE, 1))
    case_id = await shop.damaged(order)

    async def told() -> bool:
        return bool(stage.mails(who.email))

    await stage.until("the customer has the mail", told)
    await stage.settled()
    done = await aftercare(stage, "agent+finance", "order", order.order_id, "--json")
    assert done.code == 0, done.errors
    story = json.loads(done.output)
    assert story["order"]["order"]["order_id"] == order.order_id
    assert story["statement"]["statement"]["paid"]["minor_units"] == str(KETTLE.price + 490)
    assert [case["summary"]["case_id"] for case in story["cases"]] == [case_id]
    assert [m["trouble"] for m in story["messages"]["messages"]] != []
    for_people = await aftercare(stage, "agent+finance", "order", order.order_id)
    assert for_people.code == 0
    assert order.order_id in for_people.output


async def test_status_is_one_when_something_needs_a_person_and_zero_when_nothing_does(stage: Stage) -> None:
    """The exit code is what a cron job reads."""
    good = await aftercare(stage, "operator", "status", "--json")
    healthy = {name: answer.get("healthy", False) for name, answer in json.loads(good.output).items()}
    assert (good.code, healthy) == (0, dict.fromkeys(stage.services, True))
    await stage.call(stage.operator, "returns", "PauseEffects", kind="refund", reason="a test")
    bad = await aftercare(stage, "operator", "status")
    await stage.call(stage.operator, "returns", "ResumeEffects", kind="refund")
    assert bad.code == 1
    assert "refund" in bad.errors


async def test_a_running_clock_is_given_another_rate(stage: Stage) -> None:
    """It goes on while it is asked, so the tool moves all four to one instant just ahead."""
    for rate in (60.0, 0.0):
        done = await aftercare(stage, "operator", "clock", "set", "--rate", str(rate))
        assert done.code == 0, done.errors
        shown = [(await stage.call(stage.operator, name, "GetClock")).clock for name in stage.services]
        assert {clock.rate for clock in shown} == {rate}
    assert len({clock.now.seconds for clock in shown}) == 1


async def test_rpcs_are_listed_by_reflection_with_who_may_call_them(stage: Stage) -> None:
    """The list is what the running servers tell, not what this tool knows."""
    done = await aftercare(stage, "agent", "rpc", "list", "--json")
    assert done.code == 0, done.errors
    rows = json.loads(done.output)
    assert {row["at"] for row in rows} == set(stage.services)
    (reship,) = [row for row in rows if row["method"] == "Reship"]
    assert (reship["roles"], reship["effect"]) == ("agent, senior_agent, supervisor", "changes")


async def test_a_refusal_says_what_to_do(stage: Stage) -> None:
    """One line of why, one of what next; exit code 1."""
    done = await aftercare(stage, "agent", "parked", "list", "--service", "returns")
    assert done.code == 1
    assert grpc.StatusCode.PERMISSION_DENIED.name in done.errors
    assert "aftercare rpc list" in done.errors


async def test_a_second_person_lists_what_is_asked_of_them_and_decides_it(stage: Stage, shop: Shop) -> None:
    """Who asked reads why they may not decide it; who may decides it once, and it is on nobody's list any more."""
    order = await shop.order(shop.customer("Olga"), (KETTLE, 1))
    case_id = await shop.damaged(order)
    anna, sam = f"anna-{shop.tag}", f"sam-{shop.tag}"
    asked = await stage.call(
        stage.as_(anna, "agent"), "shipping_issues", "RequestApproval", case_id=case_id, action="RequestRefund",
        amount={"minor_units": 5000, "currency": "EUR"}, reason="regular",
    )  # fmt: skip
    approval = asked.receipt.facts["approval_id"]

    async def listed(role: str, subject: str, *more: str) -> dict[str, dict[str, str]]:
        told = await aftercare(stage, role, "approvals", "list", "--json", *more, subject=subject)
        assert told.code == 0, told.errors
        return {row["approval"]["approval_id"]: row for row in json.loads(told.output)}

    assert approval not in await listed("agent", anna)
    assert (await listed("agent", anna, "--all"))[approval]["why_not"] != ""
    assert (await listed("senior_agent", sam))[approval]["service"] == "shipping_issues"
    for_people = await aftercare(stage, "senior_agent", "approvals", "list", subject=sam)
    assert "50.00 EUR" in for_people.output.replace("\n", " ")
    done = await aftercare(stage, "senior_agent", "approvals", "grant", approval, "--comment", "fine", subject=sam)
    assert done.code == 0 and f"granted: {approval}" in done.output.replace("\n", ""), done.errors
    assert approval not in await listed("senior_agent", sam, "--all")
    again = await aftercare(stage, "senior_agent", "approvals", "decline", approval, subject=sam)
    assert again.code == 1 and "no open approval" in again.errors
