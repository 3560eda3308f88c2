"""No caller takes the server away from the others, and what is too much is refused without harm to what is not."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from aftercare.common.v1 import command_pb2
from aftercare.returns.v1 import service_pb2
from google.rpc import error_details_pb2
from grpc import StatusCode
from grpc_status import rpc_status

from chassis.grpc.limits import Limits, RateLimited
from chassis.grpc.tokens import TokenVerifier, Unauthenticated
from infra.local.tokens import AUDIENCE, ISSUER, Issuer
from tests.unit.chassis.grpc.serving import Served, refusal_of, serving


class Bucket:
    """`Limits` on a clock that is set by hand."""

    def __init__(self, folder: Path, rate: float) -> None:
        self.now = 0.0
        self.issuer = Issuer.at(folder)
        self._tokens = TokenVerifier(self.issuer.jwks, issuer=ISSUER, audience=AUDIENCE)
        self.limits = Limits(rate, now=lambda: self.now)

    def admitted(self, subject: str, role: str = "agent", times: int = 100) -> int:
        """How many of so many calls are let through."""
        token = f"Bearer {self.issuer.issue(subject, [role])}"
        return sum(self._is_in(token) for _ in range(times))

    def _is_in(self, token: str) -> bool:
        try:
            self.limits.admit(self._tokens, token, lambda: "ipv4:127.0.0.1:9")
        except RateLimited:
            return False
        return True

    def stranger(self, peer: str) -> str:
        """What somebody without a token is told."""
        try:
            self.limits.admit(self._tokens, None, lambda: peer)
        except (RateLimited, Unauthenticated) as refused:
            return type(refused).__name__
        raise AssertionError("let in without a token")


def test_a_principal_has_a_seconds_worth_of_calls_and_gets_them_back_evenly(tmp_path: Path) -> None:
    bucket = Bucket(tmp_path, 20)
    assert bucket.admitted("anna") == 20
    bucket.now += 0.5
    assert bucket.admitted("anna") == 10
    bucket.now += 3600
    assert bucket.admitted("anna") == 20


def test_one_principals_calls_cost_nobody_else_any(tmp_path: Path) -> None:
    bucket = Bucket(tmp_path, 20)
    assert bucket.admitted("anna") == 20
    assert bucket.admitted("ben") == 20


@pytest.mark.parametrize("role", ["service", "operator"])
def test_programs_and_operators_may_ask_a_hundred_times_as_often(tmp_path: Path, role: str) -> None:
    assert Bucket(tmp_path, 0.5).admitted("it", role) == 50


def test_callers_without_a_token_share_a_bucket_by_their_address(tmp_path: Path) -> None:
    """A new connection, with its own port, gets no new bucket."""
    bucket = Bucket(tmp_path, 2)
    told = [bucket.stranger(f"ipv4:10.0.0.1:{port}") for port in range(4)]
    assert told == ["Unauthenticated", "Unauthenticated", "RateLimited", "RateLimited"]
    assert bucket.stranger("ipv4:10.0.0.2:1") == "Unauthenticated"


def test_what_is_remembered_of_callers_is_bounded(tmp_path: Path) -> None:
    bucket = Bucket(tmp_path, 2)
    for n in range(10_100):
        bucket.stranger(f"ipv6:[fd00::{n:x}]:1")
    assert len(bucket.limits._buckets) == 10_000


def test_no_rate_limits_nobody(tmp_path: Path) -> None:
    assert Bucket(tmp_path, 0).admitted("anna", times=1000) == 1000


async def test_too_many_calls_are_told_when_there_is_room_again(tmp_path: Path) -> None:
    """RESOURCE_EXHAUSTED, reason RATE_LIMITED, with a RetryInfo; the handler is not reached."""
    async with serving(tmp_path, calls_per_second=0.001) as served:
        token = served.token("agent")
        assert await served.cancel(token) == "done"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.cancel(token)
        status = rpc_status.from_call(refused.value)  # type: ignore[arg-type]  # it has what is asked for
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        assert status is not None and status.details[0].Unpack(info) and status.details[1].Unpack(retry)
        assert (refused.value.code(), info.reason) == (StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
        assert 900 < retry.retry_delay.ToTimedelta().total_seconds() <= 1000
        assert len(served.agents.asked_by) == 1


def request(**values: Any) -> service_pb2.CancelReturnRequest:
    return service_pb2.CancelReturnRequest(request_id="r1", rma_id="rma-1", **values)


async def test_a_message_that_is_too_large_is_refused_and_its_connection_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        token = served.token("agent")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.cancel(token, request(reason="x" * (4 * 1024 * 1024)))
        assert refused.value.code() is StatusCode.RESOURCE_EXHAUSTED
        assert await served.cancel(token) == "done"
        assert len(served.agents.asked_by) == 1


async def test_metadata_that_is_too_large_is_refused_and_its_connection_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        token = served.token("agent")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.cancel("x" * 40_000)
        assert refused.value.code() is StatusCode.RESOURCE_EXHAUSTED
        long = await refusal_of(served.cancel("x" * 9_000))
        assert (long.code, long.reason) == (StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
        assert await served.cancel(token) == "done"


@pytest.mark.parametrize("allowed", [None, 3600])
async def test_no_call_runs_longer_than_the_longest_whatever_its_caller_allows(
    tmp_path: Path, allowed: float | None
) -> None:
    async def far_too_long(_: Any) -> command_pb2.Receipt:
        await asyncio.sleep(20)
        raise AssertionError

    async with serving(tmp_path, answer=far_too_long, longest_call=0.2) as served:
        stub = served.stub()
        call = stub.CancelReturn(request(), metadata=served.headers(served.token("agent")), timeout=allowed)
        refused = await refusal_of(call)
        assert (refused.code, refused.reason) == (StatusCode.DEADLINE_EXCEEDED, "TIMEOUT")


async def test_a_connection_has_so_many_calls_running_and_no_more(tmp_path: Path) -> None:
    """Further ones wait with the caller until one of them ends, or are refused unseen: then they may be repeated."""
    inside, most, reached = 0, 0, 0

    async def slow(_: Any) -> command_pb2.Receipt:
        nonlocal inside, most, reached
        inside, reached = inside + 1, reached + 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return command_pb2.Receipt(id="done")

    async with serving(tmp_path, answer=slow, calls_per_connection=4) as served:
        token = served.token("agent")
        done = await asyncio.gather(*(_in_the_end(served, token) for _ in range(40)))
        assert (done, most, reached) == (["done"] * 40, 4, 40)


async def _in_the_end(served: Served, token: str) -> str:
    while True:
        try:
            return await served.cancel(token)
        except grpc.aio.AioRpcError as refused:
            assert refused.code() is StatusCode.UNAVAILABLE
            await asyncio.sleep(0.01)
