"""Returns: what comes back, what is paid back, and the ledger that keeps both from happening twice."""
