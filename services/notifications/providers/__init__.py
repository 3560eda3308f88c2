"""Adapters of the outside: the mail server. Called by role effects only."""
