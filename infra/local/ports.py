"""Finds TCP ports nobody listens on, below the range from which the system hands out ports for outgoing connections.

A port from that range could be taken by any passing connection between two starts; one from here stays ours.
"""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Collection

RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do, or a connection that has just ended would look like a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as failure:
            if failure.errno == errno.EADDRINUSE:
                return False
            raise
        return True


def pick(taken: Collection[int]) -> int:
    """A free port that is not among `taken`; drawn at random so that several clones starting at once seldom meet."""
    for _ in range(1_000):
        port = random.choice(RANGE)
        if port not in taken and is_free(port):
            return port
    raise OSError(errno.EADDRINUSE, f"no free TCP port between {RANGE.start} and {RANGE.stop}")
