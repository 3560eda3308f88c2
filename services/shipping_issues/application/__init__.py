"""The use cases of shipping issues, all of them, by who asks:

facts.py      the shop's systems tell of orders and parcels
looking.py    what the rules find in a parcel, now or when a timer is due
remedies.py   agents decide what is done; the ledger and the shop answer
desk.py       agents and customers report, note, assign, approve and close

Every use case runs on a `Work` and may be run again on conflict.
"""

from services.shipping_issues.application.desk import Desk
from services.shipping_issues.application.facts import Facts, ParcelRef


class Application(Facts, Desk):
    """Everything that can be asked of shipping issues."""


__all__ = ["Application", "ParcelRef"]
