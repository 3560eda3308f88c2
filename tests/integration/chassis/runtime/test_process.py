"""A service's process from its command line to its exit code."""

import asyncio
import signal

import grpc
import pytest
from aftercare.admin.v1 import admin_pb2, admin_pb2_grpc
from aftercare.returns.v1 import service_pb2, service_pb2_grpc

from chassis.ids import new_id
from tests.integration.chassis.runtime.conftest import PATIENCE, Example, end
from tests.integration.chassis.runtime.service.bootstrap import SLOW
from tests.unit.chassis.grpc.serving import headers, refusal_of


def test_an_empty_database_is_refused_with_what_to_do(empty_example: Example) -> None:
    """Runs first: nothing has migrated it yet."""
    refused = empty_example.run("all")
    assert refused.returncode == 2
    assert "the database is empty: run `python -m tests.integration.chassis.runtime.service migrate`" in refused.stderr


def test_nonsense_is_refused_with_the_variable_and_without_secrets(empty_example: Example) -> None:
    refused = empty_example.run("api", AFTERCARE_KAFKA="nowhere", AFTERCARE_KEK="short")
    assert refused.returncode == 2
    assert "AFTERCARE_KAFKA is 'nowhere': write host:port" in refused.stderr
    assert "AFTERCARE_KEK must be the base64 of exactly 32 random bytes" in refused.stderr
    assert "short" not in refused.stderr


@pytest.mark.timeout(240)
async def test_roles_run_in_processes_of_their_own(example: Example) -> None:
    """Beside one another, as in production; each becomes ready, knows what it is, and ends well."""
    roles = ["api", "consumer", "timers"]
    copies = [example.copy(role) for role in roles]
    processes = [copy.launch(role) for copy, role in zip(copies, roles, strict=True)]
    try:
        for copy, process in zip(copies, processes, strict=True):
            await asyncio.to_thread(copy.wait, process)
        async with grpc.aio.insecure_channel(copies[0].grpc_address) as channel:
            status = await admin_pb2_grpc.AdminServiceStub(channel).GetStatus(
                admin_pb2.GetStatusRequest(), metadata=headers(example.issuer.issue("ops", ["auditor"])), timeout=20
            )
        assert list(status.roles) == ["api"]
    finally:
        ended = [await asyncio.to_thread(end, process) for process in processes]
    assert dict(zip(roles, ended, strict=True)) == dict.fromkeys(roles, 0)


async def test_a_call_in_flight_ends_well_when_the_process_is_told_to_end(example: Example) -> None:
    """Here it is refused by its decision, which is an answer too: nothing was cut off."""
    process = example.start("api")
    async with grpc.aio.insecure_channel(example.grpc_address) as channel:
        stub = service_pb2_grpc.ReturnsServiceStub(channel)
        request = service_pb2.CancelReturnRequest(request_id="flight", rma_id=str(new_id()), reason=SLOW)
        call = stub.CancelReturn(request, metadata=headers(example.issuer.issue("anna", ["agent"])), timeout=20)
        answered = asyncio.ensure_future(refusal_of(call))
        while "aftercare_rpcs_running 1.0" not in await asyncio.to_thread(example.metrics):
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert (await answered).code is grpc.StatusCode.NOT_FOUND
    assert await asyncio.to_thread(process.wait, PATIENCE) == 0
