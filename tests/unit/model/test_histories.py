"""Thousands of histories, each with crashes of its own: whatever happened, after healing everything holds.

The kernel's own code runs in them, from the writer to the relay; what is made up is the time, the network, PostgreSQL's
answers, the broker and the provider. A failure names its seed: AFTERCARE_HISTORY=<seed> plays that one alone.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest
import structlog

from chassis import units
from chassis.effects import carrier
from chassis.effects.effect import Effect
from chassis.inbox.deciding import Decider
from chassis.inbox.parking import ParkedIndex
from chassis.relay.sender import SendFailed
from chassis.unit import Verdict
from tests.unit.model.loop import simulate
from tests.unit.model.outside import Sender
from tests.unit.model.process import CURRENT
from tests.unit.model.store import Store
from tests.unit.model.world import World

HISTORIES = 6000 if os.environ.get("AFTERCARE_FAULTS") == "all" else 60
CHUNKS = 4
ENOUGH = 80
"""So many histories find any of the planted bugs; most need one or two."""


RARE = {Verdict.REUSED, Verdict.UNPARKED}
"""Nobody in a history sends another body under a known id, and two owners seldom settle one record at once."""


class _LoopTime:
    """`time.monotonic` of a history is its loop's."""

    @staticmethod
    def monotonic() -> float:
        return asyncio.get_running_loop().time()


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    async def connect(*_: Any, **__: Any) -> Any:
        return await CURRENT.get().connect()

    monkeypatch.setattr(asyncpg, "connect", connect)
    monkeypatch.setattr(carrier, "time", _LoopTime)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


def play(seed: int, *, faults: int = 6, verdicts: "Counter[Verdict] | None" = None) -> list[str]:
    """One history; what does not hold after it."""

    async def history() -> list[str]:
        world = World(seed, faults=faults)
        complaints = await world.history()
        if verdicts is not None:
            verdicts.update(world.store.verdicts)
        return complaints

    return simulate(history())


@pytest.mark.parametrize("seed", range(3))
def test_without_faults_a_history_is_quiet(seed: int) -> None:
    assert play(seed, faults=0) == []


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_crashes_everything_holds_after_healing(
    chunk: int, record_property: Callable[[str, object], None]
) -> None:
    named = os.environ.get("AFTERCARE_HISTORY")
    seeds = [int(named)] if named else range(chunk, HISTORIES, CHUNKS)
    began = time.monotonic()
    broken = {seed: complaints for seed in seeds if (complaints := play(seed))}
    record_property("histories", len(seeds))
    record_property("histories a minute", int(len(seeds) / (time.monotonic() - began) * 60))
    assert broken == {}


def test_the_histories_meet_every_verdict_of_the_append() -> None:
    """A model that never comes into trouble would prove nothing."""
    met: Counter[Verdict] = Counter()
    for seed in range(ENOUGH):
        play(seed, verdicts=met)
        if met.keys() >= set(Verdict) - RARE:
            return
    raise AssertionError(f"never met: {set(Verdict) - RARE - met.keys()}")


def _inbox_forgets(patch: pytest.MonkeyPatch) -> None:
    decide = Decider.decide

    async def without(self: Decider, *arguments: Any) -> Any:
        draft = await decide(self, *arguments)
        draft.unit.inbox = []
        return draft

    patch.setattr(Decider, "decide", without)


def _requests_are_not_stored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(units, "RequestRow", lambda *_: None)


def _a_failed_send_counts_as_sent(patch: pytest.MonkeyPatch) -> None:
    send = Sender.send

    async def sent(self: Sender, page: Any) -> None:
        try:
            await send(self, page)
        except SendFailed:
            return

    patch.setattr(Sender, "send", sent)


def _what_is_unknown_is_tried_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Effect, "_may_attempt", lambda *_: True)


def _ended_keys_still_commit(patch: pytest.MonkeyPatch) -> None:
    judge = Store._judge

    def lenient(self: Store, a: Any, judged: Any) -> None:
        judge(self, {**a, "g_u": [], "g_subject": [], "g_generation": []}, judged)

    patch.setattr(Store, "_judge", lenient)


def _parked_keys_hold_nothing_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ParkedIndex, "holds", lambda *_: False)
    judge = Store._judge

    def lenient(self: Store, a: Any, judged: Any) -> None:
        judge(self, {**a, "k_u": [], "k_id": []}, judged)

    patch.setattr(Store, "_judge", lenient)


PLANTED = [
    _inbox_forgets,
    _requests_are_not_stored,
    _a_failed_send_counts_as_sent,
    _what_is_unknown_is_tried_again,
    _ended_keys_still_commit,
    _parked_keys_hold_nothing_back,
]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_is_found(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(play(seed) for seed in range(ENOUGH))
