"""What customers are told of what somebody looks at: fair, and in their language.

Guarantee: no signal is named and nobody is accused; who has nothing to wait for is told nothing.
"""

from collections.abc import Mapping

from services.returns.domain.case import ReturnCase

WORDS = {
    "en": "Your parcel is here. We are checking its contents by hand, and will write to you if anything is unclear.",
    "de": "Ihr Paket ist da. Wir prüfen den Inhalt von Hand und schreiben Ihnen, falls etwas unklar ist.",
}


CORRECTED = {
    "en": "We have corrected what we had written down of your return. You do not have to do anything.",
    "de": "Wir haben unsere Angaben zu Ihrer Rücksendung berichtigt. Sie müssen nichts tun.",
}


def notice(case: ReturnCase) -> str:
    """The one sentence: while there is something to look at, or where something was put right after money moved."""
    if case.is_open and any(case.signals.values()):
        return _in_their_language(case, WORDS)
    return _in_their_language(case, CORRECTED) if case.corrections else ""


def _in_their_language(case: ReturnCase, words: Mapping[str, str]) -> str:
    spoken = (
        value
        for record in case.decisions.values()
        for name, value in record.facts.items()
        if name.endswith(".language")
    )
    return words.get(next(spoken, "en").partition("-")[0].lower(), words["en"])
