"""Tells customers what to expect before they ask, once per trouble and expectation."""
