"""What the customer is told of a decision: the shop's own words where the clause has them, else plain ones.

Guarantee: nobody is told that they are suspected of anything; what the law gives is named as the law's.
"""

from casework.amounts import spoken
from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.speaking import Spoken
from services.returns.domain.policy.values import LAW, Clause, ClauseKind, Fee, Offer, Outcome

_PERSON = "Somebody will look at your request and answer you."

_DECLINED = {
    ClauseKind.FINAL_SALE: "It was sold as final sale and cannot come back.",
    ClauseKind.PERISHABLE: "It is perishable and cannot come back.",
    ClauseKind.MADE_TO_MEASURE: "It was made for you and cannot come back.",
    ClauseKind.DIGITAL: "Digital content that was used cannot come back.",
    ClauseKind.HYGIENE: "For reasons of hygiene it can only come back sealed.",
    ClauseKind.WINDOW: "The time to return it has passed.",
    ClauseKind.CONDITION: "It can only come back in the condition that our policy names.",
    ClauseKind.REMEDIES: "We can take it back, but not for what you asked.",
}


def for_customer(outcome: Outcome, decider: Spoken | None, facts: UnitFacts, offer: Offer) -> str:
    """The decision in the customer's words."""
    own = own_words(decider.clause, facts.language) if decider else ""
    if own and outcome is not Outcome.AUTHORISE:
        return own
    if outcome is Outcome.PERSON:
        needed = f" Please add: {', '.join(offer.proofs)}." if _asks_proof(decider) else ""
        return f"{_PERSON}{needed}"
    if outcome is Outcome.DECLINE:
        kind = decider.clause.kind if decider else ClauseKind.EXCLUSION
        text = _DECLINED.get(kind, "Our policy does not let it come back.")
        if kind is ClauseKind.REMEDIES and decider is not None:
            return f"{text} You can choose: {', '.join(decider.clause.texts('allowed')).replace('_', ' ')}."
        return text
    return " ".join(_authorised(decider, offer, own))


def own_words(clause: Clause, language: str) -> str:
    """The shop's words of a clause in the nearest language: ``de-AT``, then ``de``, then English, then any."""
    said = dict(text.partition("=")[::2] for text in clause.texts("say"))
    for wanted in (language, language.partition("-")[0], "en"):
        if wanted in said:
            return said[wanted]
    return next(iter(said.values()), "")


def _authorised(decider: Spoken | None, offer: Offer, own: str) -> list[str]:
    by_law = decider is not None and decider.clause.kind in LAW
    if offer.returnless:
        parts = ["You can keep it: nothing has to be sent back."]
    else:
        parts = ["You can send it back, as the law gives you." if by_law else "You can send it back."]
    if own:
        parts.append(own)
    if offer.act_by is not None and not offer.returnless:
        act = "Send it" if offer.act == "hand_over" else "It has to reach us"
        parts.append(f"{act} before {offer.act_by.date()}.")
    parts += [_of_fee(fee) for fee in offer.fees]
    if offer.preferred:
        parts.append(f"You may also choose: {offer.preferred.replace('_', ' ')}.")
    return parts


def without_fees(text: str, offer: Offer) -> str:
    """The same words to somebody who is not to read off them what was paid."""
    for fee in offer.fees:
        text = text.replace(f" {_of_fee(fee)}", "")
    return text


def _of_fee(fee: Fee) -> str:
    return f"{fee.name.replace('_', ' ').capitalize()}: {spoken(fee.amount)}."


def _asks_proof(decider: Spoken | None) -> bool:
    return decider is not None and decider.clause.kind is ClauseKind.PROOF
