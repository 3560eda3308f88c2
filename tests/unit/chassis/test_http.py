"""Health says why, metrics are there, the service's own pages come behind, and a taken port stops the start."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Counter
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from chassis.http import HttpServer, build_app


async def get(port: int, path: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


async def test_health_tells_its_reasons_and_metrics_their_figures() -> None:
    registry, reasons = CollectorRegistry(), {"store": "away"}
    Counter("aftercare_things", "Things", registry=registry).inc(3)

    async def page(_: Request) -> PlainTextResponse:
        return PlainTextResponse("ours")

    app = build_app(not_alive=dict, not_ready=lambda: reasons, registry=registry, routes=[Route("/confirm", page)])
    server = HttpServer(app, "127.0.0.1", 0, grace=1)
    running = asyncio.ensure_future(server.serve())
    await server.started()
    assert await get(server.port, "/livez") == (200, '{"alive":true,"reasons":{}}')
    assert await get(server.port, "/readyz") == (503, '{"ready":false,"reasons":{"store":"away"}}')
    reasons.clear()
    assert await get(server.port, "/readyz") == (200, '{"ready":true,"reasons":{}}')
    status, text = await get(server.port, "/metrics")
    assert status == 200
    assert "aftercare_things_total 3.0" in text
    assert await get(server.port, "/confirm") == (200, "ours")
    with pytest.raises(OSError, match="in use"):
        HttpServer(app, "127.0.0.1", server.port, grace=1)
    server.stop()
    await running
