"""Every event of returns survives its way into the log and back."""

from uuid import UUID

from chassis.codec import Codec
from chassis.domain import Aggregate, Event
from chassis.effects.effect import Effect
from services.returns.application.deciding import Finding, Item
from services.returns.bootstrap import AGGREGATES
from services.returns.domain.case import ArrivedLine
from services.returns.domain.ledger import Book
from tests.unit.returns.build import DAY, ask, eur, line, shipping, units
from tests.unit.returns.world import ANN, SUE, World


class PlainKeys:
    """Keys that seal nothing; sealing is the kernel's matter."""

    def seal(self, subject: str, aad: bytes, text: str) -> tuple[int, bytes]:
        return 1, text.encode()

    def open(self, subject: str, generation: int, aad: bytes, sealed: bytes) -> str | None:
        return sealed.decode()

    async def load(self, subjects: frozenset[str]) -> None:
        raise AssertionError("nothing has to be loaded")

    def drop(self, subjects: frozenset[str]) -> None:
        raise AssertionError("nothing has to be dropped")


async def a_full_day() -> World:
    """Requests, parcels, money, approvals and answers: as many kinds of events as one order can have."""
    world = World()
    await world.order_told(line("l1", 3, 3000), line("l2", 2, 30_000), components=(shipping(),))
    await world.delivered()
    case = await world.asked(Item("l1", 1, "too_small", stated_condition="sealed"))
    await world.run(lambda work: world.app.issue_label(work, case.id, ()), ANN)
    await world.received(case, ArrivedLine("1", "sku-l1", 2, "sealed", "l1"))
    await world.inspected(case)
    await world.refunded(case)
    await world.paid(world.effects()[0].key, eur(3000))
    waiting = await world.asked(Item("l2", 2, "too_small"))
    await world.run(lambda work: world.app.decline(work, waiting.id, (), "worn"), SUE)
    cancelled = await world.asked(Item("l1", 1, "faulty"))
    await world.run(lambda work: world.app.request_approval(work, cancelled.id, "GiveGoodwill", eur(3000), "x"), ANN)
    approval = next(iter(world.case(cancelled.id).approvals))
    await world.run(lambda work: world.app.grant_approval(work, cancelled.id, approval), SUE)
    await world.run(lambda work: world.app.goodwill(work, cancelled.id, eur(3000), "sorry", str(approval)), ANN)
    await world.run(lambda work: world.app.add_note(work, cancelled.id, "called Grete"), ANN)
    goods = ask("k1", Book.IN_KIND, units=units("l2", 1))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", goods))
    await world.run(lambda work: world.app.compensation_settled(work, "s1", "o1", "shipping_issues", "k1", "o2", ()))
    refused = ask("k2", units=units("l2", 2))
    await world.run(lambda work: world.app.compensation_requested(work, "s1", "o1", refused))
    await world.paid("", eur(70_000), "re-dash", request_id="", outside=True)
    await world.run(lambda work: world.app.accept_excess(work, world.ledger().id, "seen"), SUE)
    await world.received(case, ArrivedLine("1", "sku-l1", 1), correction=1)
    await world.inspected(case, Finding("l1#1", disposition="scrap"))
    notice = await world.run(lambda work: world.app.give_notice(work, "s1", "o1", ()), ANN)
    await world.run(lambda work: world.app.prove_sending(work, UUID(notice.id), (), "dhl", "T1", None), ANN)
    world.now += 60 * DAY
    await world.run(lambda work: world.app.receipt_voided(work, "s1", "r1", "typed twice"))
    await world.fire("reservation_due", world.ledger().id)
    return world


async def test_every_event_comes_back_as_it_went_in() -> None:
    """Encoded and decoded, each is equal to itself, and the histories fold to the same aggregates."""
    world = await a_full_day()
    codec = Codec([*AGGREGATES, Effect], PlainKeys())
    folded: dict[UUID, Aggregate | None] = {}
    for event in world.events:
        stored = codec.encode(event, {}).event
        again = codec.decode(stored)
        assert again == event
        folded[event.originator_id] = again.mutate(folded.get(event.originator_id))
    for aggregate_id, aggregate in folded.items():
        assert aggregate is not None
        assert state(aggregate) == state(world.memory.held[aggregate_id])


async def test_the_day_has_met_most_kinds_of_events() -> None:
    """The proof above is about these; the number only ever rises."""
    world = await a_full_day()
    own = {type(event) for event in world.events if type(event).__module__.startswith("services.returns")}
    known: set[type[Event]] = {
        event_class
        for aggregate in AGGREGATES
        for event_class in aggregate.event_classes()
        if event_class.__module__.startswith("services.returns")
    }
    assert own <= known
    assert len(own) >= 32


def state(aggregate: Aggregate) -> dict[str, object]:
    return {name: value for name, value in vars(aggregate).items() if name != "_pending_events"}
