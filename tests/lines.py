"""What a process writes on stdout, read back line by line."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from chassis.telemetry import configure_logging


class Lines:
    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Those that tell this event."""
        return [line for line in self.all() if line["event"] == event]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """With logging set up as a service of ours sets it up."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logging("INFO", service="returns")
    yield Lines(stream)
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
