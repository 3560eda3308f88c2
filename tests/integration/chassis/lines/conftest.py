"""A process of the example service with its lines read back."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.chassis.conftest import ExampleDatabase
from tests.integration.chassis.kernel import Kernel, key_database
from tests.lines import lines

__all__ = ["key_database", "lines"]


@pytest.fixture
async def kernel(example_database: ExampleDatabase, key_database: str) -> AsyncIterator[Kernel]:
    running = await Kernel.start(example_database.url, key_database)
    yield running
    await running.stop()
