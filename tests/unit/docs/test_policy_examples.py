"""What the documents say of policies is what the engine does."""

import re
from pathlib import Path

import pytest

from infra.policies.table import FILE, document
from services.returns.domain.policy import ClauseKind
from services.returns.policies import EXAMPLES, example_text, law, lint, load_policy
from services.returns.policies.grammar import OWN, SCOPE
from services.returns.what_if.situations import example_situations

GUIDE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text()
(WHOLE,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
(CLAUSES,) = re.findall(r"```yaml clauses\n(.*?)```", GUIDE, re.DOTALL)


def test_the_table_of_examples_is_what_the_engine_decides() -> None:
    """`python -m infra.policies` writes it."""
    assert FILE.read_text() == document()


def test_there_are_twenty_five_situations_with_names_of_their_own() -> None:
    assert len({situation.name for situation in example_situations()}) == 25


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_shop_passes_the_linter_without_a_word(name: str) -> None:
    """Lawful, and no clause that never counts."""
    draft = lint(example_text(name), law())
    assert (draft.problems, draft.policy is not None) == ((), True)


def test_the_guides_own_policy_may_be_activated() -> None:
    assert lint(WHOLE, law()).problems == ()


def test_every_clause_of_the_guide_can_be_written_into_its_policy() -> None:
    """The whole file with all of them is read, and no clause of it is useless."""
    indented = "".join(f"  {line}\n" for line in CLAUSES.splitlines())
    draft = lint(WHOLE.replace("clauses:\n", f"clauses:\n{indented}"), law())
    assert [p for p in draft.problems if p.severity == "error"] == []
    assert {clause.kind for clause in load_policy(WHOLE.replace("clauses:\n", f"clauses:\n{indented}")).clauses} >= (
        set(ClauseKind) - {ClauseKind.MADE_TO_MEASURE}
    )


def test_the_guide_names_every_kind_bound_and_parameter() -> None:
    """Whoever adds one has to say what it does."""
    words = set(re.findall(r"`([a-z_]+)`", GUIDE))
    assert sorted({kind.value for kind in ClauseKind} - words) == []
    assert sorted({name for name in SCOPE if not name.startswith("not_")} - words) == []
    assert sorted({name for known in OWN.values() for name in known} - words) == []
