"""Whom money of a claim is for, where that is not who bought the goods."""

from services.returns.domain.ledger.values import Claim

OWN = "returns"
"""The requester that keeps the ledger. It names a customer with its own claims where they are for who was given the
goods; other requesters name the customer they know."""


def recipient_of(claim: Claim) -> str:
    """Who was given the goods; empty where it is for who bought them."""
    return claim.ask.customer_id if claim.ask.requester == OWN else ""
