"""A bank account a customer gives to be paid back to.

Guarantee: an IBAN is taken only where its check digits hold (ISO 13616, ISO 7064 MOD 97-10) and its form is one;
nothing of it is ever repeated in an error.
"""

import re
from dataclasses import dataclass

from chassis.domain import Invalid, Personal

_FORM = re.compile("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Whose account it is, and its IBAN; both are the customer's."""

    iban: Personal
    holder: Personal


def checked_iban(text: str) -> str:
    """The IBAN without blanks, or `Invalid`."""
    iban = re.sub("[ \\t-]", "", text).upper()
    if not _FORM.match(iban):
        raise Invalid("iban", "an IBAN begins with a country and two check digits, and has 15 to 34 characters")
    moved = iban[4:] + iban[:4]
    if int("".join(str(int(sign, 36)) for sign in moved)) % 97 != 1:
        raise Invalid("iban", "the check digits of the IBAN do not hold")
    return iban
