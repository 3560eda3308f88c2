"""Recorded requests decided again by another policy, and what is different.

Guarantee: pure; what the records do not hold is counted as unknown, never guessed. Memory grows with the customers
seen, not with the decisions.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec

from services.returns.domain.policy import Policy, UnitFacts, judge_promise
from services.returns.domain.policy.compiled import compiled
from services.returns.domain.policy.facts import unrecorded
from services.returns.domain.policy.weighing import weigh

BETTER, WORSE = 1, 2
_WORTH = {"decline": 0, "person": 1, "authorise": 2}

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


class Amounts(msgspec.Struct):
    """Sums in minor units by currency."""

    by_currency: dict[str, int] = {}

    def add(self, minor: int, currency: str) -> None:
        self.by_currency[currency] = self.by_currency.get(currency, 0) + minor


class Transition(msgspec.Struct):
    """Units that went from one outcome to another."""

    units: int = 0
    paid: Amounts = msgspec.field(default_factory=Amounts)


class Example(msgspec.Struct):
    """One unit that would be decided otherwise."""

    case_id: str
    unit_id: str
    before: str
    before_clause: str
    after: str
    after_clause: str
    explanation: str
    minor: int
    currency: str


class Report(msgspec.Struct):
    """What would be different."""

    decisions: int = 0
    units: int = 0
    changed_decisions: int = 0
    changed_units: int = 0
    customers: int = 0
    changed_customers: int = 0
    customers_better: int = 0
    customers_worse: int = 0
    transitions: dict[str, Transition] = {}
    more_authorised: Amounts = msgspec.field(default_factory=Amounts)
    more_fees: Amounts = msgspec.field(default_factory=Amounts)
    examples: list[Example] = []
    unknowns: dict[str, int] = {}


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


class Replay:
    """A proposed policy on its way through the records."""

    def __init__(self, policy: Policy, examples: int) -> None:
        self._policy, self._most = policy, examples
        self._grounds = {reason.code: reason.ground for reason in policy.reasons}
        self._reads = compiled(policy).reads
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
        named = _by_unit(promise.decision.facts)
        not_told = self._reads & unrecorded(promise.decision.facts.get("facts", "1"))
        mark = changed = 0
        before: list[tuple[_Fee, str]] = []
        after: list[tuple[Any, str]] = []
        for verdict in promise.verdicts:
            self.report.units += 1
            for name in not_told:
                self._unknown[f"{name} was not recorded then"] += 1
            facts = self._facts(verdict, named)
            if facts is None:
                continue
            decided = weigh(self._policy, facts)
            before += [(fee, verdict.unit_id) for fee in verdict.offer.fees]
            after += [(fee, verdict.unit_id) for fee in decided.fees]
            if decided.outcome.value != verdict.outcome:
                changed += 1
                better = _WORTH[decided.outcome.value] > _WORTH[verdict.outcome]
                mark |= BETTER if better else WORSE
                self._tell(record, verdict, facts, decided.outcome.value)
        fees = self._fees(before, after)
        mark |= (WORSE if fees > 0 else 0) | (BETTER if fees < 0 else 0)
        self.report.decisions += 1
        self.report.changed_units += changed
        self.report.changed_decisions += bool(mark)
        self._customers[record.customer_id] = self._customers.get(record.customer_id, 0) | mark

    def _facts(self, verdict: _Verdict, named: dict[str, dict[str, str]]) -> UnitFacts | None:
        facts = UnitFacts.recorded(verdict.unit_id, named.get(verdict.unit_id, {}))
        ground = self._grounds.get(facts.reason)
        if ground is None:
            self._unknown[f"the proposed policy knows no reason {facts.reason}"] += 1
            return None
        return facts if ground is facts.ground else replace(facts, ground=ground)

    def _tell(self, record: Recorded, verdict: _Verdict, facts: UnitFacts, after: str) -> None:
        report, paid = self.report, facts.paid
        transition = report.transitions.setdefault(f"{verdict.outcome} {after}", Transition())
        transition.units += 1
        transition.paid.add(paid.minor, paid.currency)
        if "authorise" in (after, verdict.outcome):
            report.more_authorised.add(paid.minor if after == "authorise" else -paid.minor, paid.currency)
        if len(report.examples) < self._most:
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


def _by_unit(facts: dict[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key, value in facts.items():
        unit_id, dot, name = key.rpartition(".")
        if dot:
            found.setdefault(unit_id, {})[name] = value
    return found
