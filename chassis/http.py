"""The HTTP side of a process: is it alive, is it ready and if not why, its metrics, and the service's own pages.

`/livez` fails only when the process should be restarted; `/readyz` lists what it is waiting for.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator, Mapping, Sequence

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

Reasons = Callable[[], Mapping[str, str]]
"""What is wrong, by part; empty when nothing is."""


def build_app(
    *,
    not_alive: Reasons,
    not_ready: Reasons,
    registry: CollectorRegistry,
    routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The chassis's three routes before the service's own."""

    async def livez(_: Request) -> Response:
        return _verdict("alive", not_alive())

    async def readyz(_: Request) -> Response:
        return _verdict("ready", not_ready())

    async def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    return Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            *routes,
        ],
    )


def _verdict(word: str, reasons: Mapping[str, str]) -> Response:
    return JSONResponse(
        {word: not reasons, "reasons": dict(reasons)},
        status_code=503 if reasons else 200,
    )


class HttpServer:
    """Serves one app until `stop`, then lets running requests end within the grace."""

    def __init__(self, app: Starlette, host: str, port: int, *, grace: float) -> None:
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=max(1, round(grace)),
        )
        self._server = _Server(config)

    async def serve(self) -> None:
        """Runs until `stop`."""
        await self._server.serve(sockets=[self._socket])

    async def started(self) -> None:
        """Returns once requests are answered."""
        while not self._server.started:
            await asyncio.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Signals belong to the runtime, not to one of its servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    """Bound at once, so that a port that is taken stops the start with its own error."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.listen(512)
    listener.setblocking(False)
    return listener
