"""What a case remembers of its labels, and how each event changes it.

Guarantee: folds only; nothing in here decides.
"""

from dataclasses import replace
from typing import Any

from casework.case import Case
from chassis.domain import Personal, applies
from services.returns.domain.labels import events as e
from services.returns.domain.labels.values import Label, LabelStage


class LabelState(Case):
    """Abstract: each kind of case adds its units, and its own classes of these events."""

    def __init__(self) -> None:
        super().__init__()
        self.labels: dict[str, Label] = {}
        self.sender: Personal | None = None

    @applies(e.SenderGiven)
    def _on_sender_given(self, event: e.SenderGiven) -> None:
        self.sender = event.address

    @applies(e.LabelRequested)
    def _on_label_requested(self, event: e.LabelRequested) -> None:
        self.labels[event.label_id] = Label(
            event.label_id,
            LabelStage.REQUESTED,
            event.units,
            event.timestamp,
            maker=event.maker,
            paperless=event.paperless,
        )

    @applies(e.LabelOffered)
    def _on_label_offered(self, event: e.LabelOffered) -> None:
        self._label(event.label_id, reference=event.reference, offer=event.offer, cost=event.cost)

    @applies(e.LabelBought)
    def _on_label_bought(self, event: e.LabelBought) -> None:
        self._label(
            event.label_id,
            stage=LabelStage.BOUGHT,
            carrier=event.carrier,
            tracking_number=event.tracking_number,
            url=event.url,
        )

    @applies(e.LabelIssued)
    def _on_label_issued(self, event: e.LabelIssued) -> None:
        self._label(
            event.label_id,
            stage=LabelStage.ISSUED,
            place=1 + max((label.place for label in self.labels.values()), default=0),
            carrier=event.carrier,
            tracking_number=event.tracking_number,
            url=event.url,
            qr_code_url=event.qr_code_url,
            instructions=event.instructions,
        )

    @applies(e.LabelRefused)
    def _on_label_refused(self, event: e.LabelRefused) -> None:
        self._label(event.label_id, stage=LabelStage.REFUSED, reason=event.reason)

    @applies(e.LabelVoidAsked)
    def _on_label_void_asked(self, event: e.LabelVoidAsked) -> None:
        voids = self.labels[event.label_id].voids + 1
        self._label(event.label_id, stage=LabelStage.VOIDING, reason=event.reason, voids=voids)

    @applies(e.LabelVoided)
    def _on_label_voided(self, event: e.LabelVoided) -> None:
        self._label(event.label_id, stage=LabelStage.VOIDED)

    @applies(e.LabelNotVoided)
    def _on_label_not_voided(self, event: e.LabelNotVoided) -> None:
        self._label(event.label_id, stage=LabelStage.NOT_VOIDED, reason=event.reason)

    def _label(self, label_id: str, **values: Any) -> None:
        self.labels[label_id] = replace(self.labels[label_id], **values)
