"""Adapters of the outside, called by the role `effects` only."""
