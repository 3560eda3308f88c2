"""The rules of returns. Pure: no I/O, no clock, no randomness."""
