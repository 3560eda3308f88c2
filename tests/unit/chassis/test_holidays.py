"""Holidays of one country are the library's own, and the other countries stay out of the process."""

import subprocess
import sys

import holidays
import pytest

from chassis.holidays import public_holidays

YEARS = range(2024, 2036)


@pytest.mark.parametrize("country", ["DE", "US", "GB", "GU"])
def test_they_are_the_librarys(country: str) -> None:
    assert public_holidays(country, YEARS) == tuple(sorted(holidays.country_holidays(country, years=YEARS)))


def test_a_country_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(NotImplementedError):
        public_holidays("XX", YEARS)


def test_only_the_country_asked_for_is_loaded_and_whoever_wants_all_still_gets_all() -> None:
    asked = (
        "import sys; from chassis.holidays import public_holidays; public_holidays('DE', [2026]);"
        "print([name for name in sys.modules if name.startswith('holidays.countries')]);"
        "import holidays.countries; print(holidays.countries.France.__name__)"
    )
    said = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == ["['holidays.countries.germany']", "France"]
