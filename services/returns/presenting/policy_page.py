"""A policy for customers as a page, in their language.

Guarantee: everything on the page is read from the clauses that decide, and the page says which language it is in.
"""

from collections.abc import Iterable
from functools import cache

from jinja2 import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chassis.domain import Money
from services.returns.domain.policy import Clause, ClauseKind, Policy
from services.returns.domain.policy.sentences import own_words
from services.returns.domain.policy.speaking import LABEL_FEE
from services.returns.policies import data
from services.returns.presenting.policy_words import PageWords, page_words_in

INSIDE = (ClauseKind.SIGNAL, ClauseKind.AUTOMATIC_APPROVAL, ClauseKind.REVIEW, ClauseKind.GRADING)
"""How the shop works inside is not a promise to customers."""


def page(policy: Policy, language: str, country: str) -> str:
    """A whole page of HTML; of the shop's own words those in the nearest language, all else in one we write."""
    words = page_words_in(language)
    sections = [
        (words.headings[kind], lines)
        for kind in ClauseKind
        if kind not in INSIDE and (lines := _lines(policy, kind, words, language, country))
    ]
    terms = policy.terms
    return _template().render(policy=policy, sections=sections, terms=terms, words=words, country=country)


def concerns(clause: Clause, country: str) -> bool:
    """Whether a clause speaks of orders from a country; empty: of any."""
    if not country:
        return True
    return country in (clause.texts("countries") or (country,)) and country not in clause.texts("not_countries")


@cache
def _template() -> Template:
    return ImmutableSandboxedEnvironment(autoescape=True).from_string(data("policy_page.html"))


def _lines(policy: Policy, kind: ClauseKind, words: PageWords, language: str, country: str) -> list[dict[str, str]]:
    return [
        {
            "text": own_words(clause, language) or plain(clause, words),
            "for": _bound(clause, words),
            "source": clause.source,
        }
        for clause in policy.clauses
        if clause.kind is kind and concerns(clause, country)
    ]


def plain(clause: Clause, words: PageWords) -> str:
    """What a clause says, where the shop has no words of its own for it."""
    told = words.sentences
    match clause.kind:
        case ClauseKind.WINDOW:
            clock, act = words.clocks[clause.text("clock", "delivery")], words.acts[clause.text("end", "request")]
            return told[clause.kind].format(days=clause.number("days"), clock=clock, act=act)
        case ClauseKind.SEASON:
            return told[clause.kind].format(until=clause.text("until"))
        case ClauseKind.CONDITION:
            return told[clause.kind].format(what=_either(clause.texts("accepted"), words))
        case ClauseKind.HYGIENE | ClauseKind.DIGITAL:
            return told[clause.kind].format(what=_either(clause.texts("accepted") or ("sealed",), words))
        case ClauseKind.PERISHABLE | ClauseKind.MADE_TO_MEASURE | ClauseKind.EXCLUSION | ClauseKind.HAZARDOUS:
            return clause.text("why") or told[clause.kind]
        case ClauseKind.REMEDIES:
            return told[clause.kind].format(what=_either(clause.texts("allowed"), words))
        case ClauseKind.BUNDLE:
            return told[clause.kind].format(how=words.bundles[clause.text("returns")])
        case ClauseKind.PROOF:
            return told[clause.kind].format(what=_either(clause.texts("needs"), words))
        case ClauseKind.FEE:
            return _fee(clause, words)
        case ClauseKind.REFUND_AT:
            return told[clause.kind].format(when=words.moments.get(clause.text("at"), words.moments["inspection"]))
        case ClauseKind.RETURNLESS:
            return told[clause.kind].format(below=words.either(_amounts(clause, "below", words)))
        case ClauseKind.CONFORMITY:
            return told[clause.kind].format(years=clause.number("years"))
        case ClauseKind.WITHDRAWAL:
            return told[clause.kind].format(days=clause.number("days"))
        case ClauseKind.CHANGE:
            until = words.moments["packed" if clause.text("until") == "open" else "leaves"]
            return told[clause.kind].format(what=words.changes[clause.text("action")], until=until)
        case ClauseKind.GIFT_RETURN:
            return told[clause.kind].format(what=_either(clause.texts("remedies"), words))
        case _:
            return told.get(clause.kind, "")


def _fee(clause: Clause, words: PageWords) -> str:
    own = clause.text("name")
    name = words.way_back if own == LABEL_FEE else words.fee_named(own)
    amount = (
        f"{clause.text('percent')} %" if clause.texts("percent") else words.either(_amounts(clause, "amount", words))
    )
    waived = [*clause.texts("waived_tiers"), *clause.texts("waived_reasons"), *clause.texts("waived_remedies")]
    return f"{name}: {amount}{f'; {words.not_for} {_either(waived, words)}' if waived else ''}."


def _amounts(clause: Clause, name: str, words: PageWords) -> list[str]:
    found = (value.partition("=") for value in clause.texts(name))
    return [words.money(Money(int(minor), code)) for code, _, minor in found]


def _either(names: Iterable[str], words: PageWords) -> str:
    return words.either([words.name(name) for name in names])


def _bound(clause: Clause, words: PageWords) -> str:
    said = []
    for name, given in clause.scope.items():
        if name in ("grounds", "countries", "price_from", "price_below", "gift"):
            continue
        bound = words.bounds.get(name.removeprefix("not_"), name.removeprefix("not_").replace("_", " "))
        said.append(f"{words.negated if name.startswith('not_') else ''}{bound}: {_either(given, words)}")
    return "; ".join(said)
