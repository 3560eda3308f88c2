"""Two processes of the example service on one database and one key store."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.kernel import Kernel, key_database

__all__ = ["key_database"]


@pytest.fixture
async def kernel(example_database: ExampleDatabase, key_database: str) -> AsyncIterator[Kernel]:
    running = await Kernel.start(example_database.url, key_database)
    yield running
    await running.stop()


@pytest.fixture
async def second(example_database: ExampleDatabase, key_database: str) -> AsyncIterator[Kernel]:
    running = await Kernel.start(example_database.url, key_database)
    yield running
    await running.stop()
