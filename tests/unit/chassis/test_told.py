"""An error is told by its name and its places; its words only where they are ours or the network's."""

import asyncpg
import pytest
import structlog

from chassis.domain import NotFound
from chassis.errors import StoreUnavailable, UnitRejected
from chassis.told import told, trace
from tests.lines import Lines, lines

__all__ = ["lines"]

PERSONAL = "zita@private.example"


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        try:
            if cause is not None:
                raise cause
        except BaseException as before:
            raise error from before
        raise error
    except BaseException as caught:
        return caught


STRANGERS = (
    ValueError(PERSONAL),
    KeyError(PERSONAL),
    UnitRejected(PERSONAL),
    asyncpg.UniqueViolationError(PERSONAL),
    asyncpg.exceptions._base.DataError(PERSONAL),
    UnicodeEncodeError("ascii", PERSONAL, 0, 1, PERSONAL),
    ExceptionGroup(PERSONAL, [ValueError(PERSONAL)]),
)


@pytest.mark.parametrize("error", STRANGERS, ids=lambda e: type(e).__name__)
def test_a_strangers_words_are_told_nowhere(error: Exception, lines: Lines) -> None:
    """Not in a line, not as a cause, not beside another error, not in a group, and not as a note."""
    error.add_note(PERSONAL)
    structlog.get_logger("ours").error("call_failed", exc_info=raised(RuntimeError(PERSONAL), error))
    (line,) = lines.all()
    everything = (
        f"{line}{told(error)}{trace(raised(StoreUnavailable('away'), error))}{trace(ExceptionGroup('', [error]))}"
    )
    assert PERSONAL not in everything
    assert everything.count(type(error).__qualname__) >= 4
    assert "test_told.py" in line["exception"]


def test_our_own_words_and_the_networks_are_told() -> None:
    assert told(ConnectionRefusedError(111, "refused")) == "ConnectionRefusedError: [Errno 111] refused"
    error = raised(StoreUnavailable("the store is away"), NotFound("order", "O-1"))
    assert trace(error).endswith("chassis.errors.StoreUnavailable: the store is away")
    assert "direct cause" in trace(error)
