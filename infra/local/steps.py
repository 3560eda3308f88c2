"""Runs one step of setting up quietly, and turns its failure into a sentence that says what to do.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import subprocess
import sys
from typing import NoReturn

NETWORK = (
    *("name resolution", "dns error", "temporary failure", "network is unreachable"),
    *("failed to establish a new connection", "could not connect", "connection refused", "connection reset"),
    *("timed out", "error sending request", "failed to fetch", "no matching distribution"),
)


class SetupFailed(Exception):
    """Setting up stopped; the message says why and what to do."""


def run(command: list[str], environment: dict[str, str], doing: str) -> None:
    """Runs a step quietly; what it printed is shown only when it failed, before the sentence that explains it."""
    done = subprocess.run(command, check=False, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        output = done.stdout.decode(errors="replace")
        sys.stderr.write(output[-4000:])
        explain(output.lower(), doing)


def explain(output: str, doing: str) -> NoReturn:
    if "no space left" in output or "os error 28" in output or "disk quota" in output:
        raise SetupFailed(f"{doing} failed because the disk is full; free about 1 GB and run it again.")
    if "do not match the hashes" in output or ("hash" in output and "mismatch" in output):
        raise SetupFailed(
            f"{doing} failed: a downloaded file is not the one whose hash is in the lock, so it was not installed.\n"
            "Check the mirror this machine uses; if it is right, the lock in requirements/ has to be made anew."
        )
    if any(sign in output for sign in NETWORK):
        raise SetupFailed(
            f"{doing} failed: the package index cannot be reached. The first run needs the network (about 200 MB).\n"
            "Behind a mirror set PIP_INDEX_URL (or index-url in pip.conf), for a private authority PIP_CERT,\n"
            "behind a proxy HTTPS_PROXY; then run it again."
        )
    raise SetupFailed(f"{doing} failed for the reason printed above; run it again once that is mended.")
