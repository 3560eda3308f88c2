"""Whatever bytes reach an rpc, the caller is told by a status of the contract, and never how the service is made."""

import random
import re
from typing import Any

import pytest
from google.rpc import status_pb2
from grpc import RpcError, StatusCode
from grpc_status import rpc_status

from chassis.grpc.pages import page_of
from tests.contract.contracts import services
from tests.security.examples import example
from tests.security.nasty import EXAMPLES, garbage, nasty
from tests.security.served import Served
from tests.security.test_access import RPCS, access_of
from tests.security.world import ANNA, World

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

TELLING = re.compile(
    r"Traceback|File \"|\.py\b|asyncpg|sqlalchemy|psycopg|pydantic|0x[0-9a-f]{6}|object at|SELECT |Error\("
)
FORESEEN = {
    StatusCode.INVALID_ARGUMENT,
    StatusCode.NOT_FOUND,
    StatusCode.FAILED_PRECONDITION,
    StatusCode.PERMISSION_DENIED,
    StatusCode.ABORTED,
    StatusCode.RESOURCE_EXHAUSTED,
}


async def problem(service: Served, path: str, request: bytes, token: str) -> str:
    """What is wrong with how a call was answered; nothing where it is not."""
    try:
        await service.call(path, request, token)
    except RpcError as error:
        refused: Any = error
        if refused.code() not in FORESEEN:
            return f"{refused.code()}: {refused.details()}"
        told: status_pb2.Status | None = rpc_status.from_call(refused)
        if told is None or not told.details:
            return f"{refused.code()} without a reason: {refused.details()}"
        if TELLING.search(str(told)):
            return f"tells how it is made: {told}"
    return ""


@pytest.mark.parametrize(("name", "path"), RPCS, ids=lambda value: str(value).rsplit("/", 1)[-1])
async def test_no_request_is_answered_with_what_nobody_foresaw(shops: World, name: str, path: str) -> None:
    """Arbitrary values where the contract lets them be, and arbitrary bytes."""
    service, method = shops.services[name], shops.services[name].methods[path]
    rule, rng = access_of(method), random.Random(f"{name}{path}")
    if method.client_streaming:
        return  # what it carries is read by the same doors as a batch
    found: list[tuple[str, bytes]] = []
    for n in range(EXAMPLES * 2):
        role = rng.choice(sorted(rule.roles))
        request = nasty(method.input_type, rng, shops.ids[name, ANNA.order_id]).SerializeToString()
        sent = garbage(rng, [request]) if n % 4 == 3 else request
        if wrong := await problem(service, path, sent, shops.token(role, None if rule.all_shops else ANNA)):
            found.append((wrong, sent[:500]))
    assert found == [], "\n".join(f"{wrong} <- {sent!r}" for wrong, sent in found)


FORGED: tuple[tuple[Any, ...], ...] = (
    (),
    ("x",),
    (1, "x"),
    (None, None),
    ("x", "y", "z"),
    (10**15, -1),
    ("\x00", "\x00"),
)
PAGED = {
    f"/{service.full_name}/{method.name}"
    for service in services()
    for method in service.methods
    if "page_token" in method.input_type.fields_by_name
}
LISTS = [(name, path) for name, path in RPCS if path in PAGED]


@pytest.mark.parametrize(("name", "path"), LISTS, ids=lambda value: str(value).rsplit("/", 1)[-1])
async def test_a_forged_page_token_is_refused(shops: World, name: str, path: str) -> None:
    """Well formed, with the right sum, and the key of no row: whoever reads this code can make one."""
    service, method = shops.services[name], shops.services[name].methods[path]
    rule = access_of(method)
    token = shops.token(min(rule.roles), None if rule.all_shops else ANNA)
    for parts in FORGED:
        request: Any = example(method.input_type)
        request.page_token = page_of(request).next_token(parts)
        assert await problem(service, path, request.SerializeToString(), token) == "", parts
