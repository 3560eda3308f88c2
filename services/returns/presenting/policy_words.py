"""The words of the page on which customers read a policy, in every language we write one in.

Guarantee: each language says the same; a customer of another one reads English. What is a shop's own (categories, tags,
tiers, names of fees that are in no table) stays as the shop wrote it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chassis.domain import Money
from services.returns.domain.policy import ClauseKind
from services.returns.domain.policy.words import ENGLISH, GERMAN, Words


@dataclass(frozen=True, slots=True)
class PageWords:
    """One language. Texts with a blank are filled by name."""

    language: str
    """As HTML names it."""

    title: str
    then: str
    after: str
    way_back: str
    fee_named: Callable[[str], str]
    not_for: str
    negated: str
    alternative: str
    headings: Mapping[ClauseKind, str]
    sentences: Mapping[ClauseKind, str]
    clocks: Mapping[str, str]
    acts: Mapping[str, str]
    moments: Mapping[str, str]
    changes: Mapping[str, str]
    bundles: Mapping[str, str]
    bounds: Mapping[str, str]
    names: Mapping[str, str]
    told: Words
    """What decisions are told in: names of remedies, proofs and fees are the same there and here."""

    def name(self, word: str) -> str:
        """A condition, remedy, proof or tier as customers read it."""
        return self.names.get(word) or self.told.name(word)

    def money(self, amount: Money) -> str:
        """An amount as it is written there."""
        return self.told.money(amount)

    def either(self, listed: Sequence[str]) -> str:
        """One of several."""
        return f"{', '.join(listed[:-1])} {self.alternative} {listed[-1]}" if len(listed) > 1 else "".join(listed)


PAGE_ENGLISH = PageWords(
    language="en",
    title="Returns",
    then="Then",
    after="Send it within {send} days after we said yes. Your money is on its way at most {refund} days after that is"
    " decided.",
    way_back="The way back",
    fee_named=lambda name: f"{name.replace('_', ' ').capitalize()} fee",
    not_for="not for",
    negated="not ",
    alternative="or",
    headings={kind: kind.value.replace("_", " ").capitalize() for kind in ClauseKind},
    sentences={
        ClauseKind.WINDOW: "You have {days} days from {clock} to {act}.",
        ClauseKind.SEASON: "You have time until {until} at least.",
        ClauseKind.CONDITION: "It comes back {what}.",
        ClauseKind.HYGIENE: "It comes back only {what}.",
        ClauseKind.DIGITAL: "It comes back only {what}.",
        ClauseKind.FINAL_SALE: "What is sold as final sale does not come back.",
        ClauseKind.PERISHABLE: "Perishable goods do not come back.",
        ClauseKind.MADE_TO_MEASURE: "What was made for you does not come back.",
        ClauseKind.EXCLUSION: "This does not come back.",
        ClauseKind.HAZARDOUS: "Dangerous goods: we arrange with you how they come back.",
        ClauseKind.REMEDIES: "You can choose: {what}.",
        ClauseKind.BUNDLE: "What was sold as a bundle comes back {how}.",
        ClauseKind.PROOF: "Please add: {what}.",
        ClauseKind.REFUND_AT: "You get your money {when}.",
        ClauseKind.RETURNLESS: "Below {below} you keep it.",
        ClauseKind.CONFORMITY: "If it is faulty, you have {years} years, whatever else is written here.",
        ClauseKind.WITHDRAWAL: "You may withdraw within {days} days without a reason, whatever else is written here.",
        ClauseKind.CHANGE: "You may ask us to {what} until {until}.",
        ClauseKind.GIFT_RETURN: "Who was given it may return it with the gift receipt, for: {what}.",
    },
    clocks={
        "delivery": "delivery",
        "last_delivery": "delivery of the last goods of the order",
        "order": "the day of the order",
        "dispatch": "the day it was sent",
        "notice": "the day you tell us",
    },
    acts={"request": "ask", "hand_over": "send it back", "receipt": "let it reach us"},
    moments={
        "first_scan": "when the carrier has it",
        "receipt": "when it has reached us",
        "inspection": "when we have looked at it",
        "packed": "it is packed",
        "leaves": "it leaves our house",
    },
    changes={"cancel": "cancel it", "swap": "swap it for another variant", "tender": "pay otherwise"},
    bundles={"whole": "whole only, unless a part is faulty", "parts": "whole or in parts"},
    bounds={},
    names={},
    told=ENGLISH,
)

PAGE_GERMAN = PageWords(
    language="de",
    title="Rückgabe",
    then="Und dann",
    after="Senden Sie die Ware innerhalb von {send} Tagen ab, nachdem wir zugestimmt haben. Ihr Geld ist höchstens"
    " {refund} Tage nach der Entscheidung unterwegs.",
    way_back="Der Rückweg",
    fee_named=lambda name: GERMAN.names.get(name) or f"Gebühr ({name.replace('_', ' ')})",
    not_for="nicht bei",
    negated="außer ",
    alternative="oder",
    headings={
        ClauseKind.FINAL_SALE: "Vom Umtausch ausgeschlossen",
        ClauseKind.PERISHABLE: "Verderbliche Ware",
        ClauseKind.MADE_TO_MEASURE: "Angefertigte Ware",
        ClauseKind.DIGITAL: "Digitale Inhalte",
        ClauseKind.HYGIENE: "Hygiene",
        ClauseKind.EXCLUSION: "Ausnahmen",
        ClauseKind.WINDOW: "Frist",
        ClauseKind.CONDITION: "Zustand",
        ClauseKind.REMEDIES: "Was Sie wählen können",
        ClauseKind.BUNDLE: "Pakete",
        ClauseKind.HAZARDOUS: "Gefahrgut",
        ClauseKind.PROOF: "Nachweise",
        ClauseKind.SEASON: "Verlängerte Frist",
        ClauseKind.FEE: "Kosten",
        ClauseKind.REFUND_AT: "Erstattung",
        ClauseKind.RETURNLESS: "Ohne Rücksendung",
        ClauseKind.CONFORMITY: "Gewährleistung",
        ClauseKind.WITHDRAWAL: "Widerruf",
        ClauseKind.CHANGE: "Änderung vor dem Versand",
        ClauseKind.GIFT_RETURN: "Geschenke",
    },
    sentences={
        ClauseKind.WINDOW: "Sie haben {days} Tage ab {clock}, um {act}.",
        ClauseKind.SEASON: "Sie haben mindestens bis {until} Zeit.",
        ClauseKind.CONDITION: "Zurück kommt die Ware {what}.",
        ClauseKind.HYGIENE: "Zurück kommt die Ware nur {what}.",
        ClauseKind.DIGITAL: "Zurück kommt die Ware nur {what}.",
        ClauseKind.FINAL_SALE: "Was als vom Umtausch ausgeschlossen verkauft wird, kommt nicht zurück.",
        ClauseKind.PERISHABLE: "Verderbliche Ware kommt nicht zurück.",
        ClauseKind.MADE_TO_MEASURE: "Was für Sie angefertigt wurde, kommt nicht zurück.",
        ClauseKind.EXCLUSION: "Dies kommt nicht zurück.",
        ClauseKind.HAZARDOUS: "Gefahrgut: Wir sprechen mit Ihnen ab, wie es zurückkommt.",
        ClauseKind.REMEDIES: "Sie können wählen: {what}.",
        ClauseKind.BUNDLE: "Was als Paket verkauft wurde, kommt {how} zurück.",
        ClauseKind.PROOF: "Bitte fügen Sie hinzu: {what}.",
        ClauseKind.REFUND_AT: "Sie erhalten Ihr Geld, {when}.",
        ClauseKind.RETURNLESS: "Unter {below} behalten Sie die Ware.",
        ClauseKind.CONFORMITY: "Ist die Ware mangelhaft, haben Sie {years} Jahre, was immer hier sonst steht.",
        ClauseKind.WITHDRAWAL: "Sie können binnen {days} Tagen ohne Grund widerrufen, was immer hier sonst steht.",
        ClauseKind.CHANGE: "Sie können uns bitten, {what}, bis {until}.",
        ClauseKind.GIFT_RETURN: "Wer damit beschenkt wurde, kann es mit dem Geschenkbeleg zurückgeben, für: {what}.",
    },
    clocks={
        "delivery": "der Lieferung",
        "last_delivery": "der Lieferung der letzten Ware der Bestellung",
        "order": "dem Tag der Bestellung",
        "dispatch": "dem Tag des Versands",
        "notice": "dem Tag, an dem Sie uns Bescheid geben",
    },
    acts={
        "request": "uns zu fragen",
        "hand_over": "die Ware zurückzusenden",
        "receipt": "die Ware bei uns ankommen zu lassen",
    },
    moments={
        "first_scan": "wenn der Zusteller die Ware hat",
        "receipt": "wenn die Ware bei uns ist",
        "inspection": "wenn wir die Ware angesehen haben",
        "packed": "die Ware gepackt ist",
        "leaves": "die Ware unser Haus verlässt",
    },
    changes={
        "cancel": "zu stornieren",
        "swap": "die Ware gegen eine andere Ausführung zu tauschen",
        "tender": "anders bezahlen zu dürfen",
    },
    bundles={"whole": "nur ganz, außer ein Teil ist mangelhaft,", "parts": "ganz oder in Teilen"},
    bounds={
        "categories": "Kategorien",
        "tags": "Kennzeichen",
        "channels": "Vertriebswege",
        "tenders": "Zahlungsarten",
        "tiers": "Kundenstufen",
        "reasons": "Gründe",
        "conditions": "Zustand",
        "bundles": "Pakete",
        "placed_from": "bestellt ab",
        "placed_until": "bestellt bis",
    },
    names={
        "sealed": "versiegelt",
        "opened": "geöffnet",
        "used": "gebraucht",
        "damaged": "beschädigt",
        "incomplete": "unvollständig",
    },
    told=GERMAN,
)

PAGES: Mapping[str, PageWords] = {"en": PAGE_ENGLISH, "de": PAGE_GERMAN}


def page_words_in(language: str) -> PageWords:
    """The nearest language: ``de-AT``, then ``de``, then English."""
    return PAGES.get(language.replace("_", "-").partition("-")[0].lower(), PAGE_ENGLISH)
