"""Recorded requests decided again by another policy, and what is different.

Guarantee: pure; what the records do not hold is counted as unknown, never guessed. Memory grows with the customers
seen, not with the decisions. What a policy cannot tell apart is decided once: it looks at the day of an instant, and
at the facts its clauses name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from chassis.domain import Money
from services.returns.domain.policy import Policy, UnitFacts, judge_promise
from services.returns.domain.policy.compiled import compiled
from services.returns.domain.policy.facts import unrecorded
from services.returns.domain.policy.values import Fee
from services.returns.domain.policy.weighing import weigh
from services.returns.what_if.report import Example, Report, Transition

BETTER, WORSE = 1, 2
_WORTH = {"decline": 0, "person": 1, "authorise": 2}
MOST_KNOWN = 20_000
"""Decisions that are remembered at once."""
_INSTANTS = frozenset(
    "possession_at asked_at placed_at dispatched_at last_possession_at handed_back_at received_back_at".split()
)
_ALWAYS_READ = frozenset({"reason", "paid", "asked_total", "asked_at", "handed_back_at", "received_back_at"})
"""Beside what clauses are bound to: what their parameters are held against."""

ALWAYS_UNKNOWN = (
    "customers who did not ask because the policy of the day told them not to, or would ask now",
    "what persons decided afterwards, against the policy or where it left the decision to them",
    "whether goods would be sent or arrive in time, and in which condition",
)


class Recorded(msgspec.Struct, array_like=True):
    """One request as it stands in the log. `state` is the stored event of its promise."""

    case_id: str
    customer_id: str
    state: bytes


class _Decision(msgspec.Struct):
    facts: dict[str, str]


class _Money(msgspec.Struct):
    minor: int
    currency: str


class _Fee(msgspec.Struct):
    amount: _Money
    per: str = "unit"
    clause: str = ""


class _Offer(msgspec.Struct):
    fees: list[_Fee] = []


class _Verdict(msgspec.Struct):
    unit_id: str
    outcome: str
    clause: str
    offer: _Offer = msgspec.field(default_factory=_Offer)


class _Promise(msgspec.Struct):
    decision: _Decision
    verdicts: list[_Verdict]


class _State(msgspec.Struct):
    d: _Promise


_decode = msgspec.json.Decoder(_State).decode


class Decided(NamedTuple):
    """What a policy says of a unit."""

    outcome: str
    fees: tuple[Fee, ...]
    paid: Money


class Replay:
    """A proposed policy on its way through the records."""

    def __init__(self, policy: Policy, examples: int) -> None:
        self._policy, self._most = policy, examples
        self._grounds = {reason.code: reason.ground for reason in policy.reasons}
        self._reads = compiled(policy).reads
        read = (self._reads | _ALWAYS_READ) - {"ground"}  # a ground is what this policy makes of the reason
        self._words, self._days = tuple(sorted(read - _INSTANTS)), tuple(sorted(read & _INSTANTS))
        self._decided: dict[tuple[str | None, ...], Decided | None] = {}
        self._customers: dict[str, int] = {}
        self._unknown: Counter[str] = Counter()
        self.report = Report()

    def take(self, records: Iterable[Recorded]) -> None:
        """Decide some requests again."""
        for record in records:
            self._one(record, _decode(record.state).d)

    def finished(self) -> Report:
        """The report over everything that was taken."""
        marks = self._customers.values()
        self.report.customers = len(self._customers)
        self.report.changed_customers = sum(1 for mark in marks if mark)
        self.report.customers_better = sum(1 for mark in marks if mark & BETTER)
        self.report.customers_worse = sum(1 for mark in marks if mark & WORSE)
        self.report.unknowns = dict(self._unknown.most_common()) | dict.fromkeys(ALWAYS_UNKNOWN, 0)
        return self.report

    def _one(self, record: Recorded, promise: _Promise) -> None:
        recorded = promise.decision.facts
        not_told = self._reads & unrecorded(promise.decision.facts.get("facts", "1"))
        mark = changed = 0
        before: list[tuple[_Fee, str]] = []
        after: list[tuple[Any, str]] = []
        for verdict in promise.verdicts:
            self.report.units += 1
            for name in not_told:
                self._unknown[f"{name} was not recorded then"] += 1
            decided = self._decide(verdict.unit_id, recorded)
            if decided is None:
                reason = recorded.get(f"{verdict.unit_id}.reason", "")
                self._unknown[f"the proposed policy knows no reason {reason}"] += 1
                continue
            before += [(fee, verdict.unit_id) for fee in verdict.offer.fees]
            after += [(fee, verdict.unit_id) for fee in decided.fees]
            if decided.outcome != verdict.outcome:
                changed += 1
                better = _WORTH[decided.outcome] > _WORTH[verdict.outcome]
                mark |= BETTER if better else WORSE
                self._tell(record, verdict, decided, recorded)
        fees = self._fees(before, after)
        mark |= (WORSE if fees > 0 else 0) | (BETTER if fees < 0 else 0)
        self.report.decisions += 1
        self.report.changed_units += changed
        self.report.changed_decisions += bool(mark)
        self._customers[record.customer_id] = self._customers.get(record.customer_id, 0) | mark

    def _decide(self, unit_id: str, recorded: Mapping[str, str]) -> "Decided | None":
        """The outcome of one unit; None where the policy does not know why it comes back."""
        told = recorded.get
        zone = told(f"{unit_id}.time_zone") or "UTC"
        key = (
            *[told(f"{unit_id}.{name}") for name in self._words],
            *[_day(told(f"{unit_id}.{name}"), zone) for name in self._days],
        )
        try:
            return self._decided[key]
        except KeyError:
            if len(self._decided) >= MOST_KNOWN:
                self._decided.clear()
        facts, decided = self._facts(unit_id, recorded), None
        if facts is not None:
            weighed = weigh(self._policy, facts)
            decided = Decided(weighed.outcome.value, weighed.fees, facts.paid)
        self._decided[key] = decided
        return decided

    def _facts(self, unit_id: str, recorded: Mapping[str, str]) -> UnitFacts | None:
        """The facts as this policy sees them: a reason rests on what it says."""
        facts = UnitFacts.recorded(unit_id, _of_unit(unit_id, recorded))
        ground = self._grounds.get(facts.reason)
        if ground is None:
            return None
        return facts if ground is facts.ground else replace(facts, ground=ground)

    def _tell(self, record: Recorded, verdict: _Verdict, decided: "Decided", recorded: Mapping[str, str]) -> None:
        report, paid, after = self.report, decided.paid, decided.outcome
        transition = report.transitions.setdefault(f"{verdict.outcome} {after}", Transition())
        transition.units += 1
        transition.paid.add(paid.minor, paid.currency)
        if "authorise" in (after, verdict.outcome):
            report.more_authorised.add(paid.minor if after == "authorise" else -paid.minor, paid.currency)
        if len(report.examples) < self._most and (facts := self._facts(verdict.unit_id, recorded)) is not None:
            judged = judge_promise(self._policy, facts)
            report.examples.append(
                Example(
                    record.case_id,
                    verdict.unit_id,
                    verdict.outcome,
                    verdict.clause,
                    after,
                    judged.clause,
                    judged.explanation,
                    paid.minor,
                    paid.currency,
                )
            )

    def _fees(self, before: list[tuple[_Fee, str]], after: list[tuple[Any, str]]) -> int:
        if not before and not after:
            return 0
        more = 0
        for sign, fees in ((-1, before), (1, after)):
            once = {(fee.clause, "" if fee.per == "return" else unit): fee.amount for fee, unit in fees}
            for amount in once.values():
                more += sign * amount.minor
                self.report.more_fees.add(sign * amount.minor, amount.currency)
        return more


def _of_unit(unit_id: str, facts: Mapping[str, str]) -> dict[str, str]:
    prefix = f"{unit_id}."
    return {key.removeprefix(prefix): value for key, value in facts.items() if key.startswith(prefix)}


def _day(instant: str | None, zone: str) -> str | None:
    """The day it was for the customer; what is no instant ("not delivered") as it stands."""
    if not instant or not instant[0].isdigit():
        return instant
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).date().isoformat()
