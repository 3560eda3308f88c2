"""A policy from its text.

Guarantee: everything that is wrong is found in one reading, each with its line, column and a stable reason; what is
read is whole. A typo never becomes another policy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

from chassis.domain import Invalid, Money
from services.returns.domain.policy import Clause, ClauseKind, Ground, Policy, Reason, RoleLimit, Terms
from services.returns.domain.policy.customer import NOT_RECEIVED, SERIAL
from services.returns.policies import checklists
from services.returns.policies.grammar import Parameter, amount_at, amounts, choice, parameters_of, texts, whole, yes_no
from services.returns.policies.places import At, Place, Problem, Problems, opened

REASON_CODE_LENGTH = 64
ACTIONS = ("refund", "price_reduction", "goodwill")
ROLES = ("agent", "senior_agent", "supervisor")


class InvalidPolicy(Invalid):
    """A policy that cannot be taken, with everything that is wrong in it."""

    reason = "INVALID_POLICY"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        super().__init__("policy", f"line {first.place.line}: {first.text}{more}")
        self.problems = problems
        self.violations = tuple((field_of(p.place), p.text, p.reason) for p in problems)


def field_of(place: Place) -> str:
    """A place as a field of a request: ``policy:12:5 clauses[3].days``."""
    return f"policy:{place.line}:{place.column} {place.path}".rstrip()


@dataclass(slots=True)
class Draft:
    """A text with what could be read of it. `policy` is there only where nothing is wrong."""

    policy: Policy | None
    problems: tuple[Problem, ...]
    places: Mapping[str, Place] = field(default_factory=dict)
    """Where each clause stands, by its id."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(p for p in self.problems if p.severity == "error")


def read_policy(text: str) -> Draft:
    """What the text says, and what is wrong with it."""
    problems = Problems()
    top = opened(text, problems)
    if top is None:
        return Draft(None, problems.ordered())
    id, version = (_text(top, name) for name in ("id", "version"))
    reasons = tuple(_reasons(top))
    places: dict[str, Place] = {}
    clauses = tuple(_clauses(top, places))
    limits = tuple(_limits(top))
    budgets = tuple(a for item in _listed(top, "gesture_budget") if (a := amount_at(item)))
    without = tuple(item.text() for item in _listed(top, "refund_without_goods"))
    newer = top.get("newer_if_kinder")
    kinder = newer is not None and yes_no(newer) == ("true",)
    terms = _terms(top.get("terms"))
    top.must_know("a policy")
    _known_reasons(clauses, {reason.code for reason in reasons}, places, problems)
    found = problems.ordered()
    if any(problem.severity == "error" for problem in found):
        return Draft(None, found, places)
    policy = Policy(id, version, clauses, reasons, limits, budgets, without, terms, kinder)
    return Draft(policy, found, places)


def _text(top: At, name: str) -> str:
    at = top.need(name)
    return at.text() if at else ""


def _listed(top: At, name: str) -> list[At]:
    at = top.need(name)
    return at.items() if at else []


def _reasons(top: At) -> Iterator[Reason]:
    at = top.need("reasons")
    read = choice(*(ground.value for ground in Ground))
    for code, ground in at.entries() if at else ():
        if len(code) > REASON_CODE_LENGTH:
            ground.key_place_wrong("OUT_OF_RANGE", f"a reason has at most {REASON_CODE_LENGTH} letters")
        for word in read(ground):
            yield Reason(code, Ground(word))


def _clauses(top: At, places: dict[str, Place]) -> Iterator[Clause]:
    listed = top.need("clauses")
    if listed is not None and not listed.is_list:
        listed.wrong("NOT_A_LIST", "clauses are a list")
        return
    for at in listed.items() if listed else ():
        clause = _clause(at)
        if clause is None:
            continue
        if clause.id in places:
            at.wrong("TWICE", f"another clause is called {clause.id} (line {places[clause.id].line})")
        places[clause.id] = at.place
        yield clause


def _clause(at: At) -> Clause | None:
    id, kind_at = at.need("id"), at.need("kind")
    if id is None or kind_at is None:
        return None
    words = choice(*(kind.value for kind in ClauseKind))(kind_at)
    if not words:
        return None
    kind = ClauseKind(words[0])
    known = parameters_of(kind)
    values = {name: value for name, parameter in known.items() if (value := _parameter(at, name, parameter))}
    at.must_know(f"a clause of kind {kind.value}")
    source = values.pop("source", ("",))[0]
    clause = Clause(id.text(), kind, values, source)
    _whole(at, clause)
    return clause


def _parameter(at: At, name: str, parameter: Parameter) -> tuple[str, ...]:
    value = at.need(name) if parameter.needed else at.get(name)
    return parameter.read(value) if value is not None else ()


def _whole(at: At, clause: Clause) -> None:
    """What no single parameter can be wrong about."""
    given = clause.parameters
    match clause.kind:
        case ClauseKind.FEE if ("percent" in given) == ("amount" in given):
            at.wrong("ONE_OF", f"clause {clause.id}: a fee has either a percent or an amount")
        case ClauseKind.FEE if "percent" in given and clause.text("per") == "return":
            at.wrong("ONE_OF", f"clause {clause.id}: a percentage is taken of each unit, not once of a return")
        case ClauseKind.SIGNAL:
            counted = {SERIAL: {"returns", "within_days"}, NOT_RECEIVED: {"reports", "within_days"}}
            if counted.get(clause.text("signal"), set()) != {"returns", "reports", "within_days"} & set(given):
                told = f"returns and within_days belong to {SERIAL}, reports and within_days to {NOT_RECEIVED}"
                at.wrong("ONE_OF", f"clause {clause.id}: {told}")
        case ClauseKind.REMEDIES if clause.text("preferred") and clause.text("preferred") not in given["allowed"]:
            at.wrong("NOT_A_CHOICE", f"clause {clause.id}: what is preferred is to be allowed")
        case ClauseKind.GRADING:
            checklists.whole(at, clause.texts("grades"), clause.texts("questions"))
        case ClauseKind.WINDOW if clause.text("clock") == "notice" and clause.text("end") == "request":
            at.wrong("NOTHING_BETWEEN", f"clause {clause.id}: notice and request are the same day")
        case _:
            pass


def _known_reasons(clauses: tuple[Clause, ...], codes: set[str], places: dict[str, Place], problems: Problems) -> None:
    for clause in clauses:
        for name in ("reasons", "not_reasons", "waived_reasons"):
            for code in clause.texts(name):
                if code not in codes:
                    text = f"clause {clause.id}: {name} names {code}, which is no reason of this policy"
                    problems.add(places[clause.id], "UNKNOWN_REASON", text)


def _limits(top: At) -> Iterator[RoleLimit]:
    at = top.need("limits")
    for role, actions in at.entries() if at else ():
        if role not in ROLES:
            actions.key_place_wrong("NOT_A_CHOICE", f"{role!r} is none of {', '.join(ROLES)}")
        for action, spans in actions.entries():
            if action not in ACTIONS:
                spans.key_place_wrong("NOT_A_CHOICE", f"{action!r} is none of {', '.join(ACTIONS)}")
            yield from _limit(role, action, spans)


def _limit(role: str, action: str, spans: At) -> Iterator[RoleLimit]:
    order, day = spans.need("order"), spans.need("day")
    spans.must_know("a limit")
    if order is None or day is None:
        return
    days = dict(value.split("=") for value in amounts(day))
    for value in amounts(order):
        currency, minor = value.split("=")
        if currency not in days:
            order.wrong("MISSING", f"limits of {role} {action}: no day limit in {currency}")
        else:
            yield RoleLimit(role, action, Money(int(minor), currency), Money(int(days[currency]), currency))


def _terms(at: At | None) -> Terms:
    if at is None:
        return Terms()
    found = {}
    for known in fields(Terms):
        value = at.get(known.name)
        for text in whole(0, 3660)(value) if value is not None else ():
            found[known.name] = int(text)
    at.must_know("terms")
    return Terms(**found)


__all__ = ["Draft", "InvalidPolicy", "field_of", "read_policy", "texts"]
