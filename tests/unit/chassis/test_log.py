"""A server that dies in the middle of a statement is a store that cannot be reached, and nobody's record's fault."""

from typing import Any

import asyncpg
import pytest

from chassis.errors import StoreUnavailable
from chassis.inbox.deciding import BLOCKING
from chassis.log import Log


class _Killed:
    async def fetch(self, *_: Any) -> list[Any]:
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


async def test_asyncpgs_confusion_about_a_killed_server_is_waited_out() -> None:
    """Reading says that the store is away, and the inbox waits for that instead of parking."""
    with pytest.raises(StoreUnavailable):
        await Log(_Killed()).heads([])  # type: ignore[arg-type]  # stands for a pool whose server was killed
    assert issubclass(StoreUnavailable, BLOCKING)
    assert issubclass(asyncpg.InternalClientError, BLOCKING)
