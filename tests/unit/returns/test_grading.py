"""The policy's list for goods that are back: which one counts, what it refuses, what the answers mean."""
# long: one list from its text to its answers

from typing import Any

import pytest

from services.returns.application.deciding import Finding, Item
from services.returns.application.inspecting import checklist_of
from services.returns.domain.case import ArrivedLine, Goods, ReturnCase
from services.returns.domain.errors import ChecklistIncomplete, WrongStage
from services.returns.domain.order import ShipmentFact
from services.returns.domain.policy.diff import differences
from services.returns.domain.policy.grading import checklist_for
from services.returns.policies import EXAMPLES, InvalidPolicy, example_text, law, lint, load_policy
from services.returns.policies.checklists import dispositions
from services.returns.presenting.gradings import checklist as presented
from services.returns.presenting.gradings import grading as told
from tests.unit.returns.build import DAY, line
from tests.unit.returns.policies import facts, policy
from tests.unit.returns.world import WALT, World

OPEN = "open: window, clock: delivery, end: request, days: 30"
KEPT = "kept: condition, accepted: [sealed, opened], grounds: [remorse]"
SHOES = (
    "shoes: grading, categories: [shoes], photos: [soles], record: [serial],"
    " grades: {A: {condition: sealed, disposition: restock}, B: {condition: opened},"
    " C: {condition: used, disposition: donate}},"
    " questions: {box: {ask: {en: Box, de: Karton}, answers: {whole: A, torn: B}},"
    " soles: {ask: Soles, answers: {clean: A, worn: C}}}"
)
BOOTS = (
    "boots: grading, categories: [shoes/boots], grades: {X: {condition: used}},"
    " questions: {q: {ask: Q, answers: {yes: X, no: X}}}"
)
ANSWERS = (("box", "whole"), ("soles", "clean"))
PHOTOS = (("soles", "https://photos/1"),)


async def back(*clauses: str, serials: tuple[str, ...] = (), **values: Any) -> tuple[World, ReturnCase]:
    """One of two shoes is back, by a policy of these clauses; nothing was read off it at the door."""
    world = World(policy=policy(OPEN, KEPT, *(clauses or (SHOES,))))
    await world.order_told(line("l1", 2, category="shoes", **values), country="US")
    await world.delivered()
    if serials:
        parcel = ShipmentFact(
            "p1", world.now - 3 * DAY, True, (("l1", 2),), serials=tuple(("l1", serial) for serial in serials)
        )
        await world.run(lambda work: world.app.shipment_told(work, "s1", "o1", parcel))
    case = await world.asked(Item("l1", 1, "too_small"))
    await world.received(case)
    return world, world.case(case.id)


def finding(**values: Any) -> Finding:
    return Finding("l1#1", **({"answers": ANSWERS, "photos": PHOTOS, "serial": "SN-1"} | values))


def test_of_several_lists_the_nearest_counts_and_none_where_none_speaks() -> None:
    """By priority, then by bounds, then by id; the boot has one of its own."""
    general = "any: grading, grades: {X: {condition: used}}, questions: {q: {ask: Q, answers: {yes: X, no: X}}}"
    rules = policy(general, SHOES, BOOTS + ", priority: 1")
    found = [checklist_for(rules, facts(category=c)) for c in ("shoes/boots", "shoes", "hats")]
    assert [one.clause for one in found if one] == ["boots", "shoes", "any"]
    assert checklist_for(policy(SHOES), facts(category="hats")) is None


async def test_an_inspection_that_lacks_something_is_refused_whole_with_every_field_and_why() -> None:
    """Answers, photo, serial, an answer and a question nobody knows: all told at once, nothing of it written."""
    world, case = await back()
    before = len(world.events)
    for given, missing in (
        (Finding("l1#1", "sealed", "customer", "restock"), {
            "answers.box": "ANSWER_MISSING", "answers.soles": "ANSWER_MISSING",
            "photos.soles": "PHOTO_MISSING", "serial": "SERIAL_MISSING",
        }),
        (finding(answers=(("box", "eaten"), ("soles", "clean"))), {"answers.box": "NOT_AN_ANSWER"}),
        (finding(answers=(*ANSWERS, ("lace", "red"))), {"answers.lace": "UNKNOWN_QUESTION"}),
        (finding(photos=(("box", "https://photos/1"),)), {"photos.soles": "PHOTO_MISSING"}),
        (finding(serial=""), {"serial": "SERIAL_MISSING"}),
    ):  # fmt: skip
        with pytest.raises(ChecklistIncomplete) as refused:
            await world.inspected(case, given)
        told_of = {field: reason for field, _, reason in refused.value.violations}
        assert told_of == {f"inspections[0].{field}": reason for field, reason in missing.items()}
        assert refused.value.reason == "CHECKLIST_INCOMPLETE"
    assert (len(world.events), world.case(case.id).units["l1#1"].inspected) == (before, False)


async def test_one_unit_without_its_answers_refuses_its_neighbours_too() -> None:
    """Two in one inspection, the second incomplete: neither is written down, the second is named."""
    world = World(policy=policy(OPEN, SHOES))
    await world.order_told(line("l1", 2, category="shoes"), country="US")
    await world.delivered()
    case = await world.asked(Item("l1", 2, "too_small"))
    await world.received(case, ArrivedLine("1", "sku-l1", 2))
    before = len(world.events)
    with pytest.raises(ChecklistIncomplete) as refused:
        await world.inspected(case, finding(), Finding("l1#2", answers=ANSWERS, photos=PHOTOS))
    assert [field for field, _, _ in refused.value.violations] == ["inspections[1].serial"]
    assert len(world.events) == before


async def test_the_worst_answer_is_the_grade_and_what_it_suggests_counts_where_nothing_is_said() -> None:
    """A torn box and clean soles are a B: opened, with no word on what becomes of it."""
    world, case = await back()
    await world.inspected(case, finding(answers=(("box", "torn"), ("soles", "clean"))))
    unit = world.case(case.id).units["l1#1"]
    assert unit.grading is not None and unit.condition is not None
    assert (unit.grading.grade, unit.condition.value, unit.condition.by, unit.disposition) == (
        "B",
        "opened",
        "walt",
        None,
    )
    assert (unit.serial, world.tell("ReturnInspected")[-1].findings[0].grade) == ("SN-1", "B")


async def test_what_the_clerk_says_stands_above_what_the_answers_suggest() -> None:
    """Both are kept: the suggestion with the list, the finding with who found it."""
    world, case = await back()
    await world.inspected(case, finding(condition="opened", responsibility="carrier", disposition="hold"))
    unit = world.case(case.id).units["l1#1"]
    assert unit.grading is not None and unit.condition is not None and unit.disposition is not None
    assert (unit.grading.condition, unit.grading.disposition) == ("sealed", "restock")
    assert (unit.condition.value, unit.disposition.value) == ("opened", "hold")


async def test_the_decision_names_the_list_its_version_and_every_answer() -> None:
    """As one of the clauses that spoke; the promise is judged by the found condition as before."""
    world, case = await back()
    await world.inspected(case, finding(answers=(("box", "whole"), ("soles", "worn"))))
    decision = list(world.case(case.id).decisions.values())[-1]
    spoken = next(clause for clause in decision.clauses if clause.id == "shoes")
    assert (spoken.verdict, spoken.source) == ("sets", "test 1")
    assert spoken.text == "l1#1: grade C (box: whole, soles: worn); suggests used and donate."
    assert decision.facts["l1#1.checklist"] == "shoes of test 1"
    assert (decision.facts["l1#1.grade"], decision.facts["l1#1.answer.soles"]) == ("C", "worn")
    assert (decision.outcome, world.case(case.id).waiting_on) == ("person 1", "agent")


async def test_the_same_answers_twice_record_nothing_and_later_facts_need_no_answers_again() -> None:
    """The disposition tomorrow, by somebody else; other answers are a new fact."""
    world, case = await back()
    await world.inspected(case, finding())
    before = len(world.events)
    await world.inspected(case, finding())
    assert len(world.events) == before
    await world.inspected(case, Finding("l1#1", disposition="hold"))
    await world.inspected(case, finding(answers=(("box", "torn"), ("soles", "clean"))))
    unit = world.case(case.id).units["l1#1"]
    assert unit.grading is not None and unit.grading.grade == "B"


async def test_what_the_receipt_says_need_not_be_read_again_and_a_voided_receipt_forgets_the_grade() -> None:
    """The serial was read at the door; what never came was never looked at, and is looked at when it comes."""
    world = World(policy=policy(OPEN, SHOES))
    await world.order_told(line("l1", 2, category="shoes"), country="US")
    await world.delivered()
    case = await world.asked()
    await world.received(case, ArrivedLine("1", "sku-l1", 1, serials=("SN-1",)))
    await world.inspected(case, finding(serial=""))
    assert world.case(case.id).units["l1#1"].grading is not None
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    assert world.case(case.id).units["l1#1"].grading is None
    await world.received(case, number="r2")
    with pytest.raises(ChecklistIncomplete):
        await world.inspected(case, Finding("l1#1", "sealed"))


async def test_a_serial_read_at_inspection_is_held_against_what_was_sold() -> None:
    """Shown once, beside what the receipt showed; read again as it was sold, it is gone."""
    world, case = await back(serials=("SN-1", "SN-2"))
    await world.inspected(case, finding(serial="SN-9"))
    seen = world.case(case.id).signals["r1"]
    assert [(one.name, one.units, one.detail) for one in seen] == [
        ("serial_mismatch", ("l1#1",), "SN-9 came, SN-1, SN-2 were sold")
    ]
    await world.inspected(case, finding(serial="SN-2"))
    assert world.case(case.id).signals["r1"] == ()


async def test_a_correction_of_the_receipt_keeps_what_was_read_off_the_unit() -> None:
    """The weight was wrong, not the serial."""
    world, case = await back()
    await world.inspected(case, finding())
    await world.received(case, correction=1)
    unit = world.case(case.id).units["l1#1"]
    assert (unit.serial, unit.goods, unit.grading is not None) == ("SN-1", Goods.RECEIVED, True)


async def test_what_is_not_here_is_no_matter_of_lists() -> None:
    """The unit's place is named before what its list lacks."""
    world, case = await back()
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    with pytest.raises(WrongStage):
        await world.run(lambda work: world.app.inspect(work, case.id, [Finding("l1#1")]), WALT)


async def test_the_list_is_that_of_the_version_in_force_when_it_is_looked_at() -> None:
    """The order is older than the list: how a shop looks at goods is no promise, and the decision says which it was."""
    world, case = await back("hats: grading, categories: [hats], grades: {X: {condition: used}},"
                             " questions: {q: {ask: Q, answers: {yes: X, no: X}}}")  # fmt: skip
    newer = policy(OPEN, KEPT, SHOES, version="2")
    begins = world.now + DAY
    await world.run(lambda work: world.app.adopt_policy(work, "s1", newer, "", begins), WALT)
    world.now += 2 * DAY
    with pytest.raises(ChecklistIncomplete):
        await world.inspected(case, Finding("l1#1", "sealed"))
    await world.inspected(case, finding())
    unit = world.case(case.id).units["l1#1"]
    assert unit.grading is not None and unit.grading.policy_version == "2"
    assert list(world.case(case.id).decisions.values())[-1].policy_version == "1"


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ("whole: A", "whole: Z", "clauses[2].questions.box.answers.whole", "NOT_A_CHOICE"),
        ("disposition: restock", "disposition: burn", "clauses[2].grades.A.disposition", "NOT_A_CHOICE"),
        ("condition: opened", "condition: shiny", "clauses[2].grades.B.condition", "NOT_A_CHOICE"),
        ("condition: opened", "colour: red", "clauses[2].grades.B.colour", "UNKNOWN_KEY"),
        ("ask: Soles, ", "", "clauses[2].questions.soles", "MISSING"),
        ("answers: {clean: A, worn: C}", "answers: {clean: A}", "clauses[2].questions.soles.answers", "ONE_ANSWER"),
        ("record: [serial]", "record: [colour]", "clauses[2].record[0]", "NOT_A_CHOICE"),
        ("box: {ask", "'the box': {ask", "clauses[2].questions.the box", "NOT_A_NAME"),
    ],
)
def test_what_is_wrong_in_a_list_is_named_with_its_place(old: str, new: str, path: str, reason: str) -> None:
    """Line, column, the way to it, and a stable reason."""
    assert SHOES.count(old) == 1
    with pytest.raises(InvalidPolicy) as refused:
        policy(OPEN, KEPT, SHOES.replace(old, new))
    assert (path, reason) in [(p.place.path, p.reason) for p in refused.value.problems]
    assert all(p.place.line > 1 and p.place.column > 1 for p in refused.value.problems)


def test_the_linter_names_lists_that_never_count_and_grades_that_no_answer_gives() -> None:
    """A twin with a later name is shadowed; a fourth grade is out of reach."""
    text = example_text("marketplace")
    twin = text[text.index("  - id: any_goods_back") : text.index("\n  # The law")]
    law_at = "\n  # The law stands above"
    draft = lint(text.replace(law_at, "\n" + twin.replace("any_goods_back", "later_twin") + law_at, 1), law())
    assert [p.reason for p in draft.problems] == ["SHADOWED"]
    more = "      broken: {condition: damaged, disposition: return_to_vendor}\n"
    draft = lint(text.replace(more, more + "      lost: {condition: damaged}\n"), law())
    assert [(p.reason, p.severity, p.place.path.split(".")[-1]) for p in draft.problems] == [
        ("UNREACHED", "warning", "lost")
    ]
    assert draft.policy is not None


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_shop_has_a_list_and_every_suggestion_has_gs1s_word_or_none(name: str) -> None:
    """What the clerk is shown holds every question with its answers; what becomes of goods is a known word."""
    rules = load_policy(example_text(name))
    category = {"fashion": "shoes", "refurbished": "phones"}.get(name, "drones")
    known = checklist_for(rules, facts(category=category))
    assert known is not None
    shown = presented(known)
    assert [q.question_id for q in shown.questions] == [q.id for q in known.questions]
    assert all({a.grade for a in q.answers} <= {g.grade for g in shown.grades} for q in shown.questions)
    assert [g.gs1_disposition for g in shown.grades] == [dispositions()[g.disposition] for g in shown.grades]


def test_a_changed_question_is_a_difference_between_versions() -> None:
    """Two policies without a difference ask alike."""
    changed = differences(policy(SHOES), policy(SHOES.replace("Soles", "Heels")))
    assert [(one.subject, one.field) for one in changed] == [("clause shoes", "questions")]
    assert differences(policy(SHOES), policy(SHOES)) == []


async def test_a_unit_that_was_cancelled_since_has_no_list() -> None:
    """Nobody knows its goods any more; it is looked at as before there were lists."""
    world, case = await back()
    order, snapshot = world.order(), world.order().snapshot
    assert snapshot is not None
    rules = policy(OPEN, SHOES)
    days = world.app.legal_days
    found = [checklist_of(rules, case, order, snapshot, u, days, world.now) for u in ("l1#1", "l1#9")]
    assert [one.clause if one else "" for one in found] == ["shoes", ""]


async def test_agents_see_the_grade_with_its_answers_and_photos() -> None:
    """As it was written down, with GS1's word for what it suggests."""
    world, case = await back()
    await world.inspected(case, finding())
    grading = world.case(case.id).units["l1#1"].grading
    assert grading is not None
    shown = told(grading)
    assert (shown.grade, shown.gs1_disposition) == ("A", "sellable_not_accessible")
    assert (dict(shown.answers), [(p.shows, p.uri) for p in shown.photos]) == (dict(ANSWERS), list(PHOTOS))
