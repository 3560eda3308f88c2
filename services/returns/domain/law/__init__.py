"""What the law's own flows share: periods in days, places, rulings, duties, and where goods are."""

from services.returns.domain.law.goods import Proof, Whereabouts
from services.returns.domain.law.period import Deadline
from services.returns.domain.law.ruling import Duty, Place, Ruling

__all__ = ["Deadline", "Duty", "Place", "Proof", "Ruling", "Whereabouts"]
