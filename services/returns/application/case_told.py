"""The answer to a command about a return. Pure."""

from chassis.service import Receipt
from services.returns.domain.case import Authorisation, ReturnCase


def case_told(case: ReturnCase, **facts: str) -> Receipt:
    """The answer to a command about a return: where it is, and how many units are where."""
    ways = [unit.authorisation for unit in case.units.values()]
    counts = {
        "authorised": str(ways.count(Authorisation.AUTHORISED)),
        "declined": str(ways.count(Authorisation.DECLINED)),
        "waiting": str(ways.count(Authorisation.REQUESTED)),
    }
    return Receipt(str(case.id), case.version, {"state": case.state, **counts, **facts})
