"""What shipping issues reads from the shop and the ledger, and what it tells them and the world."""
