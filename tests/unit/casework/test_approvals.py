"""An approval works once, in its time, for its amount, and never by the requester's own decision."""

from datetime import timedelta
from uuid import UUID

import pytest

from casework.approval_events import ApprovalExpired, ApprovalGranted, ApprovalHandedOver, ApprovalUsed
from casework.errors import ApprovalNotGranted, ApprovalNotOpen, ApprovalNotYours, ApproverIsRequester
from chassis.domain import DomainError, Money
from tests.unit.casework.example import HOUR, NINE, ExampleCase, euros, opened

APPROVAL = UUID(int=7)


def asked() -> ExampleCase:
    """Ann asked for a refund of 80; it expires after a day."""
    case = opened()
    ask(case, APPROVAL)
    case.collect_events()
    return case


def ask(case: ExampleCase, approval_id: UUID) -> None:
    case.request_approval(
        approval_id,
        "refund",
        "lost parcel",
        amount=euros(80),
        limit=euros(50),
        arguments={"line": "1"},
        expires_at=NINE + timedelta(days=1),
        by="ann",
        at=NINE,
    )


def test_a_second_person_approves_and_it_is_used_once() -> None:
    """Granted, used, and refused when used again."""
    case = asked()
    case.grant_approval(APPROVAL, by="bob", at=NINE + HOUR)
    case.use_approval(APPROVAL, "refund", euros(80), by="ann", at=NINE + 2 * HOUR)
    assert [type(event) for event in case.collect_events()] == [
        ApprovalGranted,
        ApprovalUsed,
    ]
    with pytest.raises(ApprovalNotGranted, match="used"):
        case.use_approval(APPROVAL, "refund", euros(80), by="ann", at=NINE + 2 * HOUR)
    assert case.collect_events() == []


def test_the_requester_never_approves() -> None:
    """Ann asked; Ann may not say yes."""
    case = asked()
    with pytest.raises(ApproverIsRequester):
        case.grant_approval(APPROVAL, by="ann", at=NINE + HOUR)
    assert case.collect_events() == []


def test_an_expired_approval_is_not_granted() -> None:
    """At its end it is over."""
    case = asked()
    with pytest.raises(ApprovalNotOpen, match="expired"):
        case.grant_approval(APPROVAL, by="bob", at=NINE + timedelta(days=1))
    assert case.collect_events() == []


@pytest.mark.parametrize(("action", "amount"), [("refund", euros(81)), ("reship", euros(80))])
def test_it_carries_its_own_action_and_amount_only(action: str, amount: Money) -> None:
    """More money, or something else, is not what was approved."""
    case = asked()
    case.grant_approval(APPROVAL, by="bob", at=NINE + HOUR)
    case.collect_events()
    with pytest.raises(DomainError) as refused:
        case.use_approval(APPROVAL, action, amount, by="ann", at=NINE + HOUR)
    assert refused.value.reason == "APPROVAL_NOT_GRANTED"
    assert case.collect_events() == []


def test_an_equal_open_request_is_not_asked_twice() -> None:
    """Two presses of the button are one request."""
    case = asked()
    ask(case, UUID(int=8))
    assert case.collect_events() == []


def test_it_expires_by_its_alarm() -> None:
    """The alarm of its end records the expiry, once."""
    case = asked()
    case.raise_alarms(at=NINE + timedelta(days=1))
    case.raise_alarms(at=NINE + timedelta(days=2))
    assert [type(event) for event in case.collect_events()] == [ApprovalExpired]


def test_it_is_used_by_who_asked_and_nobody_else() -> None:
    """Ann asked; a colleague may not use it."""
    case = asked()
    case.grant_approval(APPROVAL, by="bob", at=NINE + HOUR)
    case.collect_events()
    with pytest.raises(ApprovalNotYours, match="ann's to use"):
        case.use_approval(APPROVAL, "refund", euros(80), by="cleo", at=NINE + HOUR)
    assert case.collect_events() == []


def test_it_may_be_handed_to_somebody_by_who_asked() -> None:
    """From then on it is theirs to use, and the requester's no more."""
    case = asked()
    case.grant_approval(APPROVAL, by="bob", at=NINE + HOUR)
    case.hand_over_approval(APPROVAL, "cleo", "off shift", by="ann", at=NINE + HOUR)
    case.hand_over_approval(APPROVAL, "cleo", "off shift", by="ann", at=NINE + HOUR)
    with pytest.raises(ApprovalNotYours):
        case.use_approval(APPROVAL, "refund", euros(80), by="ann", at=NINE + HOUR)
    case.use_approval(APPROVAL, "refund", euros(80), by="cleo", at=NINE + HOUR)
    assert [type(event) for event in case.collect_events()] == [ApprovalGranted, ApprovalHandedOver, ApprovalUsed]


@pytest.mark.parametrize(
    ("to", "by", "error"),
    [("dan", "cleo", ApprovalNotYours), ("bob", "ann", ApproverIsRequester), ("dan", "bob", ApprovalNotYours)],
)
def test_it_is_handed_on_by_its_requester_alone_and_never_to_who_decided_it(
    to: str, by: str, error: type[DomainError]
) -> None:
    """Whom it was handed to hands nothing on, the approver neither takes nor gives it."""
    case = asked()
    case.grant_approval(APPROVAL, by="bob", at=NINE + HOUR)
    case.hand_over_approval(APPROVAL, "cleo", "off shift", by="ann", at=NINE + HOUR)
    case.collect_events()
    with pytest.raises(error):
        case.hand_over_approval(APPROVAL, to, "busy", by=by, at=NINE + HOUR)
    assert case.collect_events() == []


def test_whom_it_was_handed_to_does_not_approve_it() -> None:
    """Handed over before anybody decided: cleo is to use it, so cleo does not decide."""
    case = asked()
    case.hand_over_approval(APPROVAL, "cleo", "off shift", by="ann", at=NINE)
    case.collect_events()
    with pytest.raises(ApproverIsRequester, match="cleo"):
        case.grant_approval(APPROVAL, by="cleo", at=NINE + HOUR)
    assert case.collect_events() == []


def test_what_is_over_is_handed_to_nobody() -> None:
    """Expired, or used."""
    case = asked()
    with pytest.raises(ApprovalNotOpen, match="expired"):
        case.hand_over_approval(APPROVAL, "cleo", "off shift", by="ann", at=NINE + timedelta(days=1))
