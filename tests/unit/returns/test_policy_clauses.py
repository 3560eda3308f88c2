"""Each kind of clause over the facts it looks at: outcome, the clause that decides, and what the answer comes with."""
# long: one kind of clause after the other, read beside the table of docs/policy.md

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from chassis.domain import Money
from services.returns.domain.policy import Fee, Judged, UnitFacts, judge_inspection, judge_promise
from tests.unit.returns.policies import ASKED, DAY, facts, policy

OPEN = "open: window, clock: delivery, end: request, days: 30"
CONFORMITY = "conformity: conformity, years: 2, countries: [DE], source: law"
WITHDRAWAL = (
    "withdrawal: withdrawal, days: 14, countries: [DE], except: [hygiene, perishable], shops: [store], source: law"
)


def judged(*clauses: str, **changes: object) -> Judged:
    return judge_promise(policy(*clauses), facts(**changes))


def verdict(*clauses: str, **changes: object) -> tuple[str, str]:
    one = judged(*clauses, **changes)
    return one.outcome.value, one.clause


def german(**changes: object) -> dict[str, object]:
    return {"country": "DE", "time_zone": "Europe/Berlin", **changes}


@pytest.mark.parametrize(
    ("clock", "first"),
    [
        ("delivery", ASKED - 5 * DAY),
        ("last_delivery", ASKED - 4 * DAY),
        ("order", ASKED - 8 * DAY),
        ("dispatch", ASKED - 7 * DAY),
    ],
)
def test_a_window_counts_whole_local_days_from_its_clock(clock: str, first: datetime) -> None:
    """Open on the last day until midnight of the customer's zone, closed the day after."""
    days = (ASKED - first).days
    window = f"w: window, clock: {clock}, end: request, days: {{}}"
    assert verdict(window.format(days)) == ("authorise", "w")
    assert verdict(window.format(days - 1)) == ("decline", "w")
    last = datetime(2026, 3, 2, 23, 59, tzinfo=ZoneInfo("America/New_York"))
    assert verdict(window.format(days), asked_at=last)[0] == "authorise"
    assert verdict(window.format(days), asked_at=last + DAY)[0] == "decline"


@pytest.mark.parametrize(
    ("clock", "fact"),
    [
        ("delivery", "possession_at"),
        ("last_delivery", "last_possession_at"),
        ("order", "placed_at"),
        ("dispatch", "dispatched_at"),
    ],
)
def test_a_window_whose_clock_has_not_begun_is_open(clock: str, fact: str) -> None:
    one = judged(f"w: window, clock: {clock}, end: request, days: 0", **{fact: None})
    assert (one.outcome.value, one.until) == ("authorise", None)


@pytest.mark.parametrize("end", ["hand_over", "receipt"])
def test_a_window_that_ends_with_an_act_says_by_when_and_is_held_against_it_at_inspection(end: str) -> None:
    """The promise names the instant; sent or received a day later, a person decides."""
    rule = f"w: window, clock: notice, end: {end}, days: 10"
    one = judged(rule)
    midnight = datetime(2026, 3, 13, tzinfo=ZoneInfo("America/New_York"))
    assert (one.outcome.value, one.offer.act, one.offer.act_by) == ("authorise", end, midnight)
    act = "handed_back_at" if end == "hand_over" else "received_back_at"
    for days, outcome in ((10, "authorise"), (11, "person")):
        seen = judge_inspection(policy(rule), facts(**{act: ASKED + days * DAY}), "sealed", "customer")
        assert seen.outcome.value == outcome


def test_goods_that_arrived_were_sent_before() -> None:
    """Without a scan at hand-over the arrival is the proof of it."""
    rule = policy("w: window, clock: notice, end: hand_over, days: 10")
    seen = judge_inspection(rule, facts(received_back_at=ASKED + 10 * DAY), "sealed", "customer")
    assert seen.outcome.value == "authorise"


def test_a_season_carries_windows_on_and_over_new_year() -> None:
    """Ordered in its days, until its end at least; ordered outside, it changes nothing."""
    short = "w: window, clock: delivery, end: request, days: 3"
    season = "xmas: season, placed_from: 11-15, placed_until: 01-05, until: 01-31"
    december = datetime(2025, 12, 20, 12, tzinfo=ASKED.tzinfo)
    new_year = datetime(2026, 1, 2, 12, tzinfo=ASKED.tzinfo)
    for placed in (december, new_year):
        told = {"placed_at": placed, "possession_at": placed + DAY}
        assert verdict(short, season, asked_at=datetime(2026, 1, 31, 20, tzinfo=ASKED.tzinfo), **told)[0] == "authorise"
        assert verdict(short, season, asked_at=datetime(2026, 2, 1, 20, tzinfo=ASKED.tzinfo), **told)[0] == "decline"
    assert verdict(short, season)[0] == "decline"
    assert verdict(OPEN, season)[0] == "authorise"


@pytest.mark.parametrize(
    ("bound", "inside", "outside"),
    [
        ("categories: [shoes]", {"category": "shoes/boots"}, {"category": "shoeshine"}),
        ("not_categories: [shoes]", {"category": "hats"}, {"category": "shoes"}),
        ("tags: [sale, outlet]", {"tags": ("new", "outlet")}, {"tags": ("new",)}),
        ("countries: [CH]", {"country": "CH"}, {"country": "US"}),
        ("channels: [store]", {"channel": "store"}, {"channel": "web"}),
        ("tenders: [invoice]", {"tenders": ("card", "invoice")}, {"tenders": ("card",)}),
        ("tiers: [gold]", {"tier": "gold"}, {"tier": ""}),
        ("not_tiers: [gold]", {"tier": ""}, {"tier": "gold"}),
        ("reasons: [too_small]", {"reason": "too_small"}, {"reason": "changed_mind"}),
        ("grounds: [defect]", {"reason": "faulty"}, {"reason": "too_small"}),
        ("conditions: [used]", {"stated_condition": "used"}, {"stated_condition": ""}),
        ("gift: true", {"gift": True}, {"gift": False}),
        ("gift: false", {"gift": False}, {"gift": True}),
        ("price_from: [40.00 EUR]", {}, {"paid": Money(3999, "EUR")}),
        ("price_below: [40.00 EUR]", {"paid": Money(3999, "EUR")}, {}),
        ("price_below: [40.00 EUR]", {"paid": Money(1, "EUR")}, {"paid": Money(1, "USD")}),
        ("placed_from: 2026-02-22", {}, {"placed_at": ASKED - 9 * DAY}),
        ("placed_until: 2026-02-21", {"placed_at": ASKED - 9 * DAY}, {}),
        ("countries: [CH], tiers: [gold]", {"country": "CH", "tier": "gold"}, {"country": "CH"}),
    ],
)
def test_a_clause_speaks_only_where_all_its_bounds_hold(
    bound: str, inside: dict[str, object], outside: dict[str, object]
) -> None:
    rule = f"no: exclusion, {bound}"
    assert verdict(OPEN, rule, **inside) == ("decline", "no")
    assert verdict(OPEN, rule, **outside) == ("authorise", "open")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("no: final_sale", {"final_sale": True}),
        ("no: final_sale, tags: [outlet]", {"tags": ("outlet",)}),
        ("no: perishable, categories: [shoes]", {}),
        ("no: made_to_measure, tags: [tailored]", {"tags": ("tailored",)}),
        ("no: hygiene", {"stated_condition": "opened"}),
        ("no: hygiene, unknown: refuse", {"stated_condition": ""}),
        ("no: digital", {"stated_condition": "used"}),
        ("no: condition, accepted: [sealed]", {"stated_condition": "opened"}),
        ("no: remedies, allowed: [store_credit]", {}),
    ],
)
def test_what_does_not_come_back_is_declined_by_its_clause_and_no_other_word_changes_it(
    rule: str, changes: dict[str, object]
) -> None:
    """A refusal counts before a limit and before permission."""
    one = judged(OPEN, "ask: review", rule, **changes)
    assert (one.outcome.value, one.clause) == ("decline", "no")
    assert one.offer.fees == () and one.customer_text


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("ask: review", {}),
        ("ask: hazardous", {}),
        ("ask: digital", {"stated_condition": ""}),
        ("ask: proof, needs: [photo, receipt]", {"proofs": ("photo",)}),
        ("ask: automatic_approval, up_to: [39.99 EUR]", {}),
        ("ask: automatic_approval, up_to: [500.00 USD]", {}),
        ("ask: signal, signal: wrong_item", {"signals": ("wrong_item",)}),
    ],
)
def test_a_limit_asks_for_a_person_and_never_declines(rule: str, changes: dict[str, object]) -> None:
    assert verdict(OPEN, rule, **changes) == ("person", "ask")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("ask: digital", {"stated_condition": "sealed"}),
        ("ask: hygiene", {"stated_condition": ""}),
        ("ask: proof, needs: [photo]", {"proofs": ("photo",)}),
        ("ask: automatic_approval, up_to: [40.00 EUR]", {}),
        ("ask: signal, signal: wrong_item", {}),
    ],
)
def test_a_limit_that_is_kept_lets_it_pass(rule: str, changes: dict[str, object]) -> None:
    assert verdict(OPEN, rule, **changes) == ("authorise", "open")


def test_a_customer_who_returns_often_is_looked_at_by_a_person_and_not_told_so() -> None:
    """Three within the span are usual, the fourth is looked at; older ones do not count."""
    rule = "often: signal, signal: serial_returner, returns: 3, within_days: 30"
    days = tuple(date(2026, 3, 2) - n * DAY for n in (1, 2, 29))
    assert verdict(OPEN, rule, returns_before=(*days, date(2026, 1, 31))) == ("authorise", "open")
    one = judged(OPEN, rule, returns_before=(*days, date(2026, 2, 27)))
    assert (one.outcome.value, one.clause) == ("person", "often")
    assert one.customer_text == "Somebody will look at your request and answer you."


def test_who_often_reports_parcels_as_not_received_is_looked_at_and_not_told_so() -> None:
    """Never a refusal by itself; older reports do not count."""
    rule = "missing: signal, signal: item_not_received, reports: 1, within_days: 30"
    old, yesterday = date(2026, 1, 31), date(2026, 3, 1)
    assert verdict(OPEN, rule, not_received_before=(old, yesterday)) == ("authorise", "open")
    one = judged(OPEN, rule, not_received_before=(yesterday, yesterday))
    assert (one.outcome.value, one.clause) == ("person", "missing")
    assert one.customer_text == "Somebody will look at your request and answer you."


def test_what_nothing_speaks_of_is_a_persons_decision() -> None:
    assert verdict("ask: signal, signal: wrong_item") == ("person", "no_clause")


def test_fees_are_named_with_their_amount_and_the_nearest_of_a_name_counts() -> None:
    """A share is rounded in the customer's favour; a fee of another name is another fee."""
    one = judged(
        OPEN,
        "restocking: fee, name: restocking, percent: 12.5",
        "drones: fee, name: restocking, percent: 50, categories: [drones]",
        "label: fee, name: return_label, per: return, amount: [4.90 EUR]",
        paid=Money(4012, "EUR"),
    )
    assert one.offer.fees == (
        Fee("restocking", "restocking", Money(501, "EUR"), "unit"),
        Fee("return_label", "label", Money(490, "EUR"), "return"),
    )
    assert one.customer_text == "You can send it back. Restocking: 5.01 EUR. Return label: 4.90 EUR."


def test_a_fee_of_a_unit_never_exceeds_what_was_paid_for_it() -> None:
    one = judged(OPEN, "f: fee, name: handling, amount: [50.00 EUR]")
    assert [fee.amount for fee in one.offer.fees] == [Money(4000, "EUR")]


@pytest.mark.parametrize(
    "waiver",
    [
        ("waived_tiers: [gold]", {"tier": "gold"}),
        ("waived_reasons: [too_small]", {"reason": "too_small"}),
        ("waived_remedies: [exchange]", {"remedy": "exchange"}),
        ("waived_from: [40.00 EUR]", {}),
        ("tiers: [silver]", {}),
    ],
)
def test_a_fee_is_waived_by_tier_reason_remedy_or_sum(waiver: tuple[str, dict[str, object]]) -> None:
    rule, changes = waiver
    assert judged(OPEN, f"f: fee, name: handling, percent: 10, {rule}", **changes).offer.fees == ()


def test_small_sums_stay_with_the_customer_and_nothing_is_charged_for_a_way_back() -> None:
    """Below, not at the limit, and held against the whole request."""
    rules = (OPEN, "label: fee, name: return_label, amount: [3.00 EUR]", "keep: returnless, below: [40.00 EUR]")
    assert (judged(*rules).offer.returnless, len(judged(*rules).offer.fees)) == (False, 1)
    kept = judged(*rules, asked_total=Money(3999, "EUR"))
    assert (kept.offer.returnless, kept.offer.fees) == (True, ())
    assert kept.customer_text == "You can keep it: nothing has to be sent back."


def test_the_time_of_the_refund_and_the_remedies_come_with_the_answer() -> None:
    one = judged(
        OPEN,
        "usual: refund_at, at: inspection",
        "gold: refund_at, at: first_scan, tiers: [gold]",
        "choices: remedies, allowed: [refund, exchange], preferred: exchange",
        tier="gold",
    )
    assert (one.offer.refund_at, one.offer.remedies, one.offer.preferred) == (
        "first_scan",
        ("refund", "exchange"),
        "exchange",
    )
    assert [a.outcome for a in one.alternatives] == ["person", "exchange"]


def test_a_remedy_that_is_not_offered_is_declined_with_those_that_are() -> None:
    one = judged(OPEN, "credit: remedies, allowed: [store_credit, exchange]")
    assert [(a.outcome, a.why_not) for a in one.alternatives[1:]] == [
        ("store_credit", "Offered instead."),
        ("exchange", "Offered instead."),
    ]
    assert one.customer_text.endswith("You can choose: store credit, exchange.")


def test_the_law_on_defects_stands_above_everything_of_the_shop_and_costs_nothing() -> None:
    """Final sale, a closed window and a fee; two years to the day, then the shop's own rules."""
    rules = (
        CONFORMITY,
        "no: final_sale",
        "w: window, clock: delivery, end: request, days: 1",
        "f: fee, name: return_label, amount: [5.00 EUR]",
    )
    years = datetime(2024, 3, 2, 10, tzinfo=ASKED.tzinfo)
    one = judged(*rules, **german(reason="faulty", final_sale=True, possession_at=years))
    assert (one.outcome.value, one.clause, one.by_law, one.offer.fees) == ("authorise", "conformity", "conformity", ())
    late = judged(*rules, **german(reason="faulty", final_sale=True, possession_at=years - DAY))
    assert (late.outcome.value, late.clause, late.by_law) == ("decline", "no", "")


def test_repair_before_money_is_a_persons_word_where_the_law_protects() -> None:
    """The shop offers repair first; money was asked for; it is not declined."""
    one = judged(OPEN, CONFORMITY, "first: remedies, allowed: [repair, replacement]", **german(reason="faulty"))
    assert (one.outcome.value, one.clause, one.by_law) == ("person", "first", "conformity")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("authorise", "withdrawal")),
        ({"possession_at": None, "last_possession_at": None}, ("authorise", "withdrawal")),
        ({"last_possession_at": ASKED - 14 * DAY}, ("authorise", "withdrawal")),
        # fourteen days from 14 February 2026 end on Saturday the 28th: Monday 2 March still counts
        ({"last_possession_at": ASKED - 16 * DAY}, ("authorise", "withdrawal")),
        ({"last_possession_at": ASKED - 17 * DAY}, ("decline", "no")),
        ({"country": "US"}, ("decline", "no")),
        ({"channel": "store"}, ("decline", "no")),
        ({"reason": "arrived_late"}, ("decline", "no")),
        ({"category": "swimwear", "stated_condition": "opened"}, ("decline", "seal")),
        ({"category": "swimwear", "stated_condition": "sealed"}, ("authorise", "withdrawal")),
    ],
)
def test_the_law_on_withdrawal_stands_above_the_shop_but_for_what_the_law_excepts(
    changes: dict[str, object], expected: tuple[str, str]
) -> None:
    rules = (WITHDRAWAL, "no: exclusion", "seal: hygiene, categories: [swimwear]")
    one = judged(*rules, **german(**changes))
    assert (one.outcome.value, one.clause) == expected


def test_who_withdraws_gets_the_money_and_bears_the_way_back_only() -> None:
    one = judged(
        WITHDRAWAL,
        "credit: remedies, allowed: [store_credit]",
        "restocking: fee, name: restocking, percent: 20",
        "label: fee, name: return_label, per: return, amount: [4.90 EUR]",
        **german(),
    )
    assert (one.outcome.value, [fee.name for fee in one.offer.fees]) == ("authorise", ["return_label"])


def test_at_inspection_goods_found_otherwise_than_accepted_are_a_persons_decision() -> None:
    """Used, or a seal that is broken; whoever else answers for it, and a defect, keep the promise."""
    rules = policy(OPEN, "c: condition, accepted: [sealed, opened], grounds: [remorse]", "h: hygiene, tags: [bikini]")

    def seen(condition: str, responsibility: str = "customer", **changes: object) -> tuple[str, str]:
        one = judge_inspection(rules, facts(**changes), condition, responsibility)
        return one.outcome.value, one.clause

    assert seen("used") == ("person", "c")
    assert seen("opened") == ("authorise", "c")
    assert seen("opened", tags=("bikini",)) == ("person", "h")
    assert seen("used", "carrier")[0] == "authorise"
    assert seen("used", reason="faulty")[0] == "authorise"


def test_a_mismatch_seen_at_inspection_asks_for_a_person() -> None:
    rules = policy(OPEN, "swap: signal, signal: wrong_item")
    one = judge_inspection(rules, facts(signals=("wrong_item",)), "sealed", "customer")
    assert (one.outcome.value, one.clause) == ("person", "swap")


def test_the_shops_own_words_reach_the_customer_in_the_nearest_language() -> None:
    rule = "no: exclusion, say: {en: Not this., de: Das nicht.}"
    for language, text in (("de-AT", "Das nicht."), ("fr", "Not this."), ("", "Not this.")):
        assert judged(OPEN, rule, language=language).customer_text == text


def test_facts_are_read_back_as_they_were_recorded() -> None:
    """Also words with commas, and a unit that is not delivered."""
    for told in (
        facts(),
        facts(tags=("a,b", "50%"), proofs=("photo",), possession_at=None, gift=True, tier="gold", signals=("x", "y")),
        facts(
            returns_before=(date(2026, 1, 1), date(2026, 2, 1)),
            not_received_before=(date(2026, 1, 2),),
            handed_back_at=ASKED,
            reason="faulty",
            language="de",
        ),
    ):
        assert UnitFacts.recorded("l1#1", told.named()) == told


def test_of_several_refusals_the_first_by_kind_then_by_id_is_named_wherever_it_is_written() -> None:
    """A customer who asks twice hears the same reason, also after the shop has sorted its file."""
    early = "a_early: window, clock: delivery, end: request, days: 1"
    tagged = [f"{id}: exclusion, tags: [sale]" for id in ("m_first", "n_second")]
    for written in ((early, *tagged), (early, *reversed(tagged)), (*reversed(tagged), early)):
        assert verdict(*written, tags=("sale",), possession_at=ASKED - 5 * DAY) == ("decline", "m_first")
