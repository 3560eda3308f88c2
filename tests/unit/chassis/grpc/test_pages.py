"""Pages keep their place, their tokens belong to one list, and filters say what they do not understand."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from aftercare.returns.v1 import service_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.grpc.pages import BadFilter, BadPageToken, KeyPart, page_of, parse_filter

KEY: tuple[KeyPart, ...] = (datetime(2026, 3, 1, 12, tzinfo=UTC), UUID(int=7), 3, None, "ü")


def listing(**fields: object) -> service_pb2.ListCasesRequest:
    return service_pb2.ListCasesRequest(**fields)  # type: ignore[arg-type]


def test_a_token_brings_back_the_key_it_was_made_of() -> None:
    """Also with another page size."""
    token = page_of(listing(filter='state = "open"', page_size=2)).next_token(KEY)
    page = page_of(listing(filter='state = "open"', page_size=9, page_token=token))
    assert (page.after, page.size) == (KEY, 9)


def test_the_first_page_has_no_key_and_the_servers_size() -> None:
    assert (page_of(listing()).after, page_of(listing()).size, page_of(listing(page_size=9999)).size) == (None, 50, 500)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_as_a_token(text: str) -> None:
    if text:
        with pytest.raises(BadPageToken):
            page_of(listing(page_token=text))


def test_a_token_of_another_list_or_filter_is_refused() -> None:
    token = page_of(listing(filter='state = "open"')).next_token(KEY)
    with pytest.raises(BadPageToken) as refused:
        page_of(listing(filter='state = "closed"', page_token=token))
    assert refused.value.field == "page_token"
    with pytest.raises(BadPageToken):
        page_of(service_pb2.ListApprovalsRequest(filter='state = "open"', page_token=token))


def test_a_changed_token_is_refused() -> None:
    token = page_of(listing()).next_token(KEY)
    with pytest.raises(BadPageToken):
        page_of(listing(page_token=token[:-3] + ("AAA" if token[-3:] != "AAA" else "BBB")))


def test_terms_are_joined_by_and() -> None:
    assert parse_filter('state = "open" AND order_id="O \\"1\\""', {"state", "order_id"}) == {
        "state": "open",
        "order_id": 'O "1"',
    }
    assert parse_filter("  ", {"state"}) == {}


@pytest.mark.parametrize(
    "text",
    ["state", 'state = "a" OR order_id = "b"', 'state = "a" AND', 'state = "a', 'state="a" AND state="b"', 'x = "1"'],
)
def test_a_filter_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadFilter) as refused:
        parse_filter(text, {"state", "order_id"})
    assert refused.value.field == "filter"
