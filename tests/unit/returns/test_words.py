"""Whatever a customer of ours can be told exists in every language that mails are written in."""

from collections.abc import Iterable
from dataclasses import fields
from string import Formatter

import pytest

from services.notifications.policies import LOCALES
from services.notifications.providers.rendering import CHOICES
from services.returns.domain.policy.words import ENGLISH, WORDS, Words, words_in
from services.returns.presenting import notices


def texts(words: Words) -> dict[str, str]:
    """Every text of one language by its place; names of fees and remedies are the shop's and may lack."""
    plain = {f.name: getattr(words, f.name) for f in fields(Words) if isinstance(getattr(words, f.name), str)}
    return plain | {f"declined.{kind.value}": text for kind, text in words.declined.items()}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_table_of_words_has_every_language() -> None:
    """A language that is added to the mails fails here until the rest has it."""
    tables: Iterable[Iterable[str]] = (WORDS, notices.WORDS, notices.CORRECTED, CHOICES)
    assert [sorted(table) for table in tables] == [sorted(LOCALES)] * 4


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_language_says_all_that_english_says_with_the_same_blanks(language: str) -> None:
    """None is empty, none is English in another language's place, and each is filled by the same names."""
    said, english = texts(WORDS[language]), texts(ENGLISH)
    assert said.keys() == english.keys()
    assert [name for name, text in said.items() if blanks(text) != blanks(english[name])] == []
    assert all(said.values())
    assert language == "en" or not set(said.values()) & set(english.values())


@pytest.mark.parametrize(
    ("language", "nearest"), [("de-AT", "de"), ("de_CH", "de"), ("DE", "de"), ("fr", "en"), ("", "en"), ("en-GB", "en")]
)
def test_the_nearest_language_is_spoken(language: str, nearest: str) -> None:
    assert words_in(language) is WORDS[nearest]
