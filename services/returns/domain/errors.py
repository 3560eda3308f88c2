# long: one refusal after the other, with the tree of all of them
"""Refusals of returns, named for the rule that was broken; beside them those every case shares (casework.errors).

Refused
├── NothingLeft              the ledger has less left than was asked; says how much, and who gave the rest
├── UnitNotReturnable        the unit is not in the order, was cancelled, or is in another return
├── UnitNotInReturn          the return does not hold that unit
├── WrongStage               the unit's axes do not allow the command now
├── LawStandsAbove           a rule of law forbids what shop or agent asked
├── NothingToDo              no unit of the return fits the command
├── AlreadyWithdrawn         the customer withdrew from the contract about that unit before
├── Withheld                 the customer has the goods, and has not proven sending them
├── ExchangeUnderWay         the unit has an exchange that is not off
├── UnknownExchange          the return has no exchange of that id
├── UnknownCorrection        the return has no correction of that id
├── GiftNotOffered           the policy lets nobody return a gift but who bought it
├── BuyersMoney               what would go to who bought a gift, or tell its recipient what was paid
├── RemedyNotOffered         the policy does not offer that remedy for the unit
├── UnknownRefund            the return has no refund of that id
├── BankAccountNeeded        the money cannot go back the way it came, and no bank account is known
├── AddressNeeded            a label or a pickup needs the address the parcel starts at
├── ReturnAtOwnCost          the customer sends these goods back at their own cost
├── UnknownLabel             the return has no label of that id
├── UnknownPickup            the return has no pickup of that id
├── ConsentNeeded            the customer did not agree to be charged
├── NotChangeable            the policy, or how far the unit is, does not let the change be asked; names which
├── OnlyWhole                a part would go without the rest of its bundle; names the clause and what is missing
├── NotInformed              the customer was not informed of the right of withdrawal
├── LackIsOpen               a lack of that unit was reported, and is not settled
├── BurdenOnSeller           a lack is presumed to have been there at the delivery, and nothing proves otherwise
├── ProofNotAsked            the customer has to prove something, and was not asked for it, or has time left
├── RemedyIsRefused          the seller refused that remedy, with a reason
├── RemedyFirst              the law gives repair or replacement before money
├── MinorLack                a minor lack ends no contract
├── ReceiptIsVoid            the receipt was voided, which is final
├── CreditNoteSettled        the credit note is not where that may be said of it
└── NotFrozen                the ledger is not frozen
Invalid
└── ChecklistIncomplete      an inspection lacks what the policy's list for the goods needs; names each field and why
NotPermitted
└── OnlySupervisor           only a supervisor overrides the ledger, by name and with a reason
"""

from chassis.domain import Invalid, NotPermitted, Refused


class NothingLeft(Refused):
    """The ledger has less left than was asked for."""

    reason = "NOTHING_LEFT"


class CreditNoteSettled(Refused):
    """The credit note is not in a state of which that may be said."""

    reason = "CREDIT_NOTE_SETTLED"


class UnitNotReturnable(Refused):
    """The unit cannot be returned."""

    reason = "UNIT_NOT_RETURNABLE"


class UnitNotInReturn(Refused):
    """The return does not hold that unit."""

    reason = "UNIT_NOT_IN_RETURN"


class WrongStage(Refused):
    """A unit is not in the state that the command needs."""

    reason = "WRONG_STAGE"


class LawStandsAbove(Refused):
    """A rule of law forbids it."""

    reason = "LAW_STANDS_ABOVE"


class ChecklistIncomplete(Invalid):
    """An inspection lacks what the policy's list for the goods needs."""

    reason = "CHECKLIST_INCOMPLETE"

    def __init__(self, lacking: tuple[tuple[str, str, str], ...]) -> None:
        more = f", and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        super().__init__(lacking[0][0], f"{lacking[0][1]}{more}")
        self.violations = lacking


class NothingToDo(Refused):
    """No unit of the return fits the command."""

    reason = "NOTHING_TO_DO"


class AlreadyWithdrawn(Refused):
    """The customer withdrew from the contract about these units before."""

    reason = "ALREADY_WITHDRAWN"


class Withheld(Refused):
    """The customer has the goods, and has not proven sending them."""

    reason = "WITHHELD"


class ExchangeUnderWay(Refused):
    """The unit has an exchange that is under way or done."""

    reason = "EXCHANGE_UNDER_WAY"


class UnknownExchange(Refused):
    """The return has no such exchange."""

    reason = "UNKNOWN_EXCHANGE"


class UnknownCorrection(Refused):
    """The return has no such correction."""

    reason = "UNKNOWN_CORRECTION"


class GiftNotOffered(Refused):
    """The policy lets nobody return a gift but who bought it."""

    reason = "GIFT_NOT_OFFERED"


class BuyersMoney(Refused):
    """It would go to who bought a gift, or tell who was given it what was paid."""

    reason = "BUYERS_MONEY"


class RemedyNotOffered(Refused):
    """The policy does not offer that remedy for the unit."""

    reason = "REMEDY_NOT_OFFERED"


class UnknownRefund(Refused):
    """The return has no such refund."""

    reason = "UNKNOWN_REFUND"


class BankAccountNeeded(Refused):
    """The customer has to give a bank account first."""

    reason = "BANK_ACCOUNT_NEEDED"


class AddressNeeded(Refused):
    """The address the parcel starts at has to be given first."""

    reason = "ADDRESS_NEEDED"


class ReturnAtOwnCost(Refused):
    """The law has the customer bear the cost of sending back, and the shop did not agree to bear it."""

    reason = "RETURN_AT_OWN_COST"


class UnknownLabel(Refused):
    """The return has no such label."""

    reason = "UNKNOWN_LABEL"


class UnknownPickup(Refused):
    """The return has no such pickup."""

    reason = "UNKNOWN_PICKUP"


class ConsentNeeded(Refused):
    """The customer did not agree to be charged."""

    reason = "CONSENT_NEEDED"


class NotChangeable(Refused):
    """The policy, or how far the unit is, does not let the change be asked."""

    reason = "NOT_CHANGEABLE"


class OnlyWhole(Refused):
    """A part of a bundle would come back, be exchanged, or be cancelled without the rest."""

    reason = "ONLY_WHOLE"


class NotInformed(Refused):
    """The customer was not informed of the right of withdrawal."""

    reason = "CUSTOMER_NOT_INFORMED"


class LackIsOpen(Refused):
    """A lack of that unit was reported before, and is not settled."""

    reason = "LACK_IS_OPEN"


class BurdenOnSeller(Refused):
    """The lack is presumed to have been there at the delivery, and nothing on file proves otherwise."""

    reason = "BURDEN_ON_SELLER"


class ProofNotAsked(Refused):
    """The customer has to prove that the lack was there, and was not asked for it, or has time left."""

    reason = "PROOF_NOT_ASKED"


class RemedyIsRefused(Refused):
    """The seller refused to put it right in that way."""

    reason = "REMEDY_IS_REFUSED"


class RemedyFirst(Refused):
    """Repair or replacement comes before money."""

    reason = "REMEDY_FIRST"


class MinorLack(Refused):
    """A minor lack gives a lower price, and does not end the contract."""

    reason = "MINOR_LACK"


class ReceiptIsVoid(Refused):
    """The receipt was voided, which is final."""

    reason = "RECEIPT_IS_VOID"


class NotFrozen(Refused):
    """The ledger is not frozen."""

    reason = "NOT_FROZEN"


class OnlySupervisor(NotPermitted):
    """Only a supervisor may do this."""

    reason = "ONLY_SUPERVISOR"
