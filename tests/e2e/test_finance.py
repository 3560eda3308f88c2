"""Finance by the command line: a report that agrees and one that does not, promises as they stood, the journal."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.demo.stage import Stage
from tests.e2e.command import Done, aftercare
from tests.e2e.shop import SHIRT, Shop
from tests.e2e.test_money import _delivered, _received_and_inspected, _return, _settled

FIRST = {"line_id": "L1", "unit": 1}


async def test_a_report_is_reconciled_promises_are_listed_and_the_journal_balances(
    stage: Stage, shop: Shop, tmp_path: Path
) -> None:
    """One refund: the provider's own line agrees; a cent less, and a line nobody knows, are told by cause with exit
    code 1; before it settled it was an open promise, now it is none, at that past instant it still is."""
    order = await _delivered(shop, SHIRT, quantity=2)
    agent = stage.as_(f"fay-{shop.tag}", "agent")
    rma = await _return(stage, agent, order, "too_small")
    await _received_and_inspected(stage, shop, order, rma)
    before = await stage.now()
    stage.provider.stage(order.order_id, "hang")
    await stage.call(agent, "returns", "RefundReturn", rma_id=rma, units=[FIRST], reason="return")

    async def carried_out() -> int:
        return stage.provider.of_order(order.order_id)["carried_out"]

    await stage.until("the provider has done it, and says nothing", carried_out)
    promised = await stage.now()
    await stage.set_clock(promised + timedelta(hours=2))
    await _settled(stage, order)
    ((key, reference, minor),) = await stage.rows(
        "returns", "SELECT key, reference, minor FROM movements WHERE order_id = $1", order.order_id
    )
    report = tmp_path / "refunds.csv"
    period = ("--shop", stage.shop, "--since", (before - timedelta(days=1)).isoformat())
    until = ("--until", (promised + timedelta(days=1)).isoformat())

    async def reconciled(*lines: str) -> Done:
        report.write_text("\n".join(("reference,amount,currency,key", *lines)) + "\n")
        return await aftercare(stage, "finance", "money", "reconcile", str(report), *period, *until, "--json")

    others = [
        f"{row[0]},{row[1] / 100:.2f},EUR,{row[2]}"
        for row in await stage.rows(
            "returns", "SELECT reference, minor, key FROM movements WHERE key <> $1 AND state = 'settled'", key
        )
    ]
    agrees = await reconciled(f"{reference},{minor / 100:.2f},EUR,{key}", *others)
    told = json.loads(agrees.output)
    mine = [one for one in told.get("differences", []) if one.get("order_id") == order.order_id]
    assert mine == [], agrees.errors
    differs = await reconciled(f"{reference},{(minor - 1) / 100:.2f},EUR,", "re_nobody,5.00,EUR,", *others)
    assert differs.code == 1
    causes = {(one["cause"], one["reference"]) for one in json.loads(differs.output)["differences"]}
    assert {("different", reference), ("extra", "re_nobody")} <= causes

    async def open_at(*when: str) -> list[str]:
        done = await aftercare(stage, "finance", "money", "promises", "--shop", stage.shop, *when, "--json")
        assert done.code == 0, done.errors
        return [one["order_id"] for one in json.loads(done.output).get("promises", [])]

    assert order.order_id in await open_at("--as-of", (promised + timedelta(minutes=1)).isoformat())
    assert order.order_id not in await open_at()
    booked = await aftercare(stage, "finance", "money", "journal", *period, *until)
    lines = [row for row in csv.DictReader(io.StringIO(booked.output)) if row["order"] == order.order_id]
    debit, credit = (sum(Decimal(row[side]) for row in lines) for side in ("debit", "credit"))
    assert debit == credit == Decimal(minor) / 100
    refused = await aftercare(stage, "agent", "money", "promises", "--shop", stage.shop)
    assert refused.code != 0


async def test_a_credit_note_is_asked_of_the_shop_and_its_number_is_in_the_books(stage: Stage, shop: Shop) -> None:
    """The refund settles, the shop issues: number and tax stand in statement and journal, and nobody has to act."""
    order = await _delivered(shop, SHIRT, quantity=2)
    agent = stage.as_(f"nia-{shop.tag}", "agent")
    rma = await _return(stage, agent, order, "too_small")
    await _received_and_inspected(stage, shop, order, rma)
    before = await stage.now()
    await stage.call(agent, "returns", "RefundReturn", rma_id=rma, units=[FIRST], reason="return")
    await _settled(stage, order)
    finance = stage.as_("fiona", "finance")

    async def issued() -> Any:
        found = (await stage.call(finance, "returns", "GetStatement", order_id=order.order_id)).statement.credit_notes
        return found if [note.state for note in found] == ["issued"] else None

    (note,) = await stage.until("the shop has issued its note", issued)
    assert (note.amount.minor_units, note.number[:3], note.issued_on) == (SHIRT.price, "CN-", before.date().isoformat())
    assert 0 < note.tax.minor_units < note.amount.minor_units
    period = ("--since", (before - timedelta(days=1)).isoformat(), "--until", (before + timedelta(days=1)).isoformat())
    booked = await aftercare(stage, "finance", "money", "journal", "--shop", stage.shop, *period)
    lines = [row for row in csv.DictReader(io.StringIO(booked.output)) if row["order"] == order.order_id]
    assert {row["document"] for row in lines} == {note.number}
    assert sum(Decimal(row["debit"]) for row in lines if row["account"] == "tax") == Decimal(note.tax.minor_units) / 100
    shown = await aftercare(stage, "finance", "money", "notes", "--shop", stage.shop, "--order", order.order_id)
    assert (shown.code, note.number in shown.output.replace("\n", "")) == (0, True), shown.errors
