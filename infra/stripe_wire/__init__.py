"""A server that speaks Stripe's wire format over real HTTP, and misbehaves when it is told to."""

from infra.stripe_wire.books import Books, Refund
from infra.stripe_wire.server import Mishap, StripeServer, Telling

__all__ = ["Books", "Mishap", "Refund", "StripeServer", "Telling"]
