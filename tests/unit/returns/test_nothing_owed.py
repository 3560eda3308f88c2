"""A return that ends without money, because what is kept by name is all that was paid."""

import pytest

from services.returns.application.charging import FeeAsked
from services.returns.domain.errors import NothingToDo
from tests.unit.returns.build import eur
from tests.unit.returns.world import World


async def test_a_fee_that_eats_the_whole_price_ends_the_return_without_money_and_says_why() -> None:
    """Not refused: nothing is owed, no effect is planned, the return is over; asked again nothing is left to do."""
    world = World()
    case = await world.ready_to_refund()
    restocking = FeeAsked("restocking", eur(1000), "worn")
    receipt = await world.refunded(case, fees=(restocking,))
    assert (receipt.facts["amount"], receipt.facts["reason"]) == ("0 EUR", "restocking 10.00 EUR")
    case = world.case(case.id)
    assert (case.state, case.is_open, case.units["l1#1"].nothing_owed) == (
        "nothing_owed",
        False,
        "restocking 10.00 EUR",
    )
    assert (world.effects(), [fee.amount.minor for fee in world.ledger().fees.values()]) == ([], [1000])
    with pytest.raises(NothingToDo):
        await world.refunded(case)
