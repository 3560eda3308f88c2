"""Labels for the way back, of whatever kind of case goods come back for."""

from services.returns.domain.labels.labelling import NOT_NEEDED, Labelling
from services.returns.domain.labels.state import LabelState
from services.returns.domain.labels.values import EASYPOST, SHOP, UNDER_WAY, Label, LabelStage, PostalAddress

__all__ = [
    "EASYPOST",
    "NOT_NEEDED",
    "SHOP",
    "UNDER_WAY",
    "Label",
    "LabelStage",
    "LabelState",
    "Labelling",
    "PostalAddress",
]
