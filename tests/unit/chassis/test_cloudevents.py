"""Reading CloudEvents: the attributes that matter, and no byte that raises past the reader."""

from datetime import UTC, datetime

import pytest
from aftercare.orders.v1.answers_pb2 import RequestAccepted
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from chassis.cloudevents import Arrived, Headers, Unreadable, pack_headers, read, shop_of, unpack_headers
from chassis.domain import derived_id
from chassis.inbox.entries import BEHIND, Fate, Reader, digest_of, printable
from chassis.service import Record, Subscription
from chassis.work import Work

TYPE = "aftercare.orders.v1.RequestAccepted"
ATTRIBUTES = ["ce_id", "ce_type", "ce_source", "ce_time", "ce_specversion", "content-type"]
MESSAGE = RequestAccepted(shop_id="s1", request_id="r1")


def arrived(
    headers: dict[str, bytes | None] | None = None, value: bytes | None = None, *, key: bytes | None = b"k"
) -> Arrived:
    named: dict[str, bytes | None] = {
        "ce_specversion": b"1.0",
        "ce_id": b"1",
        "ce_source": b"/shop",
        "ce_type": TYPE.encode(),
        "content-type": b"application/protobuf",
        **(headers or {}),
    }
    raw = MESSAGE.SerializeToString() if value is None else value
    return Arrived("t", 3, 17, 1_700_000_000_123, key, tuple(named.items()), raw)


def test_protobuf_and_json_give_the_same_record() -> None:
    """Both payloads of one message are read alike; unknown JSON fields are passed over as in protobuf."""
    text = json_format.MessageToJson(MESSAGE)[:-1] + ', "inTheNextVersion": 1}'
    from_json = read(arrived({"content-type": b"Application/JSON; charset=utf-8"}, text.encode()), RequestAccepted)
    assert from_json == read(arrived(), RequestAccepted)
    assert from_json.message == MESSAGE


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        (b"2026-11-01T10:00:00Z", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (b"2026-11-01T10:00:00.123456789+02:00", datetime(2026, 11, 1, 8, 0, 0, 123456, tzinfo=UTC)),
        (None, datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)),
    ],
)
def test_when_it_happened(said: bytes | None, instant: datetime) -> None:
    """CloudEvents `time` in UTC, or the broker's timestamp without one."""
    assert read(arrived({"ce_time": said}), RequestAccepted).occurred_at == instant


def test_an_event_of_a_restored_log_is_not_taken_for_the_lost_one_of_the_same_id() -> None:
    """The incarnation of our logs is part of a fact's name; the first one, and a shop without any, leave it out."""
    first = arrived().inbox_id
    assert first == arrived({"ce_incarnation": b"1"}).inbox_id == derived_id("inbox", "/shop", "1")
    assert arrived({"ce_incarnation": b"2"}).inbox_id == derived_id("inbox", "/shop", "1", "2")
    assert arrived({"ce_id": None}).inbox_id is None


def test_a_broken_payloads_words_are_not_repeated() -> None:
    """Why a payload cannot be read is told without quoting it: it may name a person."""
    with pytest.raises(Unreadable) as raised:
        read(arrived({"content-type": b"application/json"}, b'{"shopId": {"Erika Mustermann": 1}}'), RequestAccepted)
    assert raised.value.reason == "UNDECODABLE"
    assert "Erika" not in raised.value.detail


def test_the_shop_is_the_messages_or_the_headers() -> None:
    """The payload's shop id counts; a header helps where the payload cannot be read."""
    assert shop_of(arrived({"ce_shopid": b"s2"}), MESSAGE) == "s1"
    assert shop_of(arrived({"ce_shopid": b"s2"})) == "s2"
    assert shop_of(arrived()) == ""


_headers = st.lists(st.tuples(st.text(max_size=8), st.none() | st.binary(max_size=12)), max_size=6).map(tuple)
_odd = st.none() | st.binary(max_size=20) | st.sampled_from([b"1.0", b"application/json", TYPE.encode()])


@given(_headers)
def test_packed_headers_come_back(headers: Headers) -> None:
    """Any names and values, null ones too, survive being stored."""
    assert unpack_headers(pack_headers(headers)) == headers


async def _nothing(work: Work, record: Record[RequestAccepted]) -> None:
    return None


@given(
    st.dictionaries(
        st.sampled_from(["ce_id", "ce_type", "ce_source", "ce_time", "ce_specversion", "content-type"]), _odd
    ),
    st.binary(max_size=40),
    st.none() | st.binary(max_size=5),
    st.booleans(),
)
def test_whatever_arrives_has_a_fate(
    headers: dict[str, bytes | None], value: bytes, key: bytes | None, ordered: bool
) -> None:
    """No header and no payload makes the reader raise, and what is parked has a reason that PostgreSQL can store."""
    subscription = Subscription("t", ordered=ordered, handlers={TYPE: (RequestAccepted, _nothing)})
    entry = Reader(subscription).read(arrived(headers, value, key=key), "cluster/topic")
    assert (entry.refusal is not None) == (entry.fate is Fate.PARK)
    assert (entry.record is not None) or entry.fate is not Fate.DECIDE
    assert "\x00" not in entry.shop_id + entry.ce_type + (entry.refusal or BEHIND).detail


@given(st.text(st.characters(codec=None), max_size=20))
def test_printable_text_is_storable(text: str) -> None:
    """NUL and lone surrogates are replaced, and nothing gets longer than asked."""
    made = printable(text, 10)
    assert "\x00" not in made
    assert len(made.encode().decode()) <= 10


def test_records_without_a_key_share_their_partitions_order() -> None:
    """On an ordered topic a record without a key can follow any other of its partition without one."""
    reader = Reader(Subscription("t", ordered=True, handlers={TYPE: (RequestAccepted, _nothing)}))
    first, second = (reader.read(arrived(key=None), "c/t").ordered_key for _ in range(2))
    assert first == second is not None
    assert reader.read(arrived(), "c/t").ordered_key != first


def test_what_a_transport_adds_does_not_make_a_copy_another_record() -> None:
    """A trace header is not part of what a record says; its content type and its bytes are."""
    assert digest_of(arrived({"traceparent": b"00-1"})) == digest_of(arrived({"traceparent": b"00-2"}))
    assert digest_of(arrived({"content-type": b"application/json"})) != digest_of(arrived())
    assert digest_of(arrived(value=b"other")) != digest_of(arrived())
