"""The smallest whole service: accounts that count, on order and by a shop's facts, and mirrors that hear of it.

Every way of the kernel is in it: calls, a topic of the shop's, a topic of our own that it writes and reads, and a read
model that the database can refuse a value of. It comes in two builds on one log and topic: `__main__` is the newer.
"""
