"""The page on which customers read a policy: the same in every language, and in the one it says it is in."""

from dataclasses import fields
from typing import Any

import pytest

from services.returns.domain.policy import ClauseKind
from services.returns.policies import EXAMPLES, default_policy, example_text, load_policy
from services.returns.presenting.policy_page import INSIDE, page
from services.returns.presenting.policy_words import PAGES, page_words_in
from tests.unit.returns.policies import policy

POLICIES = {"default": default_policy()} | {name: load_policy(example_text(name)) for name in EXAMPLES}


def test_every_language_has_words_for_the_same_things() -> None:
    """A blank that one fills every other fills too; what is a shop's own may be written as the shop wrote it."""
    english, *others = PAGES.values()
    told = set(ClauseKind) - set(INSIDE)
    for words in others:
        assert told <= set(words.headings)
        assert set(words.sentences) == set(english.sentences)
        for name in (f.name for f in fields(words) if f.name in ("clocks", "acts", "moments", "changes", "bundles")):
            ours: Any = getattr(words, name)
            assert set(ours) == set(getattr(english, name)), name
        for kind, text in words.sentences.items():
            assert _blanks(text) == _blanks(english.sentences[kind]), kind


def _blanks(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}


@pytest.mark.parametrize("language", sorted(PAGES))
@pytest.mark.parametrize("name", sorted(POLICIES))
def test_every_policy_has_a_page_without_a_blank_left(name: str, language: str) -> None:
    told = page(POLICIES[name], language, "")
    assert f'<html lang="{language}">' in told and "{" not in told and "<li></li>" not in told


def test_a_german_page_is_german_but_for_what_is_the_shops_own() -> None:
    told = page(
        policy(
            "open: window, clock: delivery, end: hand_over, days: 30, categories: [shoes]",
            "as: condition, accepted: [sealed, opened]",
            "way: fee, name: return_label, amount: [4.50 EUR], waived_tiers: [gold]",
            "kit: bundle, returns: whole",
        ),
        "de-AT",
        "",
    )
    assert "Sie haben 30 Tage ab der Lieferung, um die Ware zurückzusenden." in told
    assert "(Kategorien: shoes)" in told
    assert "Zurück kommt die Ware versiegelt oder geöffnet." in told
    assert "Der Rückweg: 4,50 EUR; nicht bei gold." in told
    assert "kommt nur ganz, außer ein Teil ist mangelhaft, zurück." in told
    assert "<h1>Rückgabe</h1>" in told and "You " not in told


def test_a_language_we_do_not_write_is_english_and_says_so() -> None:
    """A page that called itself French would be read aloud as French."""
    assert page_words_in("fr") is PAGES["en"]
    assert '<html lang="en">' in page(default_policy(), "fr-BE", "")
