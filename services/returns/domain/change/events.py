"""Everything that can happen to a change before dispatch, beside what every case shares."""

from datetime import datetime

from chassis.domain import Created, Event, Money
from services.returns.domain.case.values import MoneyState
from services.returns.domain.change.values import AskedUnder, Interception, Wish


class ChangeRequested(Created):
    """Somebody wants the order changed, policy lets it be asked, and the shop is asked."""

    TOPIC = "returns.OrderChange.Requested"
    shop_id: str
    order_id: str
    customer_id: str
    wish: Wish
    under: AskedUnder
    channel: str
    by: str


class ChangeConfirmed(Event):
    """The shop has changed the order. `units`: those that had not left. `difference`: of a swap, what the new goods
    cost more (charged by the shop) or less."""

    TOPIC = "returns.OrderChange.Confirmed"
    units: tuple[str, ...]
    difference: Money | None
    reference: str
    by: str


class ChangeRefused(Event):
    """The shop will not change it."""

    TOPIC = "returns.OrderChange.Refused"
    units: tuple[str, ...]
    reason: str
    by: str


class AnswerMissed(Event):
    """Nothing was heard until the answer-by time. `what`: change, interception, or order (a swap that is confirmed and
    that the order does not show)."""

    TOPIC = "returns.OrderChange.AnswerMissed"
    what: str
    due_at: datetime


class UnitsLeft(Event):
    """The parcel with these units left before the shop had confirmed. `becomes`: return, interception, person."""

    TOPIC = "returns.OrderChange.UnitsLeft"
    units: tuple[str, ...]
    shipment_id: str
    becomes: str


class UnitsLeftAllTheSame(Event):
    """The shop had confirmed, and a parcel with these units left."""

    TOPIC = "returns.OrderChange.UnitsLeftAllTheSame"
    units: tuple[str, ...]
    shipment_id: str


class ConfirmedTooLate(Event):
    """The shop says that it changed what has left, or what the customer withdrew from meanwhile."""

    TOPIC = "returns.OrderChange.ConfirmedTooLate"
    reference: str


class InterceptionAsked(Event):
    """The carrier is to bring the parcel back."""

    TOPIC = "returns.OrderChange.InterceptionAsked"
    interception: Interception


class InterceptionEnded(Event):
    """The parcel comes back (`done`), or it does not."""

    TOPIC = "returns.OrderChange.InterceptionEnded"
    interception_id: str
    done: bool
    reason: str


class ReturnOpened(Event):
    """Units that left are a return now."""

    TOPIC = "returns.OrderChange.ReturnOpened"
    return_id: str
    units: tuple[str, ...]


class LeftToPerson(Event):
    """Something of it contradicts itself, or nobody may decide it: a person looks."""

    TOPIC = "returns.OrderChange.LeftToPerson"
    why: str


class WayGiven(Event):
    """The customer withdrew from the contract about these units: the law's own flow has them."""

    TOPIC = "returns.OrderChange.WayGiven"
    units: tuple[str, ...]
    withdrawal_id: str


class ChangeMoneyPlanned(Event):
    """Money is reserved in the ledger and will be sent, or not be taken."""

    TOPIC = "returns.OrderChange.MoneyPlanned"
    claim_id: str
    request_key: str
    amount: Money
    parts: tuple[tuple[str, Money], ...]
    by: str


class ChangeMoneyMoved(Event):
    """The money is somewhere else now."""

    TOPIC = "returns.OrderChange.MoneyMoved"
    claim_id: str
    state: MoneyState
    amount: Money
    reference: str
    reason: str


class ChangeMoneyHeldBack(Event):
    """Nothing of what is owed can be planned now. `why`: not_taken, or the bound of the ledger."""

    TOPIC = "returns.OrderChange.MoneyHeldBack"
    amount: Money
    why: str


class TenderLetGo(Event):
    """The old tender will not be charged: its authorisation is to be released."""

    TOPIC = "returns.OrderChange.TenderLetGo"
    amount: Money


class TenderReleased(Event):
    """What became of the release. `state`: succeeded, failed, held."""

    TOPIC = "returns.OrderChange.TenderReleased"
    state: str
    reason: str
