"""Whatever is late, lost, stopped or restored: of a provider that cannot tell a repeat, one execution is asked at most,
and one more for each time a person ordered it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chassis.effects.effect import Effect
from chassis.effects.states import State, Step
from chassis.effects.terms import Terms
from chassis.service import Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TERMS = Terms(None, attempts=4, look_ups=2)


@dataclass(slots=True)
class Sender:
    """A worker that has begun an attempt. It may be stopped for as long as it likes before each of its steps."""

    attempt: int
    called: bool = False
    answer: ProviderAnswer | None = None


class KeylessWorld(RuleBasedStateMachine):
    """One effect, any number of workers, a provider without keys, a person, and backups."""

    def __init__(self) -> None:
        super().__init__()
        self.at, self.real = NOON, 1_000_000
        self.effect = Effect.plan("s", "mail", "1", subject=UUID(int=1), body={}, at=NOON)
        self.senders: list[Sender] = []
        self.executed = 0
        self.ordered = 0
        self.settled_by_person = False
        self.restored = False
        self.backup, self.backup_ms = self.effect.clone(), self.real

    @rule(seconds=st.sampled_from([1, 50, 5000]))
    def time_passes(self, seconds: int) -> None:
        self.real += seconds * 1000
        self.at += timedelta(seconds=seconds)

    @rule(found=st.sampled_from(["asked", "not answered", "cannot be asked"]))
    def a_worker_takes_the_next_step(self, found: str) -> None:
        step = self.effect.next_step(TERMS, at=self.at, real_ms=self.real)
        if step is Step.ATTEMPT:
            assert self.effect.begin(TERMS, at=self.at, real_ms=self.real)
            self.senders.append(Sender(self.effect.attempt))
        elif step is Step.LAPSE:
            assert self.effect.lapse(TERMS, at=self.at, real_ms=self.real)
        elif step is Step.HOLD:
            assert self.effect.hold(TERMS, at=self.at, real_ms=self.real)
        elif step is Step.ASK:
            assert self.effect.ask(TERMS, at=self.at, real_ms=self.real)
            if found == "asked":
                answer = Succeeded() if self.executed else NotDone("ABSENT")
                self.effect.looked_up(self.effect.attempt, answer, at=self.at, real_ms=self.real)
            elif found == "cannot be asked":
                self.effect.looked_up(self.effect.attempt, None, at=self.at, real_ms=self.real)

    @precondition(lambda self: any(not s.called for s in self.senders))
    @rule(
        data=st.data(),
        outcome=st.sampled_from(["done", "done, answer lost", "submitted", "nothing, later", "nothing, never", "lost"]),
    )
    def a_sender_calls_the_provider(self, data: st.DataObject, outcome: str) -> None:
        sender = data.draw(st.sampled_from([s for s in self.senders if not s.called]))
        sender.called = True
        if outcome in ("done", "done, answer lost", "submitted"):
            self.executed += 1
        answers: dict[str, ProviderAnswer] = {
            "done": Succeeded(),
            "done, answer lost": Unknown("TIMEOUT"),
            "submitted": Submitted(self.at + timedelta(seconds=60)),
            "nothing, later": NotDone("BUSY"),
            "nothing, never": Failed("NO"),
            "lost": Unknown("TIMEOUT"),
        }
        sender.answer = answers[outcome]

    @precondition(lambda self: any(s.answer for s in self.senders))
    @rule(data=st.data())
    def a_sender_tells_its_answer(self, data: st.DataObject) -> None:
        sender = data.draw(st.sampled_from([s for s in self.senders if s.answer]))
        self.senders.remove(sender)
        assert sender.answer is not None
        self.effect.answered(sender.attempt, sender.answer, TERMS, at=self.at, real_ms=self.real)

    @precondition(lambda self: self.senders)
    @rule(data=st.data())
    def a_sender_dies(self, data: st.DataObject) -> None:
        self.senders.remove(data.draw(st.sampled_from(self.senders)))

    @precondition(lambda self: self.executed > 1 or self.effect.state in (State.FAILED, State.HELD))
    @rule()
    def the_provider_proves_it(self) -> None:
        if not self.executed:
            return
        self.effect.prove(Succeeded("proof"), at=self.at)
        assert self.effect.state is State.SUCCEEDED

    @precondition(lambda self: self.effect.state is State.HELD)
    @rule(outcome=st.sampled_from(["succeeded", "failed", "retry"]))
    def a_person_decides(self, outcome: str) -> None:
        self.effect.decide(outcome, by="ann", why="looked", at=self.at)
        self.ordered += outcome == "retry"
        self.settled_by_person |= outcome != "retry"

    @rule()
    def a_backup_is_taken(self) -> None:
        self.backup, self.backup_ms = self.effect.clone(), self.real

    @precondition(lambda self: not self.restored)
    @rule()
    def the_backup_is_restored(self) -> None:
        """Every process was stopped for it; what was ordered since is forgotten here but was done out there."""
        self.restored = True
        self.senders.clear()
        self.effect = self.backup.clone()
        self.effect.lose_trust(at=self.at, since_ms=self.backup_ms)

    @invariant()
    def at_most_one_execution_is_asked_and_one_per_order(self) -> None:
        may_still_execute = sum(not s.called for s in self.senders)
        assert self.executed + may_still_execute <= 1 + self.ordered

    @invariant()
    def a_failure_that_nobody_decided_is_true(self) -> None:
        if self.effect.state is State.FAILED and not self.settled_by_person:
            assert self.executed == 0
            assert all(s.called for s in self.senders)

    @invariant()
    def a_success_that_nobody_decided_is_true(self) -> None:
        if self.effect.state is State.SUCCEEDED and not self.settled_by_person:
            assert self.executed >= 1


KeylessWorld.TestCase.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
TestKeylessWorld = KeylessWorld.TestCase
