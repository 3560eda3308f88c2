"""What happens where money cannot go back the way it came."""

from chassis.domain import Event, Personal


class OtherTenderAsked(Event):
    """The tender cannot take the money back; the customer is asked for another. `claim_id`: the refund that failed."""

    TOPIC = "returns.Return.OtherTenderAsked"
    claim_id: str
    reason: str


class BankAccountGiven(Event):
    """The customer gave an account to be paid back to. A later one replaces it."""

    TOPIC = "returns.Return.BankAccountGiven"
    iban: Personal
    holder: Personal
    by: str
