"""Lines of a library that repeats itself: one in each window, and every one that was held back is counted."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from chassis.throttle import Throttle
from tests.lines import Lines, lines

__all__ = ["lines"]

NOT_THERE = "Group Coordinator Request failed: %s"


@dataclass
class Console(logging.Handler):
    """What is written, as (message, how many were held back), under a clock that is set by hand."""

    now: float = 1000.0
    written: list[tuple[str, int | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.addFilter(Throttle(["kafka"], seconds=30, say=self.handle, now=lambda: self.now))

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append((record.getMessage(), getattr(record, "held_back", None)))

    __hash__ = logging.Handler.__hash__


@pytest.fixture
def console() -> Iterator[Console]:
    console, root = Console(), logging.getLogger()
    root.addHandler(console)
    yield console
    root.removeHandler(console)


library, ours = logging.getLogger("kafka.coordinator"), logging.getLogger("kafkaesque")


def test_one_line_passes_and_the_next_window_counts_what_was_held_back(console: Console) -> None:
    """Whatever stands in the place of the template's arguments."""
    for n in range(200):
        console.now = 1000 + n / 10
        library.error(NOT_THERE, f"GroupCoordinatorNotAvailable {n}")
    assert console.written == [("Group Coordinator Request failed: GroupCoordinatorNotAvailable 0", None)]
    console.now = 1030
    library.error(NOT_THERE, "again")
    library.error(NOT_THERE, "and again")
    assert console.written[1:] == [("Group Coordinator Request failed: again", 199)]
    console.now = 1060
    library.error(NOT_THERE, "still")
    assert console.written[2:] == [("Group Coordinator Request failed: still", 1)]


def test_when_the_noise_is_over_anybodys_next_line_brings_the_count(console: Console) -> None:
    """It is told once, with the template it counts."""
    for _ in range(3):
        library.warning(NOT_THERE, "x")
    console.now = 1029
    ours.warning("early")
    console.now = 1030
    ours.warning("ready")
    ours.warning("ready")
    assert console.written == [
        ("Group Coordinator Request failed: x", None),
        ("early", None),
        (f"held back: {NOT_THERE}", 2),
        ("ready", None),
        ("ready", None),
    ]


def test_other_templates_and_other_loggers_have_windows_of_their_own(console: Console) -> None:
    """A new kind of trouble is heard at once."""
    for logger in (library, logging.getLogger("kafka")):
        for template in (NOT_THERE, "Unable to update metadata from %s"):
            logger.error(template, 1)
            logger.error(template, 2)
    assert [held for _, held in console.written] == [None] * 4


def test_a_message_without_arguments_is_told_apart_by_all_but_its_numbers(console: Console) -> None:
    """Some lines come ready made."""
    for message in ("node 1 is gone", "node 22 is gone", "node 3 is back"):
        library.error(message)
    assert [message for message, _ in console.written] == ["node 1 is gone", "node 3 is back"]


def test_lines_of_everybody_else_all_pass(console: Console) -> None:
    """Also of one whose name merely begins alike."""
    for _ in range(3):
        ours.error("lost %s", "x")
    assert console.written == [("lost x", None)] * 3


def test_a_service_holds_back_its_kafka_clients(lines: Lines) -> None:
    """And nobody else."""
    for name in ("aiokafka", "aiokafka.consumer.fetcher", "chassis.relay"):
        for n in range(3):
            logging.getLogger(name).error("no broker at %s", n)
    heard = [line["logger"] for line in lines.all()]
    assert heard == ["aiokafka", "aiokafka.consumer.fetcher", *["chassis.relay"] * 3]
