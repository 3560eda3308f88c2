"""Policy data as it is loaded, and the book that keeps its versions."""

from dataclasses import replace

import pytest

from casework.plans import plan_of, plans_from
from chassis.domain import Invalid, Money
from services.returns.domain.policy import Ground, PolicyBook
from services.returns.policies import InvalidPolicy, default_policy, default_text, load_policy, money, service_plans
from tests.unit.returns.build import DAY, T0, news, settled


def test_amounts_are_in_the_currencys_own_notation() -> None:
    """Two, none and three decimals; an amount the currency cannot express is an error."""
    assert money("12.34 EUR") == Money(1234, "EUR")
    assert money("500 JPY") == Money(500, "JPY")
    assert money("1.250 KWD") == Money(1250, "KWD")
    for wrong in ("1.234 EUR", "0.5 JPY", "12.34", "x EUR"):
        with pytest.raises(ValueError, match="is no amount"):
            money(wrong)


def test_the_default_policy_is_whole() -> None:
    """Every role that may give has a limit for each action, and the limits rise with the role."""
    policy = default_policy()
    assert policy.ground_of("faulty") is Ground.DEFECT
    limits = {(limit.role, limit.action): limit.per_order for limit in policy.limits if limit.per_day.currency == "EUR"}
    for action in ("refund", "price_reduction", "goodwill"):
        assert limits["agent", action] < limits["senior_agent", action] < limits["supervisor", action]


TEXT = default_text()


def line_of(part: str) -> int:
    return TEXT[: TEXT.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ("kind: window", "kind: windows", "clauses[0].kind", "NOT_A_CHOICE"),
        ("days: 30", "days: thirty", "clauses[0].days", "NOT_A_NUMBER"),
        ("days: 30", "days: -1", "clauses[0].days", "OUT_OF_RANGE"),
        ("days: 30", "dys: 30", "clauses[0].dys", "UNKNOWN_KEY"),
        ("clock: delivery", "clock: lunch", "clauses[0].clock", "NOT_A_CHOICE"),
        ("end: request", "end: request\n    end: receipt", "clauses[0].end", "TWICE"),
        ("changed_mind: remorse", "changed_mind: whim", "reasons.changed_mind", "NOT_A_CHOICE"),
        ("id: default", "name: default", "name", "UNKNOWN_KEY"),
        ("hold_days: 14", "hold: 14", "terms.hold", "UNKNOWN_KEY"),
        ("250.00 EUR,", "250.005 EUR,", "clauses[4].up_to[0]", "NOT_AN_AMOUNT"),
        ("250.00 USD,", "250.00 EUR,", "clauses[4].up_to[1]", "TWICE"),
        ("accepted: [sealed, opened]", "accepted: [sealed, shiny]", "clauses[3].accepted[1]", "NOT_A_CHOICE"),
        ("countries: &eu [AT,", "countries: &eu [Austria,", "clauses[5].countries[0]", "NOT_A_COUNTRY"),
        ("  agent:\n", "  clerk:\n", "limits.clerk", "NOT_A_CHOICE"),
        ("grounds: [remorse]", "reasons: [whim]", "clauses[3]", "UNKNOWN_REASON"),
        ("id: condition", "id: window", "clauses[3]", "TWICE"),
    ],
)
def test_what_is_wrong_in_a_policy_is_named_with_its_place(old: str, new: str, path: str, reason: str) -> None:
    """A typo never becomes another policy: line, column, the way to it, and a stable reason."""
    assert old in TEXT
    with pytest.raises(InvalidPolicy) as refused:
        load_policy(TEXT.replace(old, new, 1))
    found = [(p.place.path, p.reason) for p in refused.value.problems]
    assert (path, reason) in found
    problem = refused.value.problems[found.index((path, reason))]
    assert abs(problem.place.line - line_of(old)) <= 2 and problem.place.column > 0
    assert (f"policy:{problem.place.line}:{problem.place.column} {path}", problem.text, reason) in (
        refused.value.violations
    )


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Three mistakes in one text are three problems, in the order of the text."""
    text = TEXT.replace("changed_mind: remorse", "changed_mind: whim").replace("days: 30", "days: 1.5")
    with pytest.raises(InvalidPolicy) as refused:
        load_policy(text.replace("hold_days: 14", "hold: 14"))
    assert [p.reason for p in refused.value.problems] == ["NOT_A_CHOICE", "NOT_A_NUMBER", "UNKNOWN_KEY"]
    lines = [p.place.line for p in refused.value.problems]
    assert lines == sorted(lines)


@pytest.mark.parametrize("text", ["", "- a", "a: [", "a: b: c", "\t", "a: \x00", "!!python/object:os.system {}"])
def test_what_is_no_policy_at_all_is_refused_with_a_place(text: str) -> None:
    """Never an error of the parser's own."""
    with pytest.raises(InvalidPolicy) as refused:
        load_policy(text)
    assert refused.value.problems[0].place.line >= 1


def test_terms_that_are_left_out_are_the_defaults() -> None:
    assert load_policy(TEXT.split("terms:")[0]).terms == default_policy().terms


def test_the_version_in_force_when_the_order_was_placed_governs() -> None:
    """An older order keeps the older version, whenever the newer was adopted; the first governs all before it."""
    first = default_policy()
    book = PolicyBook.open("s1", first, by="system", at=T0)
    book.adopt(replace(first, version="4"), active_from=T0 + 5 * DAY, by="sue", at=T0)
    assert [book.governing(T0 + n * DAY).version for n in (-400, 4, 5, 400)] == ["3", "3", "4", "4"]


def test_a_version_is_never_edited_nor_back_dated() -> None:
    """The same version again, and one from yesterday: refused, nothing recorded."""
    first = default_policy()
    book = settled(PolicyBook.open("s1", first, by="system", at=T0))
    with pytest.raises(Invalid):
        book.adopt(first, active_from=T0 + DAY, by="sue", at=T0)
    with pytest.raises(Invalid):
        book.adopt(replace(first, version="4"), active_from=T0 - DAY, by="sue", at=T0)
    with pytest.raises(Invalid):
        book.adopt(replace(first, version="4"), active_from=T0 + 400 * DAY, by="sue", at=T0)
    assert news(book) == []


def test_two_versions_never_begin_at_one_instant() -> None:
    """Which of them governs could not be told; the second is refused, nothing recorded."""
    first = default_policy()
    book = PolicyBook.open("s1", first, by="system", at=T0)
    book.adopt(replace(first, version="4"), active_from=T0 + DAY, by="sue", at=T0)
    settled(book)
    with pytest.raises(Invalid):
        book.adopt(replace(first, version="5"), active_from=T0 + DAY, by="sue", at=T0)
    assert news(book) == []


def test_service_plans_are_whole() -> None:
    """A country without its own takes the default; a table without a default is an error."""
    plans = service_plans()
    assert plan_of(plans, "FR") is plans["default"]
    assert plan_of(plans, "US").calendar.time_zone == "America/New_York"
    with pytest.raises(ValueError, match="there is no plan named default"):
        plans_from({"version": "1", "calendars": {}, "plans": {}}, "returns", lambda country: ())
