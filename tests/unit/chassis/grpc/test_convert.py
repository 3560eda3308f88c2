"""Nothing changes its value on the way between the contract and the domain."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from aftercare.common.v1 import command_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Invalid, Money, NotFound, Stale
from chassis.grpc.access import Call, Principal, Rule
from chassis.grpc.commands import body_hash, request_key
from chassis.grpc.convert import (
    etag_of,
    id_from_text,
    money_from_proto,
    money_to_proto,
    must_be_current,
    receipt_to_proto,
    timestamp_from_proto,
    timestamp_to_proto,
)
from chassis.ids import new_id
from chassis.service import Receipt

RULE = Rule(frozenset({"agent"}), own_only_for_customer=False, mutates=True)


def call(subject: str, method: str, request_id: str) -> Call:
    return Call(Principal(subject, frozenset({"agent"})), method, RULE, request_id, "")


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_comes_back(at: datetime) -> None:
    try:
        in_utc = at.astimezone(UTC)
    except OverflowError:
        return
    stamp = timestamp_to_proto(at)
    assert stamp is not None
    assert timestamp_from_proto(stamp) == in_utc


def test_an_instant_is_the_same_whatever_zone_it_was_given_in() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert timestamp_to_proto(at) == timestamp_to_proto(at.astimezone(timezone(timedelta(hours=9))))
    assert timestamp_to_proto(None) is None


def test_an_instant_beyond_the_calendar_is_invalid() -> None:
    with pytest.raises(Invalid) as refused:
        timestamp_from_proto(Timestamp(seconds=10**15), "asked_at")
    assert refused.value.field == "asked_at"


@given(st.integers(-(2**63), 2**63 - 1))
def test_money_comes_back(minor: int) -> None:
    assert money_from_proto(money_to_proto(Money(minor, "EUR"))) == Money(minor, "EUR")


def test_a_receipt_carries_the_etag_of_its_state() -> None:
    assert receipt_to_proto(Receipt("c1", 3, {"a": "b"})) == command_pb2.Receipt(
        id="c1", version=3, etag=etag_of("c1", 3), facts={"a": "b"}
    )


def test_only_the_present_state_has_the_present_etag() -> None:
    must_be_current(etag_of("c1", 3), "c1", 3)
    must_be_current("", "c1", 3)
    for other in (etag_of("c1", 2), etag_of("c2", 3), "anything"):
        with pytest.raises(Stale):
            must_be_current(other, "c1", 3)


def test_a_text_that_is_no_id_names_nothing() -> None:
    known = UUID(int=5)
    assert id_from_text("case", str(known)) == known
    with pytest.raises(NotFound):
        id_from_text("case", "5")


def test_a_command_is_named_by_person_rpc_and_request_id() -> None:
    """No two of them run into one another where the parts are cut differently."""
    named = [("a", "b", "c"), ("ab", "", "c"), ("a", "bc", ""), ("a", "b", "cd"), ("b", "a", "c")]
    assert len({request_key(call(*parts)) for parts in named}) == len(named)


def test_time_ordered_request_ids_give_time_ordered_keys() -> None:
    ids = [new_id() for _ in range(3)]
    keys = [request_key(call("anna", "/x/Y", str(one))) for one in ids]
    assert [key.int >> 80 for key in keys] == [one.int >> 80 for one in ids]
    assert len({request_key(call(who, "/x/Y", str(ids[0]))) for who in ("anna", "ben")}) == 2


def test_the_body_is_everything_but_its_name() -> None:
    from aftercare.returns.v1 import service_pb2

    first = service_pb2.CancelReturnRequest(request_id="1", rma_id="a", validate_only=True)
    assert body_hash(first) == body_hash(service_pb2.CancelReturnRequest(request_id="2", rma_id="a"))
    assert body_hash(first) != body_hash(service_pb2.CancelReturnRequest(request_id="1", rma_id="b"))
    assert first.request_id == "1"
