"""Amounts as Stripe writes them, which are not everywhere the minor units of ISO 4217.

Source: docs.stripe.com/currencies: zero-decimal and three-decimal currencies and special cases, as of 2025.
"""

from chassis.domain import Invalid, Money

_TWO_DECIMALS_THERE = frozenset({"ISK", "UGX"})
_ROUND_TO_TEN = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def to_stripe(amount: Money) -> int:
    """Our minor units in Stripe's; `Invalid` where Stripe cannot express them."""
    if amount.currency in _TWO_DECIMALS_THERE:
        return amount.minor * 100
    if amount.currency in _ROUND_TO_TEN and amount.minor % 10:
        raise Invalid("amount", f"Stripe pays {amount.currency} in tens of its minor units, not {amount.minor}")
    return amount.minor


def from_stripe(amount: int, currency: str) -> Money:
    """Stripe's amount in our minor units."""
    code = currency.upper()
    if code in _TWO_DECIMALS_THERE:
        if amount % 100:
            raise Invalid("amount", f"{code} has no minor units, and Stripe tells {amount} hundredths")
        return Money(amount // 100, code)
    return Money(amount, code)
