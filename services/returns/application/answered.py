"""The kinds of our requests that the shop answers, and those among them that are about changes before dispatch."""

from services.returns.application.collecting import PICKUP_CANCEL_EFFECT, PICKUP_EFFECT
from services.returns.application.common import (
    BANK_EFFECT,
    CREDIT_EFFECT,
    LABEL_EFFECT,
    REFUND_EFFECT,
    RELEASE_EFFECT,
    REPAIR_EFFECT,
    REPLACEMENT_EFFECT,
)
from services.returns.application.labelling import VOID_EFFECT
from services.returns.application.noting import CANCEL_EFFECT, NOTE_EFFECT
from services.returns.application.stopping import STOP_EFFECT
from services.returns.domain.change import ChangeKind

CHANGE_EFFECTS = {
    ChangeKind.CANCEL: "order_cancellation",
    ChangeKind.SWAP: "variant_swap",
    ChangeKind.TENDER: "tender_change",
}
INTERCEPTION_EFFECT = "interception"
TENDER_RELEASE_EFFECT = "tender_release"

ANSWERED = (
    REFUND_EFFECT,
    RELEASE_EFFECT,
    CREDIT_EFFECT,
    BANK_EFFECT,
    NOTE_EFFECT,
    CANCEL_EFFECT,
    LABEL_EFFECT,
    VOID_EFFECT,
    PICKUP_EFFECT,
    PICKUP_CANCEL_EFFECT,
    REPAIR_EFFECT,
    REPLACEMENT_EFFECT,
    *CHANGE_EFFECTS.values(),
    INTERCEPTION_EFFECT,
    TENDER_RELEASE_EFFECT,
    STOP_EFFECT,
)
