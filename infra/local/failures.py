"""What can go wrong with the embedded parts, each said in one sentence with what to do about it."""

from __future__ import annotations


class PartsFailed(Exception):
    """An embedded part could not be prepared, started or stopped; the message is for the person at the terminal."""


class JarsUnavailable(PartsFailed):
    """Kafka's jars could not be fetched, or what was fetched is not what was locked."""


class StartFailed(PartsFailed):
    """A part ended, or did not answer, while it was being started."""


class WrongOwner(PartsFailed):
    """The data belongs to another account than the one that runs this."""
