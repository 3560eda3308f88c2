"""People write amounts in the currency's own notation, and read them so; nothing is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.cli import money


def test_amounts_are_written_with_the_currencys_own_decimals() -> None:
    assert [money.written(4990, "EUR"), money.written(4990, "JPY"), money.written(4990, "KWD")] == [
        "49.90 EUR",
        "4990 JPY",
        "4.990 KWD",
    ]


@given(minor=st.integers(-(10**12), 10**12), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_written_is_read_as_the_same_amount(minor: int, currency: str) -> None:
    assert money.read(money.written(minor, currency)) == {"minor_units": minor, "currency": currency}


@pytest.mark.parametrize("text", ["12.505 EUR", "12.5 JPY", "12.50", "EUR 12", "twelve EUR", "NaN EUR", ""])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"12\.50 EUR"):
        money.read(text)


def test_only_facts_that_are_amounts_change() -> None:
    assert [money.fact("4990 EUR"), money.fact("asked"), money.fact("3 units")] == ["49.90 EUR", "asked", "3 units"]
