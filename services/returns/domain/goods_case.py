"""What goods come back for."""

from services.returns.domain.case import ReturnCase
from services.returns.domain.conformity import Conformity
from services.returns.domain.withdrawal import Withdrawal

GoodsCase = ReturnCase | Withdrawal | Conformity
