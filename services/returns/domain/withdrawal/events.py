"""Everything that can happen to a withdrawal, beside what every case shares."""

from datetime import datetime
from typing import Any

from chassis.domain import Created, Event, Money, Personal
from services.returns.domain.case.events import unmarked
from services.returns.domain.case.values import MoneyState, ReceivedGoods
from services.returns.domain.law import Proof
from services.returns.domain.withdrawal.values import Dates, LostValue, RuledUnit, WithdrawnUnit


class WithdrawalDeclared(Created):
    """Somebody began to withdraw; nothing is effective before the notice."""

    TOPIC = "returns.Withdrawal.Declared"
    shop_id: str
    order_id: str
    customer_id: str
    units: tuple[WithdrawnUnit, ...]
    statement: Personal
    channel: str
    by: str


class NoticeGiven(Event):
    """The customer withdrew: effective with this, whatever anybody thinks of it. `noticed_at`: when it was sent off."""

    TOPIC = "returns.Withdrawal.NoticeGiven"
    noticed_at: datetime
    units: tuple[RuledUnit, ...]
    dates: Dates
    whole: bool
    law_version: str
    after_withholding_days: int
    warn_days: int
    by: str


class GoodwillOpened(Event):
    """What the law does not give was asked of the shop's goodwill, as a return."""

    TOPIC = "returns.Withdrawal.GoodwillOpened"
    return_id: str
    units: tuple[str, ...]


class UnitsDelivered(Event):
    """Goods reached the customer after the notice; they are to be sent back by then."""

    TOPIC = "returns.Withdrawal.UnitsDelivered"
    units: tuple[str, ...]
    delivered_at: datetime
    send_back: datetime


class UnitsSentBack(Event):
    """There is a proof that units were sent back."""

    TOPIC = "returns.Withdrawal.UnitsSentBack"
    units: tuple[str, ...]
    proof: Proof


class UnitsReceivedBack(Event):
    """Units are at the warehouse, or a receipt was written down anew."""

    TOPIC = "returns.Withdrawal.UnitsReceivedBack"
    class_version = 2
    receipt: ReceivedGoods

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """As of a return's receipt."""
        unmarked(state["receipt"])


class ReceiptWithdrawn(Event):
    """A receipt never happened."""

    TOPIC = "returns.Withdrawal.ReceiptWithdrawn"
    receipt_number: str
    reason: str


class ValueDiminished(Event):
    """A unit lost value by handling that was not needed to see what it is; so much is kept of it, by that name."""

    TOPIC = "returns.Withdrawal.ValueDiminished"
    unit_id: str
    lost: LostValue


class RepaymentPlanned(Event):
    """Money is reserved in the ledger and will be sent."""

    TOPIC = "returns.Withdrawal.RepaymentPlanned"
    claim_id: str
    request_key: str
    amount: Money
    parts: tuple[tuple[str, Money], ...]
    by: str


class RepaymentMoved(Event):
    """The money is somewhere else now."""

    TOPIC = "returns.Withdrawal.RepaymentMoved"
    claim_id: str
    state: MoneyState
    amount: Money
    reference: str
    reason: str


class RepaidElsewhere(Event):
    """What was owed for units was given back otherwise: by another case, or in facts of money that moved elsewhere."""

    TOPIC = "returns.Withdrawal.RepaidElsewhere"
    units: tuple[str, ...]
    facts: tuple[str, ...]
    reason: str
    by: str


class OwedAgain(Event):
    """What was given back elsewhere did not stay so."""

    TOPIC = "returns.Withdrawal.OwedAgain"
    units: tuple[str, ...]
    reason: str


class DutyWarned(Event):
    """A duty of the shop is soon to be missed."""

    TOPIC = "returns.Withdrawal.DutyWarned"
    duty: str
    due_at: datetime


class DutyMissed(Event):
    """A duty was not done in time."""

    TOPIC = "returns.Withdrawal.DutyMissed"
    duty: str
    owner: str
    due_at: datetime
