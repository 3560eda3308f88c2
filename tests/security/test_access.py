"""Every rpc answers whom its contract names, about what is theirs, and nobody else. The cases follow from the contract.

A new rpc is among them at once. When it asks for a thing under a name that the world of these tests does not know, its
own case says NOT_FOUND and fails here: give the name to `tests/security/world.py`.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from aftercare.common.v1 import access_pb2
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from grpc import StatusCode

from chassis.grpc.access import CUSTOMER, ROLES
from tests.contract.contracts import services
from tests.security.examples import example
from tests.security.served import NAMES, Served
from tests.security.world import ACTIONS, ANNA, BEN, NAMESAKE, Owner, World
from tests.unit.chassis.grpc.serving import Refusal, refusal_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

EVERYWHERE = ("aftercare.admin.v1.AdminService", "aftercare.commands.v1.CommandService")
"""What each service serves beside its own."""
BATCH = "/aftercare.commands.v1.CommandService/ExecuteBatch"
APPROVALS = "aftercare.casework.v1.ApprovalService"
"""What each service with a desk serves."""
RPCS = [
    (name, f"/{service.full_name}/{method.name}")
    for service in services()
    for name in NAMES
    if service.full_name in EVERYWHERE
    or (service.full_name == APPROVALS and name in ACTIONS)
    or service.full_name.startswith(f"aftercare.{name}.")
    for method in service.methods
]
READ_OFF = {
    "RegisterParcel": frozenset({"receipt_number", "order_id"}),
    "ReceiveGoods": frozenset({"receipt_number", "line_id"}),
}
"""What a clerk reads off a parcel is written down whatever it says, and the answer tells nothing of whose it is."""
SECRETS = frozenset({"gift_code"})
"""Whoever has it is no stranger to what it opens: strangers ask with their own."""
NO_ANSWER = {
    StatusCode.UNAUTHENTICATED,
    StatusCode.INTERNAL,
    StatusCode.UNKNOWN,
    StatusCode.UNAVAILABLE,
    StatusCode.UNIMPLEMENTED,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.CANCELLED,
}


async def outcome(service: Served, path: str, request: Message, token: str | None) -> Any:
    """The answer, or the refusal."""
    answers: list[Any] = []

    async def call() -> None:
        answers.append(await service.call(path, request, token))

    try:
        refusal = await refusal_of(call())
    except AssertionError:
        if not answers:
            raise
        return answers[0]
    return refusal


async def in_a_batch(service: Served, path: str, request: Message, token: str) -> StatusCode:
    """How a command is answered that another rpc carries."""
    batch: Any = example(service.methods[BATCH].input_type, {"method": path, "request": request.SerializeToString()})
    (told,) = (await service.call(BATCH, batch, token)).outcomes
    return next((code for code in StatusCode if code.value[0] == told.error.code), StatusCode.OK)


def shape(refusal: Refusal, *given: Mapping[str, str]) -> tuple[Any, ...]:
    """All that a caller can tell a refusal by, with what the caller wrote taken out."""
    words = sorted({value for ids in given for value in ids.values()}, key=len, reverse=True)

    def bare(text: str) -> str:
        return re.sub("|".join(re.escape(word) for word in words), "…", text)

    facts = tuple(sorted((name, bare(value)) for name, value in refusal.facts.items()))
    fields = tuple(sorted((name, bare(value)) for name, value in refusal.fields.items()))
    return refusal.code, refusal.reason, bare(refusal.message), facts, fields, refusal.retry


def absent(ids: Mapping[str, str]) -> dict[str, str]:
    """Ids like these that nobody has."""
    made: dict[str, str] = {}
    for id in ids.values():
        try:
            UUID(id)
            made.setdefault(id, str(uuid4()))
        except ValueError:
            made.setdefault(id, f"absent-{uuid4().hex[:8]}")
    return {field: made[id] for field, id in ids.items()}


def access_of(method: MethodDescriptor) -> access_pb2.AccessRule:
    return method.GetOptions().Extensions[access_pb2.access]


@pytest.mark.parametrize("name", NAMES)
async def test_what_the_contract_has_is_served_and_nothing_else(shops: World, name: str) -> None:
    """So that the cases below are all there are."""
    assert set(shops.services[name].methods) == {path for service, path in RPCS if service == name}


@pytest.mark.parametrize(("name", "path"), RPCS, ids=lambda value: str(value).rsplit("/", 1)[-1])
async def test_only_whom_the_contract_names_is_answered(shops: World, name: str, path: str) -> None:
    """Every other role is told PERMISSION_DENIED, nobody at all UNAUTHENTICATED, and nothing is written."""
    service = shops.services[name]
    rule = access_of(service.methods[path])
    before = await written(service)
    request = example(service.methods[path].input_type, shops.ids[name, ANNA.order_id])
    denied = ROLES - set(rule.roles)
    told = {role: await outcome(service, path, request, shops.token(role)) for role in denied}
    refused = (StatusCode.PERMISSION_DENIED, "NOT_PERMITTED")
    assert {role: (one.code, one.reason) for role, one in told.items()} == dict.fromkeys(denied, refused)
    if rule.mutates:
        carriers = set(access_of(service.methods[BATCH]).roles) & denied
        carried = {role: await in_a_batch(service, path, request, shops.token(role)) for role in carriers}
        assert carried == dict.fromkeys(carriers, StatusCode.PERMISSION_DENIED)
    nobody = await outcome(service, path, request, None)
    assert (nobody.code, nobody.reason) == (StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
    if rule.all_shops:
        limited = {role: await outcome(service, path, request, shops.token(role)) for role in rule.roles}
        assert {refusal.code for refusal in limited.values()} == {StatusCode.PERMISSION_DENIED}
    assert await written(service) == before


@pytest.mark.parametrize(("name", "path"), RPCS, ids=lambda value: str(value).rsplit("/", 1)[-1])
async def test_ones_own_is_answered(shops: World, name: str, path: str) -> None:
    """To every role that the contract names, or refused by a rule of the domain, with nothing of anybody else's."""
    service, method = shops.services[name], shops.services[name].methods[path]
    rule = access_of(method)
    for role in sorted(rule.roles):
        if rule.all_shops:
            answer = await outcome(service, path, example(method.input_type), shops.token(role, None))
            assert not isinstance(answer, Refusal) or answer.code not in NO_ANSWER, answer
            assert not isinstance(answer, Refusal) or "method" not in answer.facts, answer
            continue
        request = example(method.input_type, shops.ids[name, ANNA.order_id])
        if "validate_only" in method.input_type.fields_by_name:
            request.validate_only = True  # type: ignore[attr-defined]  # asked for just before
        answer = await outcome(service, path, request, shops.token(role))
        if isinstance(answer, Refusal):
            assert answer.code not in NO_ANSWER | {StatusCode.NOT_FOUND}, f"{role}: {answer}"
            assert answer.reason != "INVALID_REQUEST", answer
            assert "method" not in answer.facts, answer
        others = (BEN, NAMESAKE) if role == CUSTOMER else (NAMESAKE,)
        told = str(answer)
        assert [mark for other in others for mark in marks(shops, name, other) if mark in told] == []


@pytest.mark.parametrize(("name", "path"), RPCS, ids=lambda value: str(value).rsplit("/", 1)[-1])
async def test_what_is_somebody_elses_is_not_there(shops: World, name: str, path: str) -> None:
    """Asked for whole or by one id among one's own: the same refusal as for what nobody has, and nothing written."""
    service, method = shops.services[name], shops.services[name].methods[path]
    rule, own = access_of(method), shops.ids[name, ANNA.order_id]
    told = READ_OFF.get(method.name, frozenset({"line_id"}))
    asked = [field for field in method.input_type.fields_by_name if field in own and field not in told]
    if rule.all_shops or not asked:
        return
    action = {"action": ACTIONS.get(name, "x")}
    before = await written(service)
    for role in sorted(rule.roles):
        for other in (BEN, NAMESAKE) if role == CUSTOMER else (NAMESAKE,):
            theirs = {f: id for f, id in shops.ids[name, other.order_id].items() if f not in SECRETS}
            nobodys = absent(theirs)
            for fields in (asked, *([field] for field in asked)):
                if any(theirs.get(f) == own[f] for f in fields):
                    continue  # the namesake's customer id is Anna's own
                foreign, missing = [
                    await outcome(
                        service,
                        path,
                        example(method.input_type, own | action | {f: ids[f] for f in fields if f in ids}),
                        shops.token(role),
                    )
                    for ids in (theirs, nobodys)
                ]
                if not (isinstance(foreign, Refusal) or isinstance(missing, Refusal)):
                    assert foreign == missing, (role, fields)  # a list, and neither has anything in it
                    continue
                assert isinstance(foreign, Refusal) and isinstance(missing, Refusal), (role, fields, foreign, missing)
                assert shape(foreign, own, theirs) == shape(missing, own, nobodys), (role, fields)
                assert fields != asked or foreign.code is StatusCode.NOT_FOUND, (role, foreign)
    assert await written(service) == before


def marks(shops: World, name: str, other: Owner) -> list[str]:
    """What tells of the other's things in an answer."""
    known = shops.ids[name, ANNA.order_id]
    return [
        *other.marks(),
        *(id for f, id in shops.ids[name, other.order_id].items() if known.get(f) != id and len(id) > 8),
    ]


async def written(service: Served) -> tuple[int, ...]:
    """Events and stored results of the service."""
    tables = ("events", "requests", "erasures", "redrives", "paused_effects", "paused_topics")
    found = [await service.stores.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables]
    return tuple(found)
