"""Every kind of clause, every remedy and every word of the axes has a test: the lists come from the code.

What nothing in the code ever comes to is named here with the reason, so that it is noticed when that changes.
"""

import re
from enum import Enum
from pathlib import Path

import pytest

from services.returns.application.returning import REMEDIES as ASKED_FOR
from services.returns.domain.case import Authorisation, Goods, MoneyState
from services.returns.domain.policy.values import ClauseKind
from services.returns.policies.grammar import REMEDIES
from tests.unit.returns.build import eur
from tests.unit.returns.world import World

HERE = Path(__file__).parent
OTHERS = {path.name: path.read_text(encoding="utf-8") for path in HERE.glob("*.py") if path != Path(__file__)}

NEVER: dict[Enum, str] = {
    Goods.SENT_BACK: "goods are not sent back to the customer by anybody who tells",
    MoneyState.DISPUTED: "a dispute is about an order's payment, and stands in its ledger",
}

DONE_BY = {
    "refund": "test_refund.py",
    "exchange": "test_exchange.py",
    "replacement": "test_ledger_in_kind.py",
    "repair": "test_conformity_remedies.py",
    "store_credit": "test_store_credit.py",
    "price_reduction": "test_give.py",
}
"""Remedy -> where it is given, refused and undone."""


@pytest.mark.parametrize("kind", list(ClauseKind), ids=lambda kind: kind.value)
def test_each_kind_of_clause_decides_in_a_test_of_its_own(kind: ClauseKind) -> None:
    """Written as a clause of a policy."""
    assert any(re.search(rf": {kind.value}\b", text) for text in OTHERS.values())


def test_each_remedy_has_its_tests() -> None:
    """Those a policy may name, and those a return may be asked for."""
    assert set(DONE_BY) == set(REMEDIES) >= set(ASKED_FOR)
    assert [file for file in DONE_BY.values() if "def test_" not in OTHERS.get(file, "")] == []


@pytest.mark.parametrize("word", [*Authorisation, *Goods, *MoneyState], ids=str)
def test_each_word_of_the_axes_is_come_to_in_a_test(word: Enum) -> None:
    """By its name or as it is shown; what is never come to has its reason above."""
    named = re.compile(rf'\b{type(word).__name__}\.{word.name}\b|"{word.value}"')
    if word in NEVER:
        assert not any(f"{type(word).__name__}.{word.name}" in text for text in OTHERS.values()), "take it out of NEVER"
        return
    here = Path(__file__).read_text(encoding="utf-8").partition("async def")[2]
    assert any(named.search(text) for text in (*OTHERS.values(), here))


async def test_money_that_is_held_shows_on_the_unit_and_waits_for_a_person() -> None:
    """The provider cannot be asked again and does not say: nobody pays twice, somebody looks."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case)
    (effect,) = world.effects()
    await world.effect_moved(effect, "attempting")
    await world.effect_moved(effect, "held", "NO_ATTEMPT_LEFT")
    held = world.case(case.id)
    assert (held.money_of("l1#1"), held.next_party()) == (MoneyState.HELD, "agent")
    assert (held.pending("EUR"), held.refunded("EUR")) == (eur(1000), eur(0))
