"""What a policy tells customers by itself, in every language a shop may write in.

Guarantee: each language says the same; a customer of another one reads English. Words of the shop's own (names of fees,
remedies and proofs that are not in the table) stay as the shop wrote them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from casework.amounts import spoken
from chassis.domain import Money
from services.returns.domain.policy.values import ClauseKind


@dataclass(frozen=True, slots=True)
class Words:
    """One language. Texts with a blank are filled by name."""

    person: str
    please_add: str
    declined: Mapping[ClauseKind, str]
    declined_else: str
    choose_among: str
    keep: str
    send_back: str
    send_back_by_law: str
    send_before: str
    reach_us_before: str
    may_also_choose: str
    names: Mapping[str, str]
    day: Callable[[date], str]
    money: Callable[[Money], str]

    def name(self, word: str) -> str:
        """A fee, remedy or proof as customers read it."""
        return self.names.get(word, word.replace("_", " "))


ENGLISH = Words(
    person="Somebody will look at your request and answer you.",
    please_add="Please add: {what}.",
    declined={
        ClauseKind.FINAL_SALE: "It was sold as final sale and cannot come back.",
        ClauseKind.PERISHABLE: "It is perishable and cannot come back.",
        ClauseKind.MADE_TO_MEASURE: "It was made for you and cannot come back.",
        ClauseKind.DIGITAL: "Digital content that was used cannot come back.",
        ClauseKind.HYGIENE: "For reasons of hygiene it can only come back sealed.",
        ClauseKind.WINDOW: "The time to return it has passed.",
        ClauseKind.CONDITION: "It can only come back in the condition that our policy names.",
        ClauseKind.REMEDIES: "We can take it back, but not for what you asked.",
        ClauseKind.BUNDLE: "It was sold as a part of {bundle} and comes back only together with: {missing}.",
    },
    declined_else="Our policy does not let it come back.",
    choose_among="You can choose: {what}.",
    keep="You can keep it: nothing has to be sent back.",
    send_back="You can send it back.",
    send_back_by_law="You can send it back, as the law gives you.",
    send_before="Send it before {day}.",
    reach_us_before="It has to reach us before {day}.",
    may_also_choose="You may also choose: {what}.",
    names={},
    day=date.isoformat,
    money=spoken,
)

GERMAN = Words(
    person="Jemand sieht sich Ihre Anfrage an und antwortet Ihnen.",
    please_add="Bitte fügen Sie hinzu: {what}.",
    declined={
        ClauseKind.FINAL_SALE: "Die Ware war vom Umtausch ausgeschlossen und kann nicht zurückgegeben werden.",
        ClauseKind.PERISHABLE: "Die Ware ist verderblich und kann nicht zurückgegeben werden.",
        ClauseKind.MADE_TO_MEASURE: "Die Ware wurde für Sie angefertigt und kann nicht zurückgegeben werden.",
        ClauseKind.DIGITAL: "Digitale Inhalte, die benutzt wurden, können nicht zurückgegeben werden.",
        ClauseKind.HYGIENE: "Aus Gründen der Hygiene kann die Ware nur versiegelt zurückgegeben werden.",
        ClauseKind.WINDOW: "Die Frist für die Rückgabe ist abgelaufen.",
        ClauseKind.CONDITION: "Die Ware kann nur in dem Zustand zurückgegeben werden, den unsere Bedingungen nennen.",
        ClauseKind.REMEDIES: "Wir nehmen die Ware zurück, aber nicht für das, worum Sie gebeten haben.",
        ClauseKind.BUNDLE: "Die Ware ist Teil von {bundle} und kann nur zusammen zurückkommen mit: {missing}.",
    },
    declined_else="Unsere Bedingungen sehen eine Rückgabe nicht vor.",
    choose_among="Sie können wählen: {what}.",
    keep="Sie können die Ware behalten: Sie müssen nichts zurücksenden.",
    send_back="Sie können die Ware zurücksenden.",
    send_back_by_law="Sie können die Ware zurücksenden, wie es Ihnen das Gesetz gibt.",
    send_before="Senden Sie sie vor dem {day} ab.",
    reach_us_before="Sie muss vor dem {day} bei uns sein.",
    may_also_choose="Sie können auch wählen: {what}.",
    names={
        "refund": "Erstattung",
        "exchange": "Umtausch",
        "replacement": "Ersatz",
        "repair": "Reparatur",
        "store_credit": "Guthaben",
        "price_reduction": "Preisnachlass",
        "restocking": "Bearbeitungsgebühr",
        "return_label": "Rücksendeetikett",
        "photo": "Foto",
        "receipt": "Kaufbeleg",
    },
    day=lambda day: f"{day:%d.%m.%Y}",
    money=lambda money: spoken(money).replace(".", ","),
)

WORDS: Mapping[str, Words] = {"en": ENGLISH, "de": GERMAN}


def words_in(language: str) -> Words:
    """The nearest language: ``de-AT``, then ``de``, then English."""
    return WORDS.get(language.replace("_", "-").partition("-")[0].lower(), ENGLISH)
