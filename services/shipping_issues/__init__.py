"""Shipping and delivery exceptions: found before the customer notices, one case per trouble of a parcel."""
