"""What a proposed policy would have decided about the requests a shop has had.

Guarantee: it reads, and stores nothing. The deciding is done in a process of its own, so that nobody who asks the
service waits for it; when the caller goes, that process ends.
"""
