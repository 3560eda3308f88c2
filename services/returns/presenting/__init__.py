"""Returns, orders and money in the contract's words. Nothing is decided here."""
