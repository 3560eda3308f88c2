"""Stripe as a payment provider of ours: its API, its accounts, and what its webhooks tell."""
