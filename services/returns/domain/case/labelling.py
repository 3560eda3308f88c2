"""Which units of a return a label is for.

Guarantee: only what is authorised and at home is given one; one whose goods are on their way is needed.
"""

from collections.abc import Sequence

from services.returns.domain.case.authorising import Authorising
from services.returns.domain.case.values import Authorisation, Goods
from services.returns.domain.labels import Label, Labelling

_TO_BE_SENT = (Authorisation.REQUESTED, Authorisation.AUTHORISED)
_NEVER_SENT = (Goods.WITH_CUSTOMER, Goods.KEPT_BY_CUSTOMER)


class LabelledUnits(Labelling, Authorising):
    """Abstract: `Collecting` adds the pickups."""

    def to_label(self, units: Sequence[str]) -> tuple[str, ...]:
        return self._chosen(units, (Authorisation.AUTHORISED,), "given a label", at_home=True)

    def is_to_be_sent(self, unit_id: str) -> bool:
        unit = self.units[unit_id]
        return unit.authorisation in _TO_BE_SENT and unit.goods is Goods.WITH_CUSTOMER

    def was_sent(self, label: Label) -> bool:
        return any(self.units[unit_id].goods not in _NEVER_SENT for unit_id in label.units)
