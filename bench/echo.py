"""The floor of every figure behind gRPC: a bare grpc.aio server with our messages, which answers and does nothing else.

It reads a whole request and writes a whole receipt, without an interceptor, on the same loop as the services.
"""

import gc
from collections.abc import AsyncIterator
from typing import Any

import grpc
import uvloop
from aftercare.common.v1 import command_pb2
from aftercare.shipping_issues.v1 import service_pb2 as pb

SERVICE = "aftercare.shipping_issues.v1.ShippingIssuesService"


def _answer(request: pb.WaitRequest) -> pb.WaitResponse:
    return pb.WaitResponse(
        receipt=command_pb2.Receipt(
            id=request.case_id, version=7, etag="0123456789abcdef", facts={"case_state": "open"}
        )
    )


async def _unary(request: pb.WaitRequest, context: Any) -> pb.WaitResponse:
    return _answer(request)


async def _stream(requests: AsyncIterator[pb.WaitRequest], context: Any) -> AsyncIterator[pb.WaitResponse]:
    async for request in requests:
        yield _answer(request)


async def main() -> None:
    server = grpc.aio.server()
    codec: dict[str, Any] = {
        "request_deserializer": pb.WaitRequest.FromString,
        "response_serializer": pb.WaitResponse.SerializeToString,
    }
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                SERVICE,
                {
                    "Wait": grpc.unary_unary_rpc_method_handler(_unary, **codec),
                    "Stream": grpc.stream_stream_rpc_method_handler(_stream, **codec),
                },
            ),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    gc.collect()
    gc.freeze()
    print(port, flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main())
