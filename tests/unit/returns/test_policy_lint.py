"""The linter: what may not be activated, and clauses that never count."""

import pytest

from services.returns.domain.policy.lint import useless
from services.returns.policies import default_text, law, lint
from tests.unit.returns.policies import policy

WINDOW = "window, clock: delivery, end: request"


def lines(text: str, reason: str) -> list[str]:
    """What stands on the lines of the problems of one reason."""
    written = text.splitlines()
    return [written[p.place.line - 1].strip() for p in lint(text, law()).problems if p.reason == reason]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        # final sale beats a defect everywhere: the rule of law is gone
        ("    countries: &eu [", "    not_countries: [DE]\n    countries: &eu [", "defect"),
        # final sale beats a withdrawal in one country
        ("    countries: *eu", "    not_countries: [PL]\n    countries: *eu", "withdrawal"),
        # the law is shorter than it is
        ("    years: 2", "    years: 1", "defect"),
        # an exception of the law that the shop does not use is kinder
        ("    except: [made_to_measure]\n", "", ""),
        # a window for defects within the two years
        ("    grounds: [remorse, delivery]", "    grounds: [remorse, delivery, defect]", ""),
    ],
)
def test_a_policy_by_which_the_shop_beats_the_law_may_not_be_activated(old: str, new: str, named: str) -> None:
    """Each by its clause, with the countries and the source; with the law above it the same clause is harmless."""
    assert old in default_text()
    draft = lint(default_text().replace(old, new, 1), law())
    told = [p for p in draft.problems if p.reason == "LAW_STANDS_ABOVE"]
    assert (bool(told), draft.policy is None) == (bool(named), bool(named))
    for problem in told:
        assert f"refuse a {named}" in problem.text and "Directive" in problem.text
    if "PL" in new:
        assert "withdrawal in PL (" in told[0].text


@pytest.mark.parametrize(
    "bound", ["tiers: [gold]", "not_categories: [shoes]", "price_from: [10.00 EUR]", "gift: false"]
)
def test_no_goods_and_no_customers_are_taken_out_of_the_law(bound: str) -> None:
    """A rule of law is bound to countries alone; anything else is a key it does not know."""
    for kind in ("conformity", "withdrawal"):
        draft = lint(default_text().replace(f"kind: {kind}", f"kind: {kind}\n    {bound}"), law())
        assert ([p.reason for p in draft.errors], draft.policy) == (["UNKNOWN_KEY"], None)


def test_the_clause_that_refuses_is_the_one_that_is_named() -> None:
    """By its own line: final sale and the condition, not the window, which is longer than the law."""
    text = default_text().replace("kind: withdrawal", "kind: withdrawal\n    not_countries: [DE]")
    assert lines(text, "LAW_STANDS_ABOVE") == ["- id: final_sale", "- id: condition"]


def test_a_policy_outside_the_union_needs_no_law_of_it() -> None:
    """A shop that refuses only where the law does not govern is let pass."""
    text = default_text().split("  - id: conformity")[0].replace("    tags: [final-sale]", "    countries: [US]")
    text = text.replace("grounds: [remorse]\n", "grounds: [remorse]\n    countries: [US]\n")
    text = text.replace("days: 30", "days: 30\n    countries: [US]").replace(
        "tags: [made-to-measure]", "countries: [US]"
    )
    rest = default_text()[default_text().index("# What each role") :]
    assert lint(text + rest, law()).problems == ()


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        (f"x: {WINDOW}, days: 9, countries: [DE], not_countries: [DE]", "DEAD"),
        (f"x: {WINDOW}, days: 9, grounds: [defect], reasons: [too_small]", "DEAD"),
        (f"x: {WINDOW}, days: 9, placed_from: 2026-05-01, placed_until: 2026-04-01", "DEAD"),
        ("x: exclusion, price_from: [20.00 EUR], price_below: [20.00 EUR]", "DEAD"),
        (f"x: {WINDOW}, days: 20", "SHADOWED"),
        (f"x: {WINDOW}, days: 99, priority: -1, tiers: [gold]", "SHADOWED"),
        ("x: exclusion, tags: [a], categories: [toys]", "SHADOWED"),
        ("x: fee, name: f, percent: 1, priority: -1", "SHADOWED"),
        (f"x: {WINDOW}, days: 99", ""),
        (f"x: {WINDOW}, days: 9, tiers: [gold]", ""),
        ("x: fee, name: g, percent: 1, priority: -1", ""),
        ("x: exclusion, tags: [a, c], categories: [toys]", ""),
    ],
)
def test_clauses_that_never_count_are_reported(clause: str, reason: str) -> None:
    """Dead by their own bounds, or always behind another; what may count once is left alone."""
    found = useless(
        policy(f"base: {WINDOW}, days: 30", "no: exclusion, tags: [a, b]", "fee: fee, name: f, percent: 2", clause)
    )
    told = {one.clause: one.reason for one in found}
    assert told.get("x", "") == reason


def test_a_warning_does_not_keep_a_policy_from_being_activated() -> None:
    dead = "  - id: x\n    kind: exclusion\n    countries: [US]\n    not_countries: [US]\n"
    text = default_text().replace("  - id: final_sale", f"{dead}  - id: final_sale")
    draft = lint(text, law())
    assert [(p.reason, p.severity) for p in draft.problems] == [("DEAD", "warning")]
    assert draft.policy is not None
