"""Nobody reaches a handler whom the contract does not let through."""

from pathlib import Path
from typing import Any

import pytest
from aftercare.common.v1 import access_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, empty_pb2
from google.protobuf.descriptor import ServiceDescriptor
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from chassis.grpc import GrpcServer, GrpcService
from chassis.grpc.access import UndeclaredAccess, rules_of
from chassis.grpc.server import UnsafeAddress
from chassis.grpc.tokens import TokenVerifier
from chassis.work import Actor
from infra.local.tokens import AUDIENCE, ISSUER, Issuer
from tests.unit.chassis.grpc.serving import Served, refusal_of, serving


def service_with(name: str, rule: access_pb2.AccessRule | None, **method: Any) -> ServiceDescriptor:
    """A contract with one rpc, written for one test."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package=f"test.{name}", syntax="proto3")
    file.dependency.append(empty_pb2.DESCRIPTOR.name)
    rpc = file.service.add(name="Service").method.add(
        name="Do", input_type=".google.protobuf.Empty", output_type=".google.protobuf.Empty", **method
    )
    if rule is not None:
        rpc.options.Extensions[access_pb2.access].CopyFrom(rule)
    descriptor_pool.Default().Add(file)
    found: ServiceDescriptor = descriptor_pool.Default().FindServiceByName(f"test.{name}.Service")
    return found


def test_an_rpc_without_a_declared_permission_prevents_the_start(tmp_path: Path) -> None:
    """The server is not even built, and the message names the rpc."""
    issuer, added = Issuer.at(tmp_path), []
    bare = GrpcService(service_with("bare", None), object(), lambda servicer, server: added.append(servicer))
    with pytest.raises(UndeclaredAccess, match=r"test\.bare\.Service\.Do declares no role that may call it"):
        GrpcServer([bare], TokenVerifier(issuer.jwks, issuer=ISSUER, audience=AUDIENCE), address="127.0.0.1:0")
    assert added == []


@pytest.mark.parametrize(
    ("name", "rule", "method", "problem"),
    [
        ("unknown", access_pb2.AccessRule(roles=["boss"]), {}, "allows boss, which is no role"),
        ("nameless", access_pb2.AccessRule(roles=["agent"], mutates=True), {}, "needs a request_id"),
        ("streaming", access_pb2.AccessRule(roles=["agent"]), {"client_streaming": True}, "takes a stream"),
    ],
)
def test_a_permission_that_makes_no_sense_prevents_the_start(
    name: str, rule: access_pb2.AccessRule, method: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UndeclaredAccess, match=problem):
        rules_of([service_with(name, rule, **method)])


def test_plain_gRPC_to_the_outside_prevents_the_start(tmp_path: Path) -> None:
    """Unless TLS is given or a mesh is said to encrypt."""
    tokens = TokenVerifier(Issuer.at(tmp_path).jwks, issuer=ISSUER, audience=AUDIENCE)
    with pytest.raises(UnsafeAddress, match=r"0\.0\.0\.0:0 is reachable from outside"):
        GrpcServer([], tokens, address="0.0.0.0:0")


async def test_a_role_that_is_not_named_is_refused_before_the_handler(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        refused = await refusal_of(served.cancel(served.token("warehouse")))
        assert (refused.code, refused.reason) == (StatusCode.PERMISSION_DENIED, "NOT_PERMITTED")
        assert refused.facts["allowed"] == "agent,senior_agent,supervisor"
        assert served.agents.asked_by == []


async def test_the_handler_knows_who_asks(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert await served.cancel(served.token("agent", "finance", shops=["shop-1"])) == "done"
        (principal,) = served.agents.asked_by
        actor = principal.actor()
        assert actor == Actor("somebody", frozenset({"agent", "finance"}), None, frozenset({"shop-1"}))


async def test_someone_elses_case_does_not_exist(tmp_path: Path) -> None:
    """The very same answer as for a case that nobody has."""
    async with serving(tmp_path) as served:
        anna = served.token("customer", customer_id="anna")
        await served.get_mine(anna, "rma-anna")
        foreign = await refusal_of(served.get_mine(anna, "rma-ben"))
        absent = await refusal_of(served.get_mine(anna, "rma-none"))
        assert foreign.code == absent.code == StatusCode.NOT_FOUND
        assert foreign.message.replace("rma-ben", "rma-none") == absent.message
        assert set(foreign.facts) == set(absent.facts)


async def test_another_shops_case_does_not_exist(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        elsewhere = served.token("customer", customer_id="anna", shops=["shop-2"])
        assert (await refusal_of(served.get_mine(elsewhere, "rma-anna"))).code is StatusCode.NOT_FOUND


async def test_a_customer_cannot_call_what_is_for_agents(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        refused = await refusal_of(served.cancel(served.token("customer", customer_id="anna")))
        assert refused.code is StatusCode.PERMISSION_DENIED


async def health(served: Served) -> int:
    answer = await health_pb2_grpc.HealthStub(served.channel).Check(health_pb2.HealthCheckRequest())  # type: ignore[attr-defined]
    return int(answer.status)


async def test_health_needs_no_token_and_follows_readiness(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        assert await health(served) == health_pb2.HealthCheckResponse.NOT_SERVING
        await served.server.say_ready(True)
        assert await health(served) == health_pb2.HealthCheckResponse.SERVING


async def test_reflection_lists_what_is_served(tmp_path: Path) -> None:
    """Without a token: names only."""
    async with serving(tmp_path) as served:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(served.channel)  # type: ignore[arg-type]  # aio is meant
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in stub.ServerReflectionInfo(iter([asked])):
            names = {service.name for service in answer.list_services_response.service}
        assert names >= {"aftercare.returns.v1.ReturnsService", "aftercare.returns.v1.ReturnsSelfService"}
