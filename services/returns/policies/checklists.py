"""Grading lists as they may be written: grades with what they suggest, and questions with the grade of each answer.

Guarantee: what is read is whole: every answer gives a grade that the clause names, and every word of it is known.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

from services.returns.domain.policy.grading import Grade, Question
from services.returns.policies.places import At

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MOST = 50
"""Questions of one list; nobody answers more."""


@cache
def dispositions() -> Mapping[str, str]:
    """What becomes of goods, and how GS1 says it; empty where it has no word for it."""
    text = resources.files("services.returns").joinpath("data", "dispositions.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)
    return found


def grades(at: At, conditions: tuple[str, ...]) -> tuple[str, ...]:
    """Grades with the condition and disposition each suggests, the best first."""
    found = []
    for name, suggests in at.entries():
        _named(suggests, name)
        condition, disposition = suggests.get("condition"), suggests.get("disposition")
        suggests.must_know("a grade")
        if not suggests.is_mapping:
            suggests.wrong("NOT_A_MAPPING", "a grade suggests a condition, a disposition, or both")
        words = [_one_of(condition, conditions), _one_of(disposition, tuple(dispositions()))]
        found.append(Grade(name, *words).written())
    return _some(at, found, "a list needs a grade")


def questions(at: At) -> tuple[str, ...]:
    """Questions by their name: the words to ask, and the grade of each answer."""
    found = []
    for name, asked in at.entries():
        _named(asked, name)
        words, answers = asked.need("ask"), asked.need("answers")
        asked.must_know("a question")
        said = {} if words is None else _by_language(words)
        given = {} if answers is None else dict(_answers(answers))
        if len(given) == 1 and answers is not None:
            answers.wrong("ONE_ANSWER", "a question with one answer asks nothing")
        found.append(Question(name, said, given).written())
    if len(found) > MOST:
        at.wrong("OUT_OF_RANGE", f"{len(found)} questions are more than {MOST}")
    return _some(at, found, "a list needs a question")


def whole(at: At, given: tuple[str, ...], asked: tuple[str, ...]) -> None:
    """Every answer gives a grade of this list, and no grade is out of reach of all answers."""
    known = {Grade.read(text).name for text in given}
    reached = {grade for text in asked for grade in Question.read(text).answers.values()}
    listed = at.get("questions")
    for _, question in listed.entries() if listed is not None and listed.is_mapping else ():
        answers = question.get("answers")
        for _, grade in answers.entries() if answers is not None and answers.is_mapping else ():
            if grade.text() not in known:
                grade.wrong("NOT_A_CHOICE", f"{grade.text()!r} is none of {', '.join(sorted(known))}")
    for name, grade in _entries(at.get("grades")):
        if name not in reached:
            grade.key_place_wrong("UNREACHED", f"no answer gives grade {name}", "warning")


def _entries(at: At | None) -> list[tuple[str, At]]:
    return list(at.entries()) if at is not None and at.is_mapping else []


def _answers(at: At) -> list[tuple[str, str]]:
    found = []
    for word, grade in at.entries():
        _named(grade, word)
        found.append((word, grade.text()))
    return found


def _by_language(at: At) -> dict[str, str]:
    return {language: said.text() for language, said in at.entries()} if at.is_mapping else {"en": at.text()}


def _one_of(at: At | None, words: tuple[str, ...]) -> str:
    if at is None:
        return ""
    if (text := at.text()) not in words:
        at.wrong("NOT_A_CHOICE", f"{text!r} is none of {', '.join(words)}")
    return text


def _named(at: At, name: str) -> None:
    if not _NAME.fullmatch(name):
        at.key_place_wrong("NOT_A_NAME", f"{name!r} is no name: letters, digits, dots, dashes, at most 64")


def _some(at: At, found: list[str], otherwise: str) -> tuple[str, ...]:
    if not found and at.is_mapping:
        at.wrong("EMPTY", otherwise)
    return tuple(found)
