"""Runs decisions to their end: decide, build the unit, append, and decide again when overtaken.

A command sent twice has one effect and one answer. A refusal or a no-op that was decided on a cached
aggregate is held against the log before anybody hears of it. A caller that goes away changes nothing: the
unit runs on to its result.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from chassis.aggregates import Aggregates
from chassis.building import build
from chassis.codec import Codec, Keys
from chassis.domain import DomainError
from chassis.errors import Contended, KeysNeeded, RequestReused
from chassis.log import Log
from chassis.service import EffectHandler, FiredTimer, Model, Receipt
from chassis.telemetry import METRICS, about, correlation
from chassis.unit import Judgement, RequestRow, Unit, Verdict
from chassis.work import Actor, Ids, Work
from chassis.writer import Writer

R = TypeVar("R")

_COUNTED = {verdict: METRICS.units.labels(verdict.name.lower()) for verdict in Verdict}

ATTEMPTS = 40
"""How often one decision is taken before its caller is told to come again.

Another process that has the aggregate cached answers its own callers faster than a loser here can reload it, so a
loser may have to wait until the other's queue on that aggregate is empty."""


class Clock(Protocol):
    """The business clock."""

    def now(self) -> Any: ...


class Units:
    """The one way to change anything. One per process."""

    def __init__(
        self,
        model: Model,
        *,
        writer: Writer,
        log: Log,
        aggregates: Aggregates,
        codec: Codec,
        keys: Keys,
        clock: Clock,
        incarnation: int,
    ) -> None:
        self.model, self.writer, self.log, self.aggregates = model, writer, log, aggregates
        self.effect_handlers: Mapping[str, EffectHandler] = {}  # set once by the composition root
        self._codec, self._keys, self._clock, self._incarnation = codec, keys, clock, incarnation
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    def work(self, *, actor: Actor, cause: str, ids: Ids | None = None) -> Work:
        """A fresh decision. `cause` says what asked for it (``request:…``, ``record:topic/3/17``, ``timer:…``)."""
        work = Work(
            self.aggregates,
            self.model,
            now=self._clock.now(),
            actor=actor,
            cause=cause,
            effect_handlers=self.effect_handlers,
            ids=ids,
            incarnation=self._incarnation,
        )
        work.correlation = correlation()
        return work

    async def run(
        self,
        decide: Callable[[Work], Awaitable[R]],
        *,
        actor: Actor,
        cause: str,
        request: tuple[UUID, UUID] | None = None,
        on: UUID | None = None,
        fired: FiredTimer | None = None,
        dry_run: bool = False,
    ) -> R:
        """Take one decision and make it durable.

        `request` is (key, body hash): then the decision must return a Receipt, which a repeat of the request
        receives instead of a second effect. `on` names the aggregate the decision is mainly about, so that
        callers in this process take turns instead of overtaking one another. `dry_run` decides and writes
        nothing.

        Raises what the decision raises (nothing is written then), RequestReused, Contended, StoreUnavailable,
        UnitRejected, Blocked.
        """
        ids = Ids()
        with _lines_about(on, cause, request):
            async with self._turn(on):
                for _ in range(ATTEMPTS):
                    work = self.work(actor=actor, cause=cause, ids=ids)
                    work.fired = fired
                    try:
                        result = await decide(work)
                    except DomainError:
                        if request is not None and (known := await self._repeat(request)) is not None:
                            return known  # type: ignore[return-value]  # with `request`, R is Receipt
                        if await self.is_current(work):
                            raise
                        continue
                    if dry_run:
                        return result
                    unit = await self.build(work)
                    if request is not None:
                        unit.request = RequestRow(*request, msgspec.json.encode(result))
                    elif not (unit.events or unit.timers or unit.forgotten):
                        if await self.is_current(work):
                            return result
                        continue
                    judgement = await self.submit(work, unit)
                    if judgement.verdict is Verdict.ACCEPTED:
                        return result
                    if judgement.verdict is Verdict.REPLAYED:
                        return msgspec.json.decode(judgement.result, type=Receipt)  # type: ignore[return-value]  # as above
                    if judgement.verdict is Verdict.REUSED:
                        raise RequestReused("this request id came before with another body")
        raise Contended(f"overtaken {ATTEMPTS} times")

    async def build(self, work: Work) -> Unit:
        """The unit of what `work` decided so far, its keys loaded."""
        while True:
            try:
                return build(work, self.model, self._codec, self._incarnation)
            except KeysNeeded as needed:
                await self._keys.load(needed.subjects)

    async def submit(self, work: Work, unit: Unit) -> Judgement:
        """Append the unit built from `work` and move the cache by what the log said, also when the caller has gone."""
        try:
            judged = asyncio.ensure_future(self.writer.submit(unit))
        except BaseException:
            self.aggregates.evict(unit.reads)
            raise
        judged.add_done_callback(partial(self._settle, work, unit))
        return await asyncio.shield(judged)

    def _settle(self, work: Work, unit: Unit, judged: "asyncio.Future[Judgement]") -> None:
        if judged.cancelled() or judged.exception() is not None:
            self.aggregates.evict(unit.reads)
            return
        judgement = judged.result()
        _COUNTED[judgement.verdict].inc()
        if judgement.verdict is Verdict.ACCEPTED:
            for aggregate, held in work.changed():
                aggregate.collect_events()
                self.aggregates.remember(aggregate, held.wanted)
            return
        self.aggregates.evict(judgement.heads or unit.reads)
        if judgement.verdict is Verdict.ERASED:
            self._keys.drop(frozenset(subject for subject, _ in unit.generations))

    async def is_current(self, work: Work) -> bool:
        """Whether everything `work` rests on still stands in the log; what does not is evicted."""
        reads = work.reads()
        heads = await self.log.heads(reads)
        stale = [id for id, version in reads.items() if heads[id] != version]
        self.aggregates.evict(stale)
        return not stale

    async def _repeat(self, request: tuple[UUID, UUID]) -> Receipt | None:
        known = await self.log.result(request[0])
        if known is None:
            return None
        if known[0] != request[1]:
            raise RequestReused("this request id came before with another body")
        return msgspec.json.decode(known[1], type=Receipt)

    def _turn(self, on: UUID | None) -> AbstractAsyncContextManager[Any]:
        if on is None:
            return nullcontext()
        lock = self._locks.get(on)
        if lock is None:
            lock = self._locks[on] = asyncio.Lock()
        return lock


def _lines_about(on: UUID | None, cause: str, request: tuple[UUID, UUID] | None) -> about:
    """Log lines of a decision name what asked for it; a call, a record or an effect has said so already."""
    if correlation():
        return about(case=on, cause=cause)
    key = None if request is None else request[0]
    return about(case=on, cause=cause, request=key, correlation=key or cause)
