"""Whom to tell what, and whether it still needs telling. Pure."""
