"""The world of two shops, served once for all tests of the package that only look at it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from tests.security.world import World, world


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer.at(Path(tmp_path_factory.mktemp("tokens")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shops(parts: Parts, databases: dict[str, ServiceDatabase], issuer: Issuer) -> AsyncIterator[World]:
    """Two shops and three people."""
    async with world(databases, issuer, parts.kafka_bootstrap, datetime.now(UTC)) as found:
        yield found
