"""How goods are looked at when they are back: questions, photos and marks by category, and what the answers mean.

Guarantee: pure. Of several lists the nearest to a unit counts, as with every clause that sets one thing. An inspection
is told everything it lacks at once, and the worst of the answers is the grade.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.scope import nearest
from services.returns.domain.policy.values import Clause, ClauseKind, Policy

MARKS = ("serial", "lot")
"""What may have to be read off a unit."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What a grade suggests of a unit; an empty word suggests nothing."""

    name: str
    condition: str = ""
    disposition: str = ""

    def written(self) -> str:
        """As a clause keeps it."""
        return _written({"grade": self.name, "condition": self.condition, "disposition": self.disposition})

    @classmethod
    def read(cls, text: str) -> "Grade":
        """What `written` wrote."""
        known = json.loads(text)
        return cls(known["grade"], known["condition"], known["disposition"])


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to look at, in words by language, and the grade of each answer it allows."""

    id: str
    ask: dict[str, str]
    answers: dict[str, str]

    def written(self) -> str:
        """As a clause keeps it; the order of the answers is the shop's."""
        return _written({"question": self.id, "ask": self.ask, "answers": list(self.answers.items())})

    @classmethod
    def read(cls, text: str) -> "Question":
        """What `written` wrote."""
        known = json.loads(text)
        return cls(known["question"], known["ask"], dict(known["answers"]))


@dataclass(frozen=True, slots=True)
class Checklist:
    """What has to be written down of a unit, of which version of the policy. `grades`: the best first."""

    clause: str
    policy: str
    policy_version: str
    grades: tuple[Grade, ...]
    questions: tuple[Question, ...]
    photos: tuple[str, ...]
    record: tuple[str, ...]

    def grade(self, answers: Mapping[str, str]) -> Grade:
        """The worst of the grades that the answers give."""
        given = {question.answers[answers[question.id]] for question in self.questions}
        return next(grade for grade in reversed(self.grades) if grade.name in given)


@dataclass(frozen=True, slots=True)
class Lack:
    """What stands in the way of an inspection: the field, why in words, and a stable reason."""

    field: str
    text: str
    reason: str


def checklist_for(policy: Policy, facts: UnitFacts) -> Checklist | None:
    """The list that counts for a unit; None where the policy has none for it."""
    clause = nearest([clause for clause in policy.clauses if clause.kind is ClauseKind.GRADING], facts)
    return None if clause is None else _checklist(policy, clause)


def lacks(
    checklist: Checklist, answers: Mapping[str, str], photos: Mapping[str, str], marks: Mapping[str, str]
) -> list[Lack]:
    """Everything the list asks for and did not get, and every answer it does not know."""
    known = {question.id: question for question in checklist.questions}
    found = [_about(question, answers.get(question.id, "")) for question in checklist.questions]
    found += [
        Lack(f"answers.{id}", f"list {checklist.clause} asks nothing called {id}", "UNKNOWN_QUESTION")
        for id in answers
        if id not in known
    ]
    found += [
        Lack(f"photos.{name}", f"list {checklist.clause} needs a photo: {name}", "PHOTO_MISSING")
        for name in checklist.photos
        if not photos.get(name)
    ]
    found += [
        Lack(_FIELDS[mark], f"list {checklist.clause} needs the {mark} of the unit", f"{mark.upper()}_MISSING")
        for mark in checklist.record
        if not marks.get(mark)
    ]
    return [lack for lack in found if lack is not None]


_FIELDS = {"serial": "serial", "lot": "lot_id"}


def _about(question: Question, answer: str) -> Lack | None:
    allowed = ", ".join(question.answers)
    if not answer:
        return Lack(f"answers.{question.id}", f"{question.id} is not answered: {allowed}", "ANSWER_MISSING")
    if answer not in question.answers:
        return Lack(f"answers.{question.id}", f"{answer!r} is none of {allowed}", "NOT_AN_ANSWER")
    return None


def _checklist(policy: Policy, clause: Clause) -> Checklist:
    return Checklist(
        clause.id,
        policy.id,
        policy.version,
        tuple(Grade.read(text) for text in clause.texts("grades")),
        tuple(Question.read(text) for text in clause.texts("questions")),
        clause.texts("photos"),
        clause.texts("record"),
    )


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
