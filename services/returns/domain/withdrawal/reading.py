"""What a withdrawal is, as read from its facts: where it stands, what is owed, which duty is due when.

Guarantee: pure readings; the read model, the timers and the decisions use the same ones. Money is held back only for
units that the customer has; what was never delivered, was sent, or is here is owed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from chassis.domain import Money
from services.returns.domain.case.reading import ON_THE_WAY
from services.returns.domain.case.values import CaseRefund, MoneyState
from services.returns.domain.law import Duty, Whereabouts
from services.returns.domain.law.raising import CUSTOMER, SHOP, raised
from services.returns.domain.withdrawal.state import WithdrawalState
from services.returns.domain.withdrawal.values import REPAY, SEND_BACK, UnitState

_UNCERTAIN = (MoneyState.HELD, MoneyState.UNKNOWN)
_LEAST_CERTAIN_FIRST = (*_UNCERTAIN, *ON_THE_WAY, MoneyState.SETTLED, MoneyState.FAILED)


class WithdrawalReading(WithdrawalState):
    """Abstract: `Withdrawal` adds the decisions."""

    @property
    def state(self) -> str:
        """declared, goodwill, awaiting_goods, to_repay, repaying, or repaid."""
        if self.noticed_at is None:
            return "declared"
        if not self.effective:
            return "goodwill"
        if self.payable:
            return "to_repay"
        if self.withheld:
            return "awaiting_goods"
        return "repaid" if all(self.is_settled(unit) for unit in self.effective) else "repaying"

    @property
    def effective(self) -> tuple[str, ...]:
        """The units the contract is ended about."""
        return tuple(unit_id for unit_id, unit in self.units.items() if unit.effective)

    @property
    def withheld(self) -> tuple[str, ...]:
        """Owed, and held back while the customer has them."""
        return tuple(u for u in self.effective if self.is_owed(u) and self._at_home(self.units[u]))

    @property
    def payable(self) -> tuple[str, ...]:
        """Owed, and nothing justifies holding it back."""
        return tuple(u for u in self.effective if self.is_owed(u) and not self._at_home(self.units[u]))

    @property
    def to_send(self) -> tuple[str, ...]:
        """Still with the customer, who has to send them."""
        return tuple(u for u in self.effective if self._at_home(self.units[u]))

    def is_owed(self, unit_id: str) -> bool:
        """Whether its money is still to be sent."""
        owed = self.money_of(unit_id) in (None, MoneyState.FAILED)
        return owed and not self._is_worthless(self.units[unit_id])

    def is_settled(self, unit_id: str) -> bool:
        """Whether nothing of it is open."""
        gone = self.money_of(unit_id) in (MoneyState.SETTLED, MoneyState.OUTSIDE)
        return gone or self._is_worthless(self.units[unit_id])

    def money_of(self, unit_id: str) -> MoneyState | None:
        """The unit's money rolled up, the least certain first; a failed one counts only while no other stands in its
        place. What was paid with an earlier order goes back by itself (`unit@order`): failed, it is owed."""
        if unit_id in self.elsewhere:
            return MoneyState.OUTSIDE
        places: dict[str, set[MoneyState]] = {}
        for repayment in self.repayments.values():
            for subject, _ in repayment.parts:
                if is_part_of(subject, unit_id):
                    places.setdefault(subject, set()).add(repayment.state)
        states = {next(state for state in _LEAST_CERTAIN_FIRST if state in found) for found in places.values()}
        return next((state for state in (MoneyState.FAILED, *_LEAST_CERTAIN_FIRST) if state in states), None)

    def repaid(self, currency: str) -> Money:
        """All money of this withdrawal that is with the customer."""
        return _sum(self.repayments, currency, lambda r: r.state is MoneyState.SETTLED)

    def pending(self, currency: str) -> Money:
        """All money of this withdrawal that is planned, under way or unknown."""
        return _sum(self.repayments, currency, lambda r: r.state not in (MoneyState.SETTLED, MoneyState.FAILED))

    def repay_due(self) -> datetime | None:
        """By when what is payable has to be paid; None where nothing is, also while all of it is held back."""
        if self.dates is None or not self.payable:
            return None
        since = [free for u in self.payable if (free := self.units[u].free_since) is not None]
        due: datetime = self.dates.repay.ends_at
        return max(due, min(since) + timedelta(days=self.after_withholding_days)) if since else due

    def look_until(self, unit_id: str) -> datetime | None:
        """Until when somebody may look at goods that are here before their money goes; None where nobody has to."""
        unit = self.units[unit_id]
        if unit.where is not Whereabouts.RECEIVED or unit.proven_at is not None or unit.free_since is None:
            return None  # on a proof alone the money goes at once
        return unit.free_since + timedelta(days=self.after_withholding_days)

    def due_by_itself(self, at: datetime) -> tuple[str, ...]:
        """What is owed, was never tried to be paid, and is paid now without anybody's word."""
        never = [u for u in self.payable if self.money_of(u) is None]
        return tuple(u for u in never if (until := self.look_until(u)) is None or until <= at)

    def look_ends(self) -> datetime | None:
        """When money goes by itself next; None where nothing waits for it, or a person was asked already."""
        due = self.repay_due()
        if not self.is_open or due is None or raised("warn", REPAY, due) in self.duties_raised:
            return None
        ends = (self.look_until(u) for u in self.payable if self.money_of(u) is None)
        return min((at for at in ends if at is not None), default=None)

    def next_due(self) -> datetime | None:
        """When the next duty is due, whosever it is."""
        dues = (self.repay_due(), self.send_back_by if self.to_send else None)
        return min((due for due in dues if due is not None), default=None)

    def duties(self, sources: Mapping[str, str]) -> list[Duty]:
        """Both duties with their dates, as they stand; none before the notice."""
        if self.dates is None or not self.effective:
            return []
        return [
            Duty(
                SEND_BACK,
                CUSTOMER,
                self.send_back_by,
                self._duty_state(SEND_BACK, self.send_back_by if self.to_send else None, "done"),
                f"Send the goods by {self.dates.send_back.text}.",
                sources.get(SEND_BACK, ""),
            ),
            Duty(
                REPAY,
                SHOP,
                self.repay_due(),
                self._duty_state(REPAY, self.repay_due(), "withheld" if self.withheld else "done"),
                f"Pay back by {self.dates.repay.text}; held back only for what the customer has not sent.",
                sources.get(REPAY, ""),
            ),
        ]

    def open_duties(self) -> list[tuple[str, str, datetime]]:
        dues = ((SEND_BACK, CUSTOMER, self.send_back_by if self.to_send else None), (REPAY, SHOP, self.repay_due()))
        return [(duty, owner, due) for duty, owner, due in dues if due is not None]

    def days_of_warning(self) -> int:
        return self.warn_days

    def next_party(self) -> str:
        """Whom it waits on."""
        if self.noticed_at is None:
            return "customer"
        monies = [self.money_of(unit) for unit in self.effective]
        if self.payable or any(money in _UNCERTAIN for money in monies):
            return "agent"
        if self.to_send:
            return "customer"
        return "provider" if any(money in ON_THE_WAY for money in monies) else "agent"

    def ending(self) -> str:
        """The outcome of a withdrawal that is over; empty while something is open."""
        if self.noticed_at is None or self.to_send:
            return ""
        return self.state if self.state in ("goodwill", "repaid") else ""

    def _duty_state(self, duty: str, due: datetime | None, otherwise: str) -> str:
        if due is None:
            return otherwise
        return "missed" if raised("missed", duty, due) in self.duties_raised else "open"

    @staticmethod
    def _at_home(unit: UnitState) -> bool:
        return unit.where is Whereabouts.WITH_CUSTOMER

    @staticmethod
    def _is_worthless(unit: UnitState) -> bool:
        return unit.lost is not None and unit.lost.amount.minor >= unit.asked.paid.minor


def is_part_of(subject: str, unit_id: str) -> bool:
    """Whether a part of a repayment is for a unit: out of its own order's ledger, or an earlier one's."""
    return subject == unit_id or subject.startswith(f"{unit_id}@")


def _sum(repayments: Mapping[str, CaseRefund], currency: str, counts: Callable[[CaseRefund], bool]) -> Money:
    return Money(sum(r.amount.minor for r in repayments.values() if counts(r)), currency)
