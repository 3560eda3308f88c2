"""The list of what a restore took away, for a person: one JSON document, commands first.

A record whose cause is a command (``request:…``) was answered to somebody and is gone. All others follow from facts the
consumers read again, or from timers that ask again.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from chassis.recovery.lost import LostRecord

log = structlog.get_logger(__name__)

COMMAND = "request:"


def write_report(file: Path | None, service: str, incarnation: int, lost: Sequence[LostRecord]) -> None:
    """Write it whole, or not at all; without a file it is only counted in the log."""
    commands = [record for record in lost if record.cause.startswith(COMMAND)]
    others = [record for record in lost if not record.cause.startswith(COMMAND)]
    requests = sorted({record.cause.removeprefix(COMMAND) for record in commands})
    log.warning("lost_listed", commands=len(requests), records=len(lost), file=str(file or ""))
    if file is None:
        return
    document = {
        "service": service,
        "incarnation": incarnation,
        "lost_requests": requests,
        "commands": commands,
        "others": others,
    }
    part = file.with_name(file.name + ".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    part.replace(file)
