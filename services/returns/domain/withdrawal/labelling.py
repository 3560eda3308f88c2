"""Labels for goods that a withdrawal sends back.

Guarantee: a label is given only for what the contract is ended about and the customer has. A label some of whose goods
were sent is not taken back; goods whose receipt never happened can be sent with it again.
"""

from collections.abc import Sequence
from datetime import datetime

from services.returns.domain.errors import NothingToDo, WrongStage
from services.returns.domain.labels import Label, Labelling
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal.goods import GoodsBack

_WENT = (Whereabouts.SENT, Whereabouts.RECEIVED)


class LabelledGoods(Labelling, GoodsBack):
    """Abstract: `Stopping` adds the goods that are stopped before."""

    def to_label(self, units: Sequence[str]) -> tuple[str, ...]:
        if not units and not self.to_send:
            raise NothingToDo("nothing of this withdrawal is with the customer")
        for unit_id in units:
            where = self.unit(unit_id).where
            if not self.is_to_be_sent(unit_id):
                raise WrongStage(
                    f"unit {unit_id} is not to be sent back: it is {where.value}", unit=unit_id, goods=where.value
                )
        return tuple(dict.fromkeys(units)) or self.to_send

    def is_to_be_sent(self, unit_id: str) -> bool:
        return unit_id in self.to_send

    def was_sent(self, label: Label) -> bool:
        return any(self.units[unit_id].where in _WENT for unit_id in label.units)

    @property
    def send_by(self) -> datetime | None:
        """By when the customer has to send them."""
        return self.send_back_by
