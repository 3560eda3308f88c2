"""One step of one effect: what is to be done is committed first, then done, then its answer is committed.

Each transition and the owner's handler are one unit. Where the handler raises, the transition stands without it and the
effect shows as untold, because a proof from outside must not be lost to a fault in here; only an attempt that has not
begun is held instead, before anything is sent.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import structlog

from chassis.clock import Clock
from chassis.effects.circuit import Circuits, trouble_of
from chassis.effects.effect import Effect
from chassis.effects.states import EPOCH, MILLISECOND, State, Step, milliseconds
from chassis.effects.terms import Terms
from chassis.errors import Blocked, Contended, StoreUnavailable
from chassis.failpoints import failpoint
from chassis.keys import WrongKek
from chassis.log import UNREACHABLE
from chassis.service import Attempt, NotDone, Provider, ProviderAnswer, Unknown
from chassis.telemetry import METRICS, about
from chassis.told import told
from chassis.units import Units
from chassis.work import SYSTEM, Work

log = structlog.get_logger(__name__)

WAITS = (StoreUnavailable, Blocked, Contended, WrongKek, *UNREACHABLE)
"""Nobody's fault here: what was to be done is done later."""

Change: TypeAlias = Callable[[Effect, Work, int], bool]
"""Changes an effect at (business instant of the work, real milliseconds); False where nothing is to be changed."""


class Carrier:
    """Takes effects step by step to an end, under the terms of each kind's provider."""

    def __init__(
        self,
        units: Units,
        providers: Mapping[str, Provider],
        clock: Clock,
        terms: Mapping[str, Terms] | None = None,
        circuits: Circuits | None = None,
    ) -> None:
        self._units, self._providers, self._clock, self._circuits = units, providers, clock, circuits
        self._terms = {kind: (terms or {}).get(kind) or Terms(p.idempotency) for kind, p in providers.items()}

    async def step(self, id: UUID, kind: str) -> None:
        """Do what is due. Harmless beside another process that does the same."""
        with about(correlation=id, effect=id):
            await self._step(id, kind)

    async def _step(self, id: UUID, kind: str) -> None:
        provider, terms = self._providers[kind], self._terms[kind]
        step, attempt, began = Step.NOTHING, None, 0.0

        def begin(effect: Effect, work: Work, real_ms: int) -> bool:
            nonlocal step, attempt, began
            began, step = time.monotonic(), effect.next_step(terms, at=work.now, real_ms=real_ms)
            changed = _take(effect, step, terms, work, real_ms)
            attempt = _attempt(effect, work)
            return changed

        def hold_instead(effect: Effect, work: Work, real_ms: int) -> bool:
            if effect.next_step(terms, at=work.now, real_ms=real_ms) is Step.ATTEMPT:
                return effect.hold_unsent(terms, at=work.now, real_ms=real_ms)
            return begin(effect, work, real_ms)

        told = await self._commit(id, kind, begin, otherwise=hold_instead)
        if attempt is None:
            return
        with about(case=attempt.subject, request=attempt.key):
            if step is Step.ATTEMPT and told:
                await self._attempt(id, provider, terms, attempt, began)
            elif step is Step.ASK:
                await self._ask(id, provider, terms, attempt)

    async def _attempt(self, id: UUID, provider: Provider, terms: Terms, attempt: Attempt, began: float) -> None:
        answer = await self._perform(provider, terms, attempt, began)
        METRICS.effect_attempts.labels(attempt.kind, type(answer).__name__.lower()).inc()
        if self._circuits is not None and not (isinstance(answer, NotDone) and answer.ours):
            await self._circuits.told(attempt.kind, trouble_of(answer))

        def take(effect: Effect, work: Work, real_ms: int) -> bool:
            return effect.answered(attempt.number, answer, terms, at=work.now, real_ms=real_ms)

        await self._settle(id, attempt.kind, take)

    async def _perform(self, provider: Provider, terms: Terms, attempt: Attempt, began: float) -> ProviderAnswer:
        if timedelta(seconds=time.monotonic() - began) + terms.call >= terms.lease:
            return NotDone("LATE", ours=True)  # the commit took so long that the call could outlive its lease
        try:
            await failpoint("before-call")
            async with asyncio.timeout(terms.call / timedelta(seconds=1)):
                answer = await provider.perform(attempt)
            await failpoint("after-call")
        except Exception as error:
            log.warning("effect_call_failed", kind=attempt.kind, attempt=attempt.number, error=told(error))
            answer = Unknown("TIMEOUT" if isinstance(error, TimeoutError) else type(error).__name__)
        return answer

    async def _ask(self, id: UUID, provider: Provider, terms: Terms, attempt: Attempt) -> None:
        try:
            async with asyncio.timeout(terms.call / timedelta(seconds=1)):
                answer = await provider.look_up(attempt)
        except Exception as error:  # no answer is no "absent": it is asked again when its pause is over
            log.warning("effect_look_up_failed", kind=attempt.kind, attempt=attempt.number, error=told(error))
            if self._circuits is not None:
                await self._circuits.told(attempt.kind, type(error).__name__)
            return

        def take(effect: Effect, work: Work, real_ms: int) -> bool:
            return effect.looked_up(attempt.number, answer, at=work.now, real_ms=real_ms)

        await self._settle(id, attempt.kind, take)

    async def _settle(self, id: UUID, kind: str, take: Change) -> None:
        """Commit an answer. A proof is not given up because the store is away: it waits here until it is stored."""
        pause = 0.2
        while True:
            try:
                await self._commit(id, kind, take)
                return
            except WAITS as error:
                log.warning("effect_answer_waits", effect=str(id), kind=kind, error=repr(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _commit(self, id: UUID, kind: str, change: Change, *, otherwise: Change | None = None) -> bool:
        """One unit: the change and its owner's handler. False where the owner raised and was left out."""

        async def with_owner(work: Work) -> None:
            effect = await work.get(Effect, id)
            before = (effect.state, effect.attempt)
            with about(case=effect.subject, request=effect.key):
                if change(effect, work, self._real_ms()) and (effect.state, effect.attempt) != before:
                    await tell_owner(work, effect)

        try:
            await self._units.run(with_owner, actor=SYSTEM, cause=f"effect:{kind}", on=id)
            return True
        except WAITS:
            raise
        except Exception as error:
            log.exception("effect_owner_raised", effect=str(id), kind=kind)
            why = told(error)[:500]

        async def without_owner(work: Work) -> None:
            effect = await work.get(Effect, id)
            if (otherwise or change)(effect, work, self._real_ms()):
                effect.owner_not_told(why, at=work.now)

        await self._units.run(without_owner, actor=SYSTEM, cause=f"effect:{kind}", on=id)
        return False

    def _real_ms(self) -> int:
        return milliseconds(self._clock.real_now())


async def tell_owner(work: Work, effect: Effect) -> None:
    """Hand the effect's state to its owner. A pause before the next try is nothing the owner has to know."""
    if effect.state is not State.PLANNED:
        await work.tell_owner(effect.changed())
        effect.owner_told(at=work.now)


def _take(effect: Effect, step: Step, terms: Terms, work: Work, real_ms: int) -> bool:
    if step is Step.ATTEMPT:
        return effect.begin(terms, at=work.now, real_ms=real_ms)
    if step is Step.LAPSE:
        return effect.lapse(terms, at=work.now, real_ms=real_ms)
    if step is Step.ASK:
        return effect.ask(terms, at=work.now, real_ms=real_ms)
    if step is Step.HOLD:
        return effect.hold(terms, at=work.now, real_ms=real_ms)
    return False


def _attempt(effect: Effect, work: Work) -> Attempt:
    return Attempt(
        kind=effect.kind,
        key=effect.key,
        subject=effect.subject,
        body=effect.body,
        number=effect.attempt,
        idempotency_key=str(effect.id),
        first_attempt_at=EPOCH + (effect.first_ms or 0) * MILLISECOND,
        now=work.now,
    )
