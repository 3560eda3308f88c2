"""Labels for the way back: asked for, bought, given to the customer, and taken back when nobody needs them.

Guarantee: the same units are not given two labels, and a label is asked to be voided once: when none of its units can
be sent with it any more and none was. An answer may come twice, late, and after the case has ended.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.domain import Event, Money
from services.returns.domain.errors import AddressNeeded, UnknownLabel, WrongStage
from services.returns.domain.labels import events as e
from services.returns.domain.labels.state import LabelState
from services.returns.domain.labels.values import SHOP, UNDER_WAY, Label, LabelStage, PostalAddress

NOT_NEEDED, POLICY = "not_needed", "policy"


class Labelling(LabelState):
    """Abstract: the case says which of its units wait to be sent, and which were."""

    def to_label(self, units: Sequence[str]) -> tuple[str, ...]:
        """These units, or all that wait to be sent; the refusal that says why not where one does not wait."""
        raise NotImplementedError

    def is_to_be_sent(self, unit_id: str) -> bool:
        """Whether a unit is with the customer, and may still be sent."""
        raise NotImplementedError

    def was_sent(self, label: Label) -> bool:
        """Whether goods may be, or have been, on their way with a label."""
        raise NotImplementedError

    def give_sender(self, address: PostalAddress, *, by: str, at: datetime) -> None:
        """Where the parcel starts."""
        sealed = self.personal(address.checked().as_text())
        if sealed != self.sender:
            self._tell(e.SenderGiven, at=at, address=sealed, by=by)

    def starts_at(self) -> PostalAddress | None:
        """Where the parcel starts; None where nobody said, or the customer was forgotten."""
        text = self.sender.text if self.sender is not None else None
        return PostalAddress.from_text(text) if text else None

    def ask_label(
        self, label_id: str, units: Sequence[str], *, by: str, at: datetime, maker: str = SHOP, paperless: bool = False
    ) -> tuple[str, ...]:
        """Ask for a label; the same units are not asked for twice while one is there or on its way."""
        self.require_open()
        chosen = self.to_label(units)
        for label in self.labels.values():
            if label.is_for(chosen):
                raise WrongStage(
                    f"label {label.label_id} for these units is {label.stage}", label=label.label_id, state=label.stage
                )
        if maker != SHOP and self.starts_at() is None:
            raise AddressNeeded("a label needs the address the parcel starts at", rma_id=str(self.id))
        self._tell(e.LabelRequested, at=at, label_id=label_id, units=chosen, maker=maker, paperless=paperless, by=by)
        return chosen

    def label(self, label_id: str) -> Label:
        """A label by its id, or `UnknownLabel`."""
        if label_id not in self.labels:
            raise UnknownLabel(f"this case has no label {label_id}", label=label_id)
        return self.labels[label_id]

    def label_offered(self, label_id: str, reference: str, offer: str, cost: Money, *, at: datetime) -> bool:
        """Its maker sells one. False where it is not to be bought: it is known already, or nobody needs it any more."""
        label = self.label(label_id)
        if label.stage is not LabelStage.REQUESTED or label.reference:
            return False
        if not self._is_needed(label):
            self.label_not_made(label_id, NOT_NEEDED, at=at)
            return False
        self._tell(e.LabelOffered, at=at, label_id=label_id, reference=reference, offer=offer, cost=cost)
        return True

    def label_bought(self, label_id: str, carrier: str, tracking_number: str, url: str, *, at: datetime) -> bool:
        """It exists, and the code for it is still to come. False where that was known."""
        label = self.label(label_id)
        if label.stage not in (LabelStage.REQUESTED, LabelStage.REFUSED):
            return False
        self._tell(e.LabelBought, at=at, label_id=label_id, carrier=carrier, tracking_number=tracking_number, url=url)
        return True

    def label_made(
        self,
        label_id: str,
        carrier: str,
        tracking_number: str,
        url: str,
        *,
        at: datetime,
        qr_code_url: str = "",
        instructions: str = "",
    ) -> None:
        """The label is there; a refusal that was heard before was wrong."""
        label = self.labels.get(label_id)
        if label is not None and label.stage in (*UNDER_WAY, LabelStage.REFUSED):
            self._tell(
                e.LabelIssued,
                at=at,
                label_id=label_id,
                carrier=carrier,
                tracking_number=tracking_number,
                url=url,
                qr_code_url=qr_code_url,
                instructions=instructions,
            )

    def label_not_made(self, label_id: str, reason: str, *, at: datetime) -> None:
        """There will be no label; while the case goes on a person has to see to it."""
        label = self.labels.get(label_id)
        if label is not None and label.stage is LabelStage.REQUESTED:
            self._tell(e.LabelRefused, at=at, label_id=label_id, reason=reason)
            if self.is_open and reason != NOT_NEEDED:
                self.wait_on("agent", by=POLICY, at=at)

    def useless_labels(self) -> list[Label]:
        """Labels the customer has, or soon has, that nothing can be sent with any more and nothing was."""
        return [label for label in self.labels.values() if label.stage is LabelStage.ISSUED and self._is_useless(label)]

    def void_label(self, label_id: str, reason: str, *, by: str, at: datetime) -> Label:
        """Ask for the label to be taken back; not while goods may be on their way with it."""
        label = self.label(label_id)
        if label.stage not in (LabelStage.ISSUED, LabelStage.NOT_VOIDED):
            raise WrongStage(f"label {label_id} is {label.stage}", label=label_id, state=label.stage)
        if self.was_sent(label):
            raise WrongStage(f"goods were sent that label {label_id} is for", label=label_id, state=label.stage)
        self._tell(e.LabelVoidAsked, at=at, label_id=label_id, reason=reason, by=by)
        return self.labels[label_id]

    def label_voided(self, label_id: str, *, at: datetime) -> None:
        """Its maker took it back, also where that was thought to have failed."""
        if self.label(label_id).stage in (LabelStage.VOIDING, LabelStage.NOT_VOIDED):
            self._tell(e.LabelVoided, at=at, label_id=label_id)

    def label_not_voided(self, label_id: str, reason: str, *, at: datetime) -> None:
        """Its maker does not take it back."""
        if self.label(label_id).stage is LabelStage.VOIDING:
            self._tell(e.LabelNotVoided, at=at, label_id=label_id, reason=reason)

    def _is_needed(self, label: Label) -> bool:
        if not any(self.is_to_be_sent(unit_id) for unit_id in label.units):
            return False
        others = [x for x in self.labels.values() if x.stage is LabelStage.ISSUED and x.label_id != label.label_id]
        return not any(x.is_for(label.units) and (not label.place or x.place < label.place) for x in others)

    def _is_useless(self, label: Label) -> bool:
        return not self.was_sent(label) and not self._is_needed(label)

    def _tell(self, kind: type[Event], *, at: datetime, **values: Any) -> None:
        self.record(self.OWN_EVENTS[kind], at=at, **values)
