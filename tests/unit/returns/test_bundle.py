"""A kit that comes back whole or not at all: what is promised, what is said, and what stands above it."""

from dataclasses import replace

import pytest
from aftercare.orders.v1 import orders_pb2

from chassis.domain import Invalid
from services.returns.application.deciding import Item
from services.returns.application.noticing import Withdrawn
from services.returns.domain.bundle import PartOf
from services.returns.domain.order.facts import proof_of_gift
from services.returns.policies import law, lint
from services.returns.translation import snapshot_of
from tests.unit.returns.build import DAY
from tests.unit.returns.bundling import BODY, KIT, KITS, LENS, OPEN, STRAP, given, part, promised
from tests.unit.returns.test_gift import CODE, GIFTS, RITA
from tests.unit.returns.withdrawing import noticed, rules
from tests.unit.returns.world import SUE, World


async def test_a_part_alone_is_declined_and_what_is_missing_is_named() -> None:
    """To agents by unit and title with what else could be done; to the customer by title."""
    world = await given()
    case = await world.asked(STRAP)
    (decision,) = case.decisions.values()
    assert promised(case) == {"strap#1": "declined"}
    assert case.units["strap#1"].explanation == (
        "Camera kit comes back only whole; not with it: body#1 Camera, lens#1 Lens."
    )
    assert case.units["strap#1"].customer_text == (
        "It was sold as a part of Camera kit and comes back only together with: Camera, Lens."
    )
    assert [(c.verdict, c.id) for c in decision.clauses if c.id == "kits"] == [("refuses", "kits")]
    assert "all of it" in [alternative.outcome for alternative in decision.alternatives]
    assert decision.facts["strap#1.bundle_missing"] == "body#1 Camera,lens#1 Lens"
    assert world.order().units_in_returns == {}


async def test_all_of_it_comes_back_and_the_case_knows_of_what_it_is_a_part() -> None:
    """Every unit names it, so that whoever handles the return needs no order."""
    world = await given()
    case = await world.asked(BODY, LENS, STRAP)
    assert set(promised(case).values()) == {"authorised"}
    assert {unit.asked.part_of for unit in case.units.values()} == {PartOf("k1", "CAM-KIT", "Camera kit", 1)}


async def test_without_the_clause_or_by_its_word_each_part_comes_back_by_itself() -> None:
    """For what the shop shared out to it, to the cent."""
    for clauses in ((OPEN.replace("open", "other"),), ("kits: bundle, returns: parts",)):
        world = await given(*clauses)
        case = await world.asked(STRAP)
        assert promised(case) == {"strap#1": "authorised"}
        assert case.units["strap#1"].asked.paid.minor == 500


async def test_one_part_that_may_not_come_back_takes_the_others_along() -> None:
    """The lens is final sale: the rest would come back without it, and says so; the lens has its own reason."""
    world = await given(KITS, "sale: final_sale", lines=(KIT[0], replace(KIT[1], final_sale=True), KIT[2]))
    case = await world.asked(BODY, LENS, STRAP)
    assert set(promised(case).values()) == {"declined"}
    texts = {unit_id: unit.explanation for unit_id, unit in case.units.items()}
    assert texts["lens#1"] == "Sold as final sale."
    assert texts["body#1"] == texts["strap#1"] == "Camera kit comes back only whole; not with it: lens#1 Lens."


async def test_the_shops_own_words_are_followed_by_what_is_missing() -> None:
    """In the customer's language, several of one counted."""
    words = 'kits: bundle, returns: whole, say: {de: "Unser Set kommt ganz zurück."}'
    world = await given(words, lines=(part("body"), part("lens", 2, per=2)), language="de")
    assert (await world.asked(BODY)).units["body#1"].customer_text == (
        "Unser Set kommt ganz zurück. "
        "Die Ware ist Teil von Camera kit und kann nur zusammen zurückkommen mit: Lens (2)."
    )


@pytest.mark.parametrize("reason", ["faulty", "arrived_late"])
async def test_what_is_wrong_with_one_part_stands_above_it(reason: str) -> None:
    """A defect, damage, another article or a late parcel: the part comes back alone, also where no law says so."""
    world = await given(KITS)
    case = await world.asked(replace(STRAP, reason=reason))
    assert promised(case) == {"strap#1": "authorised"}


WITHDRAWAL = "law: withdrawal, days: 14, countries: [DE], source: Directive 2011/83/EU"


async def test_the_right_to_withdraw_stands_above_it() -> None:
    """Within its time a part comes back for the money; for another remedy a person decides; then the shop rules."""
    world = await given(KITS, WITHDRAWAL, country="DE")
    money = await world.asked(STRAP)
    assert (promised(money), money.units["strap#1"].by_law) == ({"strap#1": "authorised"}, "law")
    (decision,) = money.decisions.values()
    assert ("decline", "law stands above kits.") in [(a.outcome, a.why_not) for a in decision.alternatives]
    other = await world.asked(LENS, remedy="store_credit")
    assert promised(other) == {"lens#1": "requested"}
    assert "the law gives the money back" in other.units["lens#1"].explanation
    late = await given(KITS, WITHDRAWAL, country="DE")
    late.now += 20 * DAY
    assert promised(await late.asked(STRAP)) == {"strap#1": "declined"}


def test_the_linter_refuses_a_kit_that_beats_the_right_to_withdraw() -> None:
    """In a member state of the European Union; with the rule of law above it, it may be activated."""
    without = "\n".join(
        [
            'id: test\nversion: "1"\nreasons: {changed_mind: remorse}\nlimits: {}\ngesture_budget: [1.00 EUR]',
            "refund_without_goods: []\nclauses:",
            "- {id: kits, kind: bundle, returns: whole, bundles: [CAM-KIT], countries: [DE, US]}",
        ]
    )
    (problem,) = lint(without, law()).errors
    assert (problem.reason, problem.place.line) == ("LAW_STANDS_ABOVE", 8)
    above = f"{without}\n- {{id: {WITHDRAWAL.replace(': withdrawal', ', kind: withdrawal')}}}"
    assert lint(above, law()).problems == ()


async def test_of_two_kits_one_comes_back_whichever_units_are_free() -> None:
    """The strap of the first kit is back as faulty and paid: any body and lens with the other strap are a kit."""
    two = tuple(part(id, 2) for id in ("body", "lens", "strap"))
    world = await given(lines=two)
    assert promised(await world.asked(BODY, LENS)) == {"body#1": "declined", "lens#1": "declined"}
    case = await world.asked(Item("body", 2, "changed_mind"), LENS, STRAP)
    assert [u for u, said in promised(case).items() if said == "declined"] == ["body#2"]
    assert case.units["body#2"].explanation.endswith("not with it: lens#2 Lens, strap#2 Strap.")


async def test_what_is_left_of_a_kit_that_was_paid_for_comes_back_part_by_part() -> None:
    """The strap was faulty, came back and was paid: no kit is left. On its way, it still is a part of one."""
    world = await given()
    faulty = await world.asked(replace(STRAP, reason="faulty"))
    assert promised(await world.asked(LENS)) == {"lens#1": "declined"}
    await world.refunded(faulty, actor=SUE, units=("strap#1",), reason="kept")
    assert promised(await world.asked(LENS)) == {"lens#1": "authorised"}


async def test_a_kit_is_told_by_its_lines_and_uneven_ones_are_refused() -> None:
    """How many of a line are in one kit follows from how many kits were bought; lines that disagree are no order."""
    told = orders_pb2.OrderRecorded(
        version=1, customer_id="c1", country="DE", time_zone="Europe/Berlin", currency="EUR"
    )
    told.placed_at.FromJsonString("2026-03-01T09:00:00Z")
    for line_id, quantity in (("razor", 2), ("foam", 4)):
        one = told.lines.add(line_id=line_id, sku=line_id, quantity=quantity)
        one.unit_price.minor_units, one.unit_price.currency = 500, "EUR"
        one.bundle.bundle_id, one.bundle.title, one.bundle.quantity = "k1", "Shave kit", 2
    assert [line.part_of for line in snapshot_of(told).lines] == [
        PartOf("k1", "", "Shave kit", 1),
        PartOf("k1", "", "Shave kit", 2),
    ]
    told.lines[1].bundle.quantity = 1
    world = World()
    with pytest.raises(Invalid, match="another number of bundle k1"):
        await world.run(lambda work: world.app.order_recorded(work, "s1", "o1", snapshot_of(told)))
    assert world.events == []


async def test_a_notice_of_withdrawal_about_one_part_is_effective_for_that_part() -> None:
    """Nobody may decline it; what is left of the kit comes back part by part."""
    world = await given(KITS, WITHDRAWAL, country="DE")
    known = await noticed(world, Withdrawn("strap", 1))
    assert rules(known) == {"strap#1": "effective"}
    world.now += 20 * DAY
    assert promised(await world.asked(LENS)) == {"lens#1": "authorised"}


async def test_who_was_given_a_part_returns_it_without_the_others() -> None:
    """The gift receipt opens one line: nothing of the other lines is asked for, or told."""
    gift = part("strap", gift=True, gift_proof=proof_of_gift("strap", CODE))
    world = await given(KITS, GIFTS, lines=(part("body"), gift))
    item = Item("strap", 1, "too_small")
    receipt, _ = await world.run(
        lambda work: world.app.request_gift(work, "s1", "o1", CODE, item, remedy="store_credit"), RITA
    )
    assert promised(world.case(receipt.id)) == {"strap#1": "authorised"}
