"""What somebody may decide now is listed, by their own word and in whose place, as the command decides it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from tests.integration.returns.shop import Shop
from tests.security.served import serving
from tests.unit.chassis.grpc.serving import refusal_of
from tests.unit.returns.build import line


async def test_what_is_listed_is_what_one_may_decide_and_in_whose_place(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path: Path
) -> None:
    """An agent decides nothing, until a senior agent lets them decide up to 30.00 EUR; what is above is listed with why
    not; the decision names both, and is gone from the list; taken back, nothing is left to decide."""
    issuer = Issuer.at(tmp_path)
    async with serving("returns", databases["returns"], issuer, parts.kafka_bootstrap) as served:
        shop = Shop(served, issuer)
        small, large = [await _asked(shop, f"open-{minor}", minor) for minor in (3_000, 4_500)]
        assert await _listed(shop, "agent") == {}
        assert await _listed(shop, "supervisor") == {small[1]: (True, []), large[1]: (True, [])}
        handed = await shop.call(
            "DelegateApprovals",
            "senior_agent",
            deputy="a-agent",
            ends_at=datetime.now(UTC) + timedelta(days=1),
            up_to={"minor_units": 3_000, "currency": "EUR"},
            actions=["GiveGoodwill"],
            reason="at lunch",
        )
        assert await _listed(shop, "agent") == {}  # who asked for them decides on none of them
        assert await _listed(shop, "warehouse", deputy=True) == "PERMISSION_DENIED"
        delegation_id = handed.receipt.facts["delegation_id"]
        mine = await shop.call("GetStaffMember", "agent")
        assert [(d.giver, d.delegation_id, d.used.minor_units) for d in mine.held] == [
            ("a-senior_agent", delegation_id, 0)
        ]
        await shop.call("RevokeDelegation", "senior_agent", delegation_id=delegation_id)
        await shop.call(
            "DelegateApprovals",
            "supervisor",
            deputy="a-finance",
            ends_at=datetime.now(UTC) + timedelta(days=1),
            up_to={"minor_units": 3_000, "currency": "EUR"},
            reason="at lunch",
        )
        listed = await shop.call("ListOpenApprovals", "finance", include_others=True)
        found = {one.approval.approval_id: one for one in listed.approvals}
        assert {id: (one.own, list(one.in_place_of)) for id, one in found.items()} == {
            small[1]: (False, ["a-supervisor"]),
            large[1]: (False, []),
        }
        assert "above the limit" in found[large[1]].why_not
        assert all(one.left.seconds > 0 for one in found.values())
        await shop.call("GrantApproval", "finance", case_id=small[0], approval_id=small[1], in_place_of="a-supervisor")
        (shown,) = (await shop.call("ListApprovals", "auditor", filter='state = "granted"')).approvals
        assert (shown.decided_by.id, shown.in_place_of, shown.holder) == ("a-finance", "a-supervisor", "a-agent")
        told = [entry.text for entry in (await shop.call("GetCaseStory", "agent", case_id=small[0])).entries]
        assert "a-finance in place of a-supervisor approved it" in told
        assert await _listed(shop, "finance") == {}
        (given,) = (await shop.call("GetStaffMember", "supervisor")).given
        assert (given.deputy, given.used.minor_units) == ("a-finance", 3_000)


async def _asked(shop: Shop, order_id: str, minor: int) -> tuple[str, str]:
    await shop.sold(order_id, line("l1"))
    case_id = await shop.asked(order_id)
    answer = await shop.call(
        "RequestApproval",
        "agent",
        case_id=case_id,
        action="GiveGoodwill",
        amount={"minor_units": minor, "currency": "EUR"},
        reason="sorry",
    )
    return case_id, answer.receipt.facts["approval_id"]


async def _listed(shop: Shop, role: str, deputy: bool = False) -> Any:
    """By approval: whether by their own word, and in whose place. `deputy`: the code of the refusal."""
    if deputy:
        return (await refusal_of(shop.call("ListOpenApprovals", role))).code.name
    found = await shop.call("ListOpenApprovals", role)
    return {one.approval.approval_id: (one.own, list(one.in_place_of)) for one in found.approvals}
