"""The use cases of quality complaints, all of them, by who asks:

facts.py          the shop's systems tell of orders and picked lots; notifications tells who was told
investigating.py  complaints are received and assessed, and meet in investigations
returned.py       returns tells of units that come back, which are evidence
remedies.py       agents decide what is done; the ledger and the shop answer
desk.py           agents note, assign, approve and close

Every use case runs on a `Work` and may be run again on conflict.
"""

from services.quality_complaints.application.desk import Desk
from services.quality_complaints.application.facts import Facts


class Application(Facts, Desk):
    """Everything that can be asked of quality complaints."""


__all__ = ["Application"]
