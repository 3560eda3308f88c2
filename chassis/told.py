"""What may be told of an error where people other than its caller read it: log lines, `/readyz`, stored reasons.

Our own words and those of the network quote no payload and no secret. A stranger's may, so of them only the name and
the place are kept.
"""

from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb, format_tb
from types import TracebackType

import asyncpg
from aiokafka.errors import KafkaError

from chassis.domain import DomainError
from chassis.errors import KernelError, UnitRejected

_QUOTES_NOTHING = (
    DomainError,
    KernelError,
    OSError,
    KafkaError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
)
_QUOTES = (UnitRejected, ValueError)
"""Kinds of the kinds above that repeat a value: the database's words, and asyncpg's about a value it cannot send."""

_BETWEEN = {
    True: "\nThe above exception was the direct cause of the following exception:\n\n",
    False: "\nDuring handling of the above exception, another exception occurred:\n\n",
}


def told(error: BaseException) -> str:
    """The error in one line."""
    name = type(error).__name__
    if _has_words(error):
        return f"{name}: {error}"
    place = extract_tb(error.__traceback__)
    return f"{name} at {Path(place[-1].filename).name}:{place[-1].lineno}" if place else name


def trace(error: BaseException) -> str:
    """The error, what it came from and what it holds, with the places each of them passed."""
    return "".join(_traced(error, set())).rstrip("\n")


def trace_of(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """`trace` of what `sys.exc_info` gives."""
    return trace(exc_info[1])


def _traced(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause = error.__cause__
    before = cause if cause is not None or error.__suppress_context__ else error.__context__
    if before is not None and id(before) not in seen:
        yield from _traced(before, seen)
        yield _BETWEEN[cause is not None]
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from format_tb(error.__traceback__)
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    yield f"{kind}: {error}\n" if _has_words(error) else f"{kind}\n"
    if isinstance(error, BaseExceptionGroup):
        for n, one in enumerate(error.exceptions, 1):
            yield f"\n{n} of {len(error.exceptions)} in the group:\n"
            yield from _traced(one, seen)


def _has_words(error: BaseException) -> bool:
    return isinstance(error, _QUOTES_NOTHING) and not isinstance(error, _QUOTES)
