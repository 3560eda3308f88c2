"""Facts fold by event time: permuted and repeated, they give the same parcel; timers fire once."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.signs import Sign, fold_signs
from services.shipping_issues.domain.values import (
    DELIVERED,
    EXCEPTION,
    EXCEPTIONS,
    STATUSES,
    Delivery,
    Estimate,
    NeutralStatus,
    Scan,
    ToldException,
)
from services.shipping_issues.domain.watching import watches
from tests.unit.shipping_issues.build import HOUR, MONDAY, label
from tests.unit.shipping_issues.world import RULES, World

instants = st.integers(min_value=0, max_value=12).map(lambda hours: MONDAY + timedelta(hours=hours))
numbers = st.integers(min_value=0, max_value=5).map(str)


def _meaning(status: str, sub: str) -> NeutralStatus:
    return NeutralStatus(status, sub if status == EXCEPTION else "", "carrier")


facts = st.one_of(
    st.tuples(
        st.just("scan"),
        st.builds(
            lambda at, status, sub: Scan(f"{at}{status}{sub}", at, _meaning(status, sub), "dhl", "X", "Ulm", "DE"),
            instants,
            st.sampled_from(STATUSES),
            st.sampled_from(sorted(EXCEPTIONS)),
        ),
    ),
    st.tuples(st.just("deliver"), st.builds(lambda at: Delivery(f"{at}", at, "recipient"), instants)),
    st.tuples(st.just("revoke_delivery"), instants),
    st.tuples(st.just("revoke_scan"), st.tuples(instants, st.sampled_from(STATUSES))),
    st.tuples(st.just("hand_over"), instants),
    st.tuples(
        st.just("describe"), st.builds(lambda at, n: label(occurred_at=at, tracking_number=n), instants, numbers)
    ),
    st.tuples(st.just("estimate"), st.builds(Estimate, instants, st.sampled_from(["carrier", "shop"]), instants)),
    st.tuples(
        st.just("tell"),
        st.builds(
            lambda at, sub: ToldException(f"{at}{sub}", at, sub, "carrier", ""),
            instants,
            st.sampled_from(sorted(EXCEPTIONS)),
        ),
    ),
)


def told(sequence: list[tuple[str, Any]]) -> Shipment:
    """A parcel that was told these facts in this order."""
    parcel = Shipment.open("shop", "S-1", "O-1", at=MONDAY)
    parcel.learn_order("C-1", None, MONDAY + 9 * HOUR, at=MONDAY, history=False)
    for kind, fact in sequence:
        if kind == "revoke_scan":
            at, status = fact
            parcel.revoke_scan(f"{at}{status}", at, at=MONDAY, history=False)
        elif kind == "revoke_delivery":
            parcel.revoke_delivery(f"{fact}", fact, at=MONDAY, history=False)
        elif kind == "hand_over":
            parcel.hand_over(fact, at=MONDAY, history=False)
        else:
            getattr(parcel, kind)(fact, at=MONDAY, history=False)
    return parcel


def state(parcel: Shipment) -> dict[str, Any]:
    """Everything that is known of it, without how it was learnt."""
    return {name: value for name, value in vars(parcel).items() if not name.startswith("_")}


@given(sequence=st.lists(facts, max_size=12), data=st.data())
def test_permuted_and_repeated_facts_give_the_same_parcel(sequence: list[tuple[str, Any]], data: st.DataObject) -> None:
    """Any order, any repetition: the same state, and the same rules watch it."""
    again = data.draw(st.permutations(sequence + data.draw(st.lists(st.sampled_from(sequence))) if sequence else []))
    first, second = told(sequence), told(list(again))
    assert state(first) == state(second)
    assert watches(first, RULES.carriers.default) == watches(second, RULES.carriers.default)


@given(sequence=st.lists(facts, max_size=12), by=instants)
def test_what_is_due_by_an_instant_is_what_of_all_watches_is(sequence: list[tuple[str, Any]], by: datetime) -> None:
    """Looking only for what is due leaves out nothing that is."""
    parcel = told(sequence)
    for rules in (RULES.carriers.default, RULES.carriers.of("dhl")):
        assert watches(parcel, rules, by=by) == [watch for watch in watches(parcel, rules) if watch.due_at <= by]


@given(sequence=st.lists(facts, max_size=10))
def test_a_fact_told_again_records_nothing(sequence: list[tuple[str, Any]]) -> None:
    """The second time there is nothing new."""
    parcel = told(sequence)
    version = parcel.version
    for kind, fact in sequence:
        if kind not in ("revoke_scan", "revoke_delivery", "hand_over"):
            getattr(parcel, kind)(fact, at=MONDAY, history=False)
    assert parcel.version == version


signs = st.builds(
    Sign,
    instants,
    numbers,
    st.sampled_from(STATUSES),
    st.sampled_from(["", "returning_to_sender", "redelivery", "failed_attempt"]),
)


@given(history=st.lists(signs, max_size=8), older=signs)
def test_an_older_sign_never_moves_the_last_one(history: list[Sign], older: Sign) -> None:
    """What was seen last is what has the latest event time, however late an older sign comes."""
    if not history or older.at >= max(sign.at for sign in history):
        return
    before, after = fold_signs(history, is_return=False), fold_signs([*history, older], is_return=False)
    assert after.last_sign_at == before.last_sign_at


@given(history=st.lists(signs, max_size=8))
def test_a_return_parcel_is_never_delivered(history: list[Sign]) -> None:
    """Its arrival is a return."""
    assert fold_signs(history, is_return=True).status != DELIVERED


@given(hours=st.lists(st.integers(min_value=0, max_value=24 * 14), max_size=6, unique=True))
@settings(deadline=None, max_examples=40)
async def test_each_rule_speaks_once_on_one_basis(hours: list[int]) -> None:
    """However often timers fire between scans, each finding rests on a basis of its own."""
    world = World()
    await world.order_told(deliver_by=MONDAY + 10 * 24 * HOUR)
    await world.label()
    await world.handed_over(MONDAY)
    for hour in sorted(hours):
        await world.pass_until(MONDAY + hour * HOUR)
        await world.scan(f"s{hour}", MONDAY + hour * HOUR)
    await world.pass_until(MONDAY + 30 * 24 * HOUR)
    spoken = [
        (f.finding, f.last_seen_at) if f.finding in ("stalled", "no_first_scan") else (f.finding, None)
        for case in world.cases()
        for f in case.findings
    ]
    assert len(spoken) == len(set(spoken))
