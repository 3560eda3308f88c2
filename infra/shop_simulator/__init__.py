"""A shop, its warehouse, carrier and payment system: separate actors that publish and consume like real ones."""
