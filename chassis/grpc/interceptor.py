"""What every call passes before and after its handler, in one place and in this order: who is it, may they, is the
request sound, do it, and turn whatever went wrong into a rich status.

Log lines written meanwhile carry the correlation and request ids of the call.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import grpc
import structlog
from google.protobuf.message import Message
from google.rpc import status_pb2
from grpc_status import rpc_status
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from chassis.domain import Invalid
from chassis.grpc import access
from chassis.grpc.limits import Limits, RateLimited
from chassis.grpc.statuses import Draining, is_unexpected, status_of
from chassis.grpc.tokens import TokenVerifier
from chassis.grpc.validation import Deserialize, reader, validate
from chassis.telemetry import METRICS, Metrics, about, span

CORRELATION = "x-correlation-id"
UNGUARDED = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Open to everybody who reaches the port: they tell names and readiness, nothing else."""

_CODES = {code.value[0]: code.name for code in grpc.StatusCode}
_LONGEST_ID = 128

log = structlog.get_logger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]
Handle = Callable[[Any, Context], Awaitable[Any]]


@dataclass(slots=True)
class Door:
    """One rpc: who may pass, and what is behind."""

    method: str
    rule: access.Rule
    handle: Handle
    seconds: Histogram
    _rpcs: Counter
    _answered: dict[str, Counter] = field(default_factory=dict)

    def answered(self, code: str) -> Counter:
        """Counts the calls that end with `code`; remembered, because the library finds it by its labels' text."""
        found = self._answered.get(code)
        if found is None:
            found = self._answered[code] = self._rpcs.labels(self.method, code)
        return found


class Guard(grpc.aio.ServerInterceptor):
    """The one interceptor of a server."""

    def __init__(
        self,
        rules: Mapping[str, access.Rule],
        tokens: TokenVerifier,
        *,
        limits: Limits,
        longest: float = 30.0,
        metrics: Metrics = METRICS,
    ) -> None:
        self._rules = rules
        self._tokens = tokens
        self._limits = limits
        self._longest = longest
        self._metrics = metrics
        self._draining = asyncio.Event()
        self._guarded: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    @property
    def draining(self) -> bool:
        return self._draining.is_set()

    def drain(self) -> None:
        """From here on nothing new is begun; what runs comes to its end."""
        self._draining.set()

    async def drained(self) -> None:
        """Returns once nothing new is begun any more."""
        await self._draining.wait()

    def door(self, method: str, handle: Handle) -> Door:
        """The way to `handle` for calls of `method`, under its declared rule."""
        return Door(method, self._rules[method], handle, self._metrics.rpc_seconds.labels(method), self._metrics.rpcs)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = handler_call_details.method
        known = self._guarded.get(method)
        if known is not None:
            return known
        handler = await continuation(handler_call_details)
        if handler is None or method.startswith(UNGUARDED):
            return handler
        codec: dict[str, Any] = {
            "request_deserializer": reader(cast(Deserialize, handler.request_deserializer)),
            "response_serializer": handler.response_serializer,
        }
        if handler.request_streaming:
            guarded = self._guard(self.door(method, cast(Handle, handler.stream_stream)), in_time=False)
            self._guarded[method] = grpc.stream_stream_rpc_method_handler(guarded, **codec)
        elif handler.response_streaming:
            guarded = self._guard(self.door(method, cast(Handle, handler.unary_stream)), in_time=False)
            self._guarded[method] = grpc.unary_stream_rpc_method_handler(guarded, **codec)
        else:
            guarded = self._guard(self.door(method, cast(Handle, handler.unary_unary)), in_time=True)
            self._guarded[method] = grpc.unary_unary_rpc_method_handler(guarded, **codec)
        return self._guarded[method]

    def _guard(self, door: Door, *, in_time: bool) -> Handle:
        async def guarded(request: Any, context: Context) -> Any:
            answer = await self.let_through(door, request, context, in_time=in_time)
            if isinstance(answer, status_pb2.Status):
                await context.abort_with_status(rpc_status.to_status(answer))
            return answer

        return guarded

    async def let_through(self, door: Door, request: Any, context: Context, *, in_time: bool = True) -> Any:
        """What the handler answers, or the status that tells why not. `request` is a message, or a stream of them."""
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        request_id = str(getattr(request, "request_id", ""))
        correlation_id = metadata.get(CORRELATION, "")[:_LONGEST_ID] or request_id or uuid4().hex
        code = "CANCELLED"  # what remains when the caller has gone
        began = time.perf_counter()
        self._metrics.rpcs_running.inc()
        try:
            with (
                about(correlation=correlation_id, request=request_id, rpc=door.method),
                span(door.method, metadata, SpanKind.SERVER),
            ):
                try:
                    if self.draining:
                        raise Draining
                    principal = self._limits.admit(self._tokens, metadata.get("authorization"), context.peer)
                    door.rule.must_allow(principal, door.method)
                    if isinstance(request, Message):
                        validate(request)
                    elif isinstance(request, Invalid):
                        raise request
                    access.enter(access.Call(principal, door.method, door.rule, request_id, correlation_id))
                    response = await self._in_time(door.handle, request, context, in_time)
                    code = "OK"
                    return response
                except grpc.aio.AbortError:
                    code = "UNKNOWN"  # a handler that ends the call itself has told the caller all there is
                    raise
                except Exception as error:  # whatever it is, the caller gets a status
                    status = status_of(error, correlation_id=correlation_id)
                    code = _CODES[status.code]
                    _tell(error, status)
                    return status
        finally:
            self._metrics.rpcs_running.dec()
            door.seconds.observe(time.perf_counter() - began)
            door.answered(code).inc()

    async def _in_time(self, handle: Handle, request: Any, context: Context, in_time: bool) -> Any:
        """A caller without a deadline, or with a later one, gets ours; an earlier one is kept by gRPC itself."""
        left = cast("float | None", context.time_remaining())
        if not in_time or (left is not None and left <= self._longest):
            return await handle(request, context)
        async with asyncio.timeout(self._longest):
            return await handle(request, context)


def _tell(error: Exception, status: status_pb2.Status) -> None:
    if is_unexpected(status):
        log.error("call_failed", exc_info=error)
    elif not isinstance(error, RateLimited):  # they are counted: a line for each would let a caller fill the disk
        log.info(
            "call_refused",
            code=_CODES[status.code],
            error=type(error).__name__,
            reason=getattr(error, "reason", ""),  # its message may quote the caller
            field=getattr(error, "field", ""),
        )
