"""Two processes of returns, each with its own cache and writer, take one person's approvals at the same time."""

import asyncio
from collections import Counter
from pathlib import Path

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from tests.integration.returns.shop import Shop
from tests.security.served import Served, serving
from tests.unit.chassis.grpc.serving import refusal_of
from tests.unit.returns.build import line

ORDERS, EACH, DAILY = 16, 5_000, 50_000
"""What a senior agent approves of goodwill: 50.00 EUR in an order, 500.00 EUR in a day."""


async def test_who_approves_in_two_processes_at_once_stays_within_the_day(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path: Path
) -> None:
    """Of sixteen approvals of 50.00 EUR on as many orders ten are granted, whoever is asked first; the rest are refused
    with what the day has left."""
    issuer, database = Issuer.at(tmp_path), databases["returns"]
    async with (
        serving("returns", database, issuer, parts.kafka_bootstrap) as one,
        serving("returns", database, issuer, parts.kafka_bootstrap) as other,
    ):
        shops = [Shop(served, issuer) for served in (one, other)]
        asked = [await _asked(shops[0], f"at-once-{n}") for n in range(ORDERS)]

        async def grant(n: int) -> str:
            case_id, approval_id = asked[n]
            answers = []

            async def call() -> None:
                answers.append(
                    await shops[n % 2].call("GrantApproval", "senior_agent", case_id=case_id, approval_id=approval_id)
                )

            try:
                refusal = await refusal_of(call())
            except AssertionError:
                assert answers
                return "granted"
            assert refusal.facts["per"] == "day", refusal
            return refusal.reason

        outcomes = Counter(await asyncio.gather(*(grant(n) for n in range(ORDERS))))
        assert outcomes == {"granted": DAILY // EACH, "ABOVE_LIMIT": ORDERS - DAILY // EACH}
        assert await _states(one) == {"granted": DAILY // EACH, "requested": ORDERS - DAILY // EACH}


async def _asked(shop: Shop, order_id: str) -> tuple[str, str]:
    await shop.sold(order_id, line("l1"))
    case_id = await shop.asked(order_id)
    answer = await shop.call(
        "RequestApproval",
        "agent",
        case_id=case_id,
        action="GiveGoodwill",
        amount={"minor_units": EACH, "currency": "EUR"},
        reason="sorry",
    )
    return case_id, answer.receipt.facts["approval_id"]


async def _states(served: Served) -> Counter[str]:
    rows = await served.stores.pool.fetch("SELECT state FROM approvals")
    return Counter(row["state"] for row in rows)
