"""What customers are told of what somebody looks at: fair, and in their language.

Guarantee: no signal is named and nobody is accused; who has nothing to wait for is told nothing.
"""

from services.returns.domain.case import ReturnCase

WORDS = {
    "en": "Your parcel is here. We are checking its contents by hand, and will write to you if anything is unclear.",
    "de": "Ihr Paket ist da. Wir prüfen den Inhalt von Hand und schreiben Ihnen, falls etwas unklar ist.",
}


def notice(case: ReturnCase) -> str:
    """The one sentence, while the return is open and there is something to look at."""
    if not case.is_open or not any(case.signals.values()):
        return ""
    spoken = (
        value
        for record in case.decisions.values()
        for name, value in record.facts.items()
        if name.endswith(".language")
    )
    return WORDS.get(next(spoken, "en").partition("-")[0].lower(), WORDS["en"])
