"""Public holidays of a country, without paying for those of every other one."""

import sys
from collections.abc import Iterable
from datetime import date
from importlib.util import find_spec, module_from_spec

from holidays.utils import country_holidays

COUNTRIES = "holidays.countries"


def public_holidays(country: str, years: Iterable[int]) -> tuple[date, ...]:
    """The holidays of `country`, an ISO code, in order; NotImplementedError for one that nobody knows."""
    # The library loads a country when it is asked for, but the package that country lives in imports all 250 first:
    # 0.4 s and 9 MB of each start. An empty one in its place has the same modules in it.
    stand_in = COUNTRIES not in sys.modules and find_spec(COUNTRIES)
    if stand_in:
        sys.modules[COUNTRIES] = module_from_spec(stand_in)
    try:
        return tuple(sorted(country_holidays(country, years=years)))
    finally:
        if stand_in:
            del sys.modules[COUNTRIES]
