"""What returns can be asked to do. Every use case is one decision on one `Work`.

Facts        the shop's orders, payments and parcels are folded, and what follows from them
Intake       goods at the warehouse: receipts, corrections, findings; unidentified parcels, proofs of posting, losses
Changing     before the parcel leaves: cancel, swap, pay otherwise; what the shop, the carrier and the clock say to it
Gifting      a return by who was given the goods
Returning    request, approve, decline, cancel, inspect, expire
Quoting      what each remedy would bring, before anybody chooses
Labelling    labels for the way back: asked for, bought, voided when nobody needs them
Collecting   carriers that come for parcels, and are told not to
Reporting    a lack of conformity: reported, proven, answered
Conforming   repair or replacement, then a lower price or the end of the contract
Repaying     what the law makes owed, planned by itself
Withdrawing  the notice nobody may decline, proof of sending, diminished value, repayment
Exchanging   another variant or product, price difference either way, cancelled at any step
Paying       refund, keep-it discount, goodwill; what became of the money
Offering     what may be done next, and why not
CreditNotes  the documents of money that went back: asked of the shop, kept, called off
Held         what was asked of the outside and waits for a person
Ledgering    what other services ask of the ledger
Adopting     a new version of the shop's policy
Desk         approvals, notes, assignment, contacts
"""

from services.returns.application.adopting import Adopting
from services.returns.application.changing import Changing
from services.returns.application.conforming import Conforming
from services.returns.application.credit_notes import CreditNotes
from services.returns.application.desk import Desk
from services.returns.application.facts import Facts
from services.returns.application.gifts import Gifting
from services.returns.application.held import Held
from services.returns.application.intake import Intake
from services.returns.application.ledgering import Ledgering
from services.returns.application.offering import Offering
from services.returns.application.paying import Paying
from services.returns.application.quoting import Quoting
from services.returns.application.returning import Returning
from services.returns.application.withdrawing import Withdrawing


class Application(
    Facts,
    Intake,
    Offering,
    Withdrawing,
    Conforming,
    Changing,
    Gifting,
    Quoting,
    Returning,
    Paying,
    CreditNotes,
    Held,
    Ledgering,
    Adopting,
    Desk,
):
    """All use cases, wired with the policy a shop starts with."""


__all__ = ["Application"]
