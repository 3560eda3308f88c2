"""Amounts as people write them; the services speak in minor units."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_currency_precision

_FACT = re.compile(r"^(-?\d+) ([A-Z]{3})$")


def written(minor_units: int, currency: str) -> str:
    """``4990, "EUR"`` is ``49.90 EUR``; yen have no decimals, dinars three (ISO 4217, by CLDR)."""
    if not currency:
        return "-"
    places = get_currency_precision(currency)
    return f"{Decimal(minor_units).scaleb(-places):.{places}f} {currency}"


def fact(text: str) -> str:
    """A receipt's fact: an amount in minor units as people write it, anything else as it is."""
    found = _FACT.match(text)
    return written(int(found[1]), found[2]) if found else text


def read(text: str) -> dict[str, Any]:
    """``12.50 EUR`` as the contract's Money. Raises ValueError where it is no amount of that currency."""
    amount, _, currency = text.strip().partition(" ")
    currency = currency.strip().upper()
    try:
        minor = Decimal(amount).scaleb(get_currency_precision(currency))
    except InvalidOperation:
        minor = Decimal("NaN")
    if not re.fullmatch("[A-Z]{3}", currency) or not minor.is_finite() or minor != minor.to_integral_value():
        raise ValueError(f"{text!r} is no amount: write it as 12.50 EUR")
    return {"minor_units": int(minor), "currency": currency}
