"""The example clauses of docs/changes.md are policy that a shop can activate."""

import re
from pathlib import Path

from services.returns.domain.policy import ClauseKind
from services.returns.policies import default_text, law, lint

GUIDE = Path(__file__).parents[3] / "docs" / "changes.md"


def test_the_clauses_of_the_guide_can_be_activated_beside_others() -> None:
    """In place of the default's own, with nothing wrong and none shadowed."""
    (block,) = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    text = default_text()
    start, end = text.index("  - id: cancel_before_dispatch"), text.index("\n# What each role may give")
    draft = lint(text[:start] + re.sub(r"^", "  ", block.rstrip(), flags=re.MULTILINE) + "\n" + text[end:], law())
    assert draft.problems == ()
    assert draft.policy is not None
    found = [clause for clause in draft.policy.clauses if clause.kind is ClauseKind.CHANGE]
    assert [clause.text("action") for clause in found] == ["cancel", "swap", "tender"]
