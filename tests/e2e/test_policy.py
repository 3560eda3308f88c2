"""`aftercare policy` on a running stack: from a first draft to a policy in force, and published."""

import json
from datetime import timedelta
from pathlib import Path

from infra.demo.stage import Stage
from tests.e2e.command import aftercare
from tests.e2e.shop import KETTLE, Shop


async def test_a_policy_is_written_looked_at_tried_on_the_past_and_put_in_force(
    stage: Stage, shop: Shop, tmp_path: Path
) -> None:
    """Show, lint, explain, diff, what-if, activate, list, publish; a mistake costs exit code 1."""
    order = await shop.order(shop.customer("Emma"), (KETTLE, 1))
    await stage.settled()
    who = "supervisor+finance"
    shown = await aftercare(stage, who, "policy", "show", "--shop", stage.shop)
    assert shown.code == 0, shown.errors
    draft = tmp_path / "policy.yaml"
    draft.write_text(shown.output.replace("days: 30", "dayz: 30"))
    wrong = await aftercare(stage, who, "policy", "lint", str(draft))
    assert wrong.code == 1
    assert "error UNKNOWN_KEY: a clause of kind window knows no dayz" in wrong.output.replace("\n", " ")
    refused = await aftercare(stage, who, "policy", "activate", str(draft), "--shop", stage.shop)
    assert refused.code == 1 and "clauses[0].dayz" in refused.errors
    version = f"e2e-{shop.tag}"
    draft.write_text(shown.output.replace("days: 30", "days: 31").replace('version: "3"', f'version: "{version}"'))
    right = await aftercare(stage, who, "policy", "lint", str(draft), "--json")
    assert json.loads(right.output)["valid"] is True
    told = await aftercare(stage, who, "policy", "explain", order.order_id, "L1", "--policy", str(draft), "--json")
    assert told.code == 0, told.errors
    (unit,) = json.loads(told.output)["units"]
    assert (unit["outcome"], unit["unit"]["line_id"]) == ("authorise", "L1")
    differs = await aftercare(stage, who, "policy", "diff", "--shop", stage.shop, "--policy", str(draft), "--json")
    assert {"kind": "changed", "subject": "clause window", "field": "days", "before": "30", "after": "31"} in (
        json.loads(differs.output)["changes"]
    )
    tried = await aftercare(stage, who, "policy", "what-if", str(draft), "--shop", stage.shop, "--json")
    assert tried.code == 0, tried.errors
    assert json.loads(tried.output)["version"] == version
    begins = (await stage.now() + timedelta(days=300)).isoformat()
    words = ("policy", "activate", str(draft), "--shop", stage.shop, "--from", begins)
    dry = await aftercare(stage, who, *words, "--dry-run")
    assert dry.code == 0 and f"{version} would be in force" in dry.output, dry.errors
    done = await aftercare(stage, who, *words)
    assert done.code == 0 and f"{version} is in force" in done.output, done.errors
    listed = await aftercare(stage, who, "policy", "list", "--shop", stage.shop, "--json")
    assert version in [known["version"] for known in json.loads(listed.output)["versions"]]
    out = await aftercare(stage, who, "policy", "publish", "--shop", stage.shop, "--out", str(tmp_path / "site"))
    assert out.code == 0, out.errors
    assert json.loads((tmp_path / "site" / "returns.jsonld").read_text())["@type"] == "MerchantReturnPolicy"
    assert "<h1>Returns</h1>" in (tmp_path / "site" / "returns.html").read_text()
