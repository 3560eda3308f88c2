"""One order under exploration: the real use cases on aggregates in memory, and beside them what the log alone gives.

Guarantee: whatever a unit stores is encoded and decoded as the log would, and folded into a second set of aggregates;
a unit that was refused has changed neither.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from chassis.codec import Codec
from chassis.domain import Aggregate, DomainError
from chassis.effects.effect import Effect
from chassis.work import SYSTEM, Actor, Work
from services.returns.bootstrap import AGGREGATES
from services.returns.domain.case import Exchange, ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.policy import ClauseKind, Policy
from services.returns.domain.withdrawal import Withdrawal
from services.returns.law_terms import withdrawal_law
from services.returns.money_terms import money_terms
from services.returns.policies import EXAMPLES, default_policy, example_text, load_policy
from tests.unit.returns.test_stored_events import PlainKeys
from tests.unit.returns.world import World

R = TypeVar("R")
A = TypeVar("A", bound=Aggregate)

MoneyCase = GoodsCase | OrderChange

CODEC = Codec([*AGGREGATES, Effect], PlainKeys())
TERMS, LAW = money_terms(), withdrawal_law()


@cache
def policies() -> dict[str, Policy]:
    """The policy a shop starts with, and those of the example shops, but for their lists by which goods are looked at:
    the walk finds what it likes, and lists have tests of their own (test_grading)."""
    return {"default": default_policy()} | {name: _without_lists(load_policy(example_text(name))) for name in EXAMPLES}


def _without_lists(policy: Policy) -> Policy:
    return replace(policy, clauses=tuple(c for c in policy.clauses if c.kind is not ClauseKind.GRADING))


@dataclass
class Shop(World):
    """See the module's guarantee."""

    folded: dict[UUID, Aggregate] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    changed: set[UUID] = field(default_factory=set)
    real_ms: int = 1_000_000

    @classmethod
    def under(cls, policy: str) -> "Shop":
        """A shop with one of the policies."""
        return cls(terms=TERMS, law=LAW, policy=policies()[policy])

    def fact(self, decide: Callable[[Work], Awaitable[R]]) -> R:
        """Something is told or becomes due: nobody may refuse that."""
        return self._unit(decide, SYSTEM)

    def command(self, decide: Callable[[Work], Awaitable[R]], actor: Actor) -> R | None:
        """Somebody asks: done, or refused by a rule with nothing written."""
        stored = len(self.events)
        try:
            return self._unit(decide, actor)
        except DomainError as refusal:
            assert refusal.message, f"{refusal.reason} says nothing"
            self.refusals[refusal.reason] += 1
            assert len(self.events) == stored
            self.require_folded(self.folded)
            return None

    def tried(self, decide: Callable[[Work], Awaitable[Any]], actor: Actor) -> tuple[DomainError | None, bool]:
        """What a command would be refused with now, and whether it would change anything; nothing is stored."""

        async def changes(work: Work) -> bool:
            await decide(work)
            return any(True for _ in work.changed())

        try:
            return None, self.found(changes, actor)
        except DomainError as refusal:
            return refusal, False

    def found(self, decide: Callable[[Work], Awaitable[R]], actor: Actor) -> R:
        """What a decision finds now; nothing of it is stored."""
        return done(self.look(decide, actor))

    def all(self, cls: type[A]) -> list[A]:
        """Every aggregate of one kind, in the order they came to be."""
        return [a for a in self.memory.held.values() if isinstance(a, cls)]

    @property
    def cases(self) -> list[ReturnCase]:
        """The returns of all orders."""
        return self.all(ReturnCase)

    @property
    def withdrawals(self) -> list[Withdrawal]:
        """The withdrawals from them."""
        return self.all(Withdrawal)

    @property
    def files(self) -> list[Conformity]:
        """The files of units that do not conform."""
        return self.all(Conformity)

    @property
    def changes(self) -> list[OrderChange]:
        """The changes before dispatch."""
        return self.all(OrderChange)

    @property
    def exchanges(self) -> list[tuple[ReturnCase, Exchange]]:
        """Every exchange, with its return."""
        return [(case, known) for case in self.cases for known in case.exchanges.values()]

    @property
    def goods_cases(self) -> list[GoodsCase]:
        """What goods come back for."""
        return [*self.cases, *self.withdrawals, *self.files]

    @property
    def money_cases(self) -> list[MoneyCase]:
        """What money goes back for."""
        return [*self.goods_cases, *self.changes]

    def require_folded(self, ids: "set[UUID] | dict[UUID, Aggregate]") -> None:
        """What the log gives is what is held."""
        for id in ids:
            live, again = self.memory.held[id], self.folded[id]
            assert _state(live) == _state(again), f"{type(live).__name__} is not the fold of its events"

    def _unit(self, decide: Callable[[Work], Awaitable[R]], actor: Actor) -> R:
        stored = len(self.events)
        result = done(self.run(decide, actor))
        for event in self.events[stored:]:
            again = CODEC.decode(CODEC.encode(event, {}).event)
            assert again == event, f"{type(event).__name__} does not come back as it went in"
            id, known = event.originator_id, self.folded.get(event.originator_id)
            assert event.originator_version == (1 if known is None else known.version + 1), "a version is left out"
            folded = again.mutate(known)
            assert folded is not None
            self.folded[id] = folded
            self.changed.add(id)
            self.kinds[type(event).__name__] += 1
        self.require_folded({event.originator_id: self.folded[event.originator_id] for event in self.events[stored:]})
        return result


def done(decision: Awaitable[R]) -> R:
    """The result of a decision that waits for nobody: all it reads is in memory."""
    coroutine: Any = decision
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value  # type: ignore[no-any-return]  # what a coroutine returns is untyped here
    raise AssertionError("a decision on aggregates in memory waits for something")


def _state(aggregate: Aggregate) -> dict[str, object]:
    return {name: value for name, value in vars(aggregate).items() if name != "_pending_events"}
