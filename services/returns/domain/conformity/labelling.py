"""Labels for goods that are to be put right, or that a contract is ended about: the seller bears their cost.

Guarantee: a label is given only where the goods are needed at the shop and are with the customer; what a label was used
for is over with it, so that goods which are with the customer again can have another.
"""

from collections.abc import Sequence
from datetime import datetime

from services.returns.domain.conformity.remedying import Remedying
from services.returns.domain.conformity.values import SEND
from services.returns.domain.errors import UnitNotInReturn, WrongStage
from services.returns.domain.labels import Label, Labelling


class LabelledGoods(Labelling, Remedying):
    """Abstract: `Conformity` adds the money."""

    def to_label(self, units: Sequence[str]) -> tuple[str, ...]:
        for unit_id in units:
            if unit_id != self.unit_id:
                raise UnitNotInReturn(f"this file is about {self.unit_id}, not {unit_id}", unit=unit_id)
        if not self.is_to_be_sent(self.unit_id):
            raise WrongStage(
                f"the goods are not needed at the shop, or are not with the customer: the file is {self.state}",
                unit=self.unit_id,
                state=self.state,
            )
        return (self.unit_id,)

    def is_to_be_sent(self, unit_id: str) -> bool:
        return self.state in ("awaiting_goods", "awaiting_return")

    def was_sent(self, label: Label) -> bool:
        return bool(label.spent)

    @property
    def send_by(self) -> datetime | None:
        """By when the customer is asked to send the goods; None where they are not asked for."""
        return self.due_of(SEND)
