"""Amounts in words: for people with the currency's decimals, for programs in minor units.

Guarantee: the decimals are those of ISO 4217; a currency not listed here has two.
"""

from chassis.domain import Money

_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND".split()
_DECIMALS = {**dict.fromkeys(_NO_DECIMALS, 0), **dict.fromkeys(_THREE_DECIMALS, 3)}


def decimals(currency: str) -> int:
    """How many decimals its amounts have for people."""
    return _DECIMALS.get(currency, 2)


def spoken(money: Money) -> str:
    """For people: ``80.00 EUR``, ``500 JPY``."""
    places = decimals(money.currency)
    whole, part = divmod(abs(money.minor), 10**places)
    sign = "-" if money.minor < 0 else ""
    return f"{sign}{whole}{f'.{part:0{places}d}' if places else ''} {money.currency}"


def written(money: Money) -> str:
    """For programs: ``8000 EUR`` in minor units."""
    return f"{money.minor} {money.currency}"
