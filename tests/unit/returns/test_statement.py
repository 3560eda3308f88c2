"""The statement of an order closes whatever the shop says of the order afterwards."""

from services.returns.application.charging import FeeAsked
from services.returns.domain.ledger.statement import StatementLine, statement_of
from tests.unit.returns.build import eur, line, snapshot
from tests.unit.returns.world import World


async def test_a_fee_of_a_unit_that_the_shop_cancels_afterwards_is_told_all_the_same() -> None:
    """Refunded less a fee, then taken out of the order: a line of its own, and the sums are those of the movements."""
    world = World()
    case = await world.ready_to_refund()
    await world.refunded(case, fees=[FeeAsked("restocking", eur(200), "worn")])
    less = snapshot(line("l1", 3, cancelled_quantity=3), line("l2"), version=2)
    await world.run(lambda work: world.app.order_recorded(work, "s1", "o1", less))
    statement = statement_of(world.ledger().books)
    assert StatementLine("l1#1", "", 0, 0, 800, 200) in statement.lines
    assert (statement.closes, statement.withheld) == (True, 200)
