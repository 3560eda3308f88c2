"""The process that decides again: ``python -m services.returns.what_if.worker``, spoken to over its own pipes.

Guarantee: it knows no database and no network; it holds one policy and the sums. It gives way to whoever else wants
the processor, and ends when its input does.

A frame is four bytes of length and msgpack. In: the policy's text with the number of examples, then lists of records,
an empty one at the end. Out: progress after each list, the report after the last.
"""

import os
import struct
import sys
from typing import BinaryIO

import msgspec

from services.returns.policies import load_policy
from services.returns.what_if.replay import Recorded, Replay
from services.returns.what_if.report import Report


class Begin(msgspec.Struct):
    """What is to be tried."""

    text: str
    examples: int


class Progress(msgspec.Struct, tag="progress"):
    """How far it is."""

    decisions: int
    changed: int


class Finished(msgspec.Struct, tag="finished"):
    """The last word."""

    report: Report


LENGTH = struct.Struct(">I")


def framed(value: object) -> bytes:
    """A frame, ready to be written."""
    raw = msgspec.msgpack.encode(value)
    return LENGTH.pack(len(raw)) + raw


def run(source: BinaryIO, sink: BinaryIO) -> int:
    """Decide what comes, until the empty list or the end of the input."""
    first = _read(source)
    if first is None:
        return 1
    begin = msgspec.msgpack.decode(first, type=Begin)
    replay = Replay(load_policy(begin.text), begin.examples)
    while (raw := _read(source)) is not None:
        records = msgspec.msgpack.decode(raw, type=list[Recorded])
        replay.take(records)
        done = Progress(replay.report.decisions, replay.report.changed_decisions)
        sink.write(framed(done if records else Finished(replay.finished())))
        sink.flush()
        if not records:
            return 0
    return 1


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    raw = source.read(length)
    return raw if len(raw) == length else None


if __name__ == "__main__":
    os.nice(10)
    sys.exit(run(sys.stdin.buffer, sys.stdout.buffer))
