"""What the customer is told of a decision: the shop's own words where the clause has them, else plain ones.

Guarantee: nobody is told that they are suspected of anything; what the law gives is named as the law's.
"""

from collections import Counter
from collections.abc import Iterable

from services.returns.domain.policy.facts import UnitFacts
from services.returns.domain.policy.speaking import Spoken
from services.returns.domain.policy.values import LAW, Clause, ClauseKind, Fee, Offer, Outcome
from services.returns.domain.policy.words import WORDS, Words, words_in


def for_customer(outcome: Outcome, decider: Spoken | None, facts: UnitFacts, offer: Offer) -> str:
    """The decision in the customer's words and language."""
    own, words = own_words(decider.clause, facts.language) if decider else "", words_in(facts.language)
    if own and outcome is not Outcome.AUTHORISE:
        return f"{own} {_rest(words, facts)}" if _names_rest(decider, outcome) else own
    if outcome is Outcome.PERSON:
        needed = words.please_add.format(what=_listed(words, offer.proofs)) if _asks_proof(decider) else ""
        return f"{words.person} {needed}".rstrip()
    if outcome is Outcome.DECLINE:
        kind = decider.clause.kind if decider else ClauseKind.EXCLUSION
        text = words.declined.get(kind, words.declined_else)
        if _names_rest(decider, outcome):
            return _rest(words, facts)
        if kind is ClauseKind.REMEDIES and decider is not None:
            allowed = words.choose_among.format(what=_listed(words, decider.clause.texts("allowed")))
            return f"{text} {allowed}"
        return text
    return " ".join(_authorised(words, decider, offer, own))


def titles(missing: Iterable[str]) -> str:
    """What is missing as a customer reads it: by title, several of one as ``Foam (2)``."""
    counted = Counter(text.partition(" ")[2] or text for text in missing)
    return ", ".join(f"{title} ({count})" if count > 1 else title for title, count in counted.items())


def own_words(clause: Clause, language: str) -> str:
    """The shop's words of a clause in the nearest language: ``de-AT``, then ``de``, then English, then any."""
    said = dict(text.partition("=")[::2] for text in clause.texts("say"))
    for wanted in (language, language.partition("-")[0], "en"):
        if wanted in said:
            return said[wanted]
    return next(iter(said.values()), "")


def _authorised(words: Words, decider: Spoken | None, offer: Offer, own: str) -> list[str]:
    by_law = decider is not None and decider.clause.kind in LAW
    back = words.send_back_by_law if by_law else words.send_back
    parts = [words.keep if offer.returnless else back]
    if own:
        parts.append(own)
    if offer.act_by is not None and not offer.returnless:
        act = words.send_before if offer.act == "hand_over" else words.reach_us_before
        parts.append(act.format(day=words.day(offer.act_by.date())))
    parts += [_of_fee(words, fee) for fee in offer.fees]
    if offer.preferred:
        parts.append(words.may_also_choose.format(what=words.name(offer.preferred)))
    return parts


def without_fees(text: str, offer: Offer) -> str:
    """The same words to somebody who is not to read off them what was paid."""
    for fee in offer.fees:
        for words in WORDS.values():
            text = text.replace(f" {_of_fee(words, fee)}", "")
    return text


def _of_fee(words: Words, fee: Fee) -> str:
    name = words.name(fee.name)
    return f"{name[:1].upper()}{name[1:]}: {words.money(fee.amount)}."


def _listed(words: Words, names: Iterable[str]) -> str:
    return ", ".join(words.name(name) for name in names)


def _names_rest(decider: Spoken | None, outcome: Outcome) -> bool:
    declined = outcome is Outcome.DECLINE
    return declined and decider is not None and decider.clause.kind is ClauseKind.BUNDLE


def _rest(words: Words, facts: UnitFacts) -> str:
    missing = titles(facts.bundle_missing)
    return words.declined[ClauseKind.BUNDLE].format(bundle=facts.bundle_title or facts.bundle, missing=missing)


def _asks_proof(decider: Spoken | None) -> bool:
    return decider is not None and decider.clause.kind is ClauseKind.PROOF
