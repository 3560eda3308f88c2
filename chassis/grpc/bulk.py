"""Many commands in one call, each exactly as its own rpc would answer it: authorised, validated, decided, and refused
by itself.

A batch is carried out side by side, so that group commit takes it in a few round trips. A stream is read on only while
fewer than so many of its commands run or wait to be read by the caller: that is all the memory it takes. A process that
ends answers what it has begun.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import grpc
from aftercare.commands.v1 import commands_pb2 as pb
from aftercare.commands.v1 import commands_pb2_grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import status_pb2

from chassis.domain import Invalid
from chassis.grpc.access import Rule
from chassis.grpc.interceptor import Door, Guard
from chassis.grpc.service import GrpcService
from chassis.grpc.statuses import Draining, status_of
from chassis.grpc.validation import read

RUNNING = 1_024
"""Commands of all calls that are carried out at once."""
OF_A_STREAM = 128
"""Commands of one stream that are begun and not yet taken by the caller."""
LONGEST_STREAM = 300.0
"""Less than a connection lives, so that a stream ends between two commands and not in one."""

Context = grpc.aio.ServicerContext[Any, Any]


class UnknownMethod(Invalid):
    """No rpc of this service has that name."""

    reason = "UNKNOWN_METHOD"


class NotACommand(Invalid):
    """The rpc changes nothing: it is called by itself."""

    reason = "NOT_A_COMMAND"


class BulkCommands(commands_pb2_grpc.CommandServiceServicer):
    """Carries commands to the handlers of the services beside it, through the same guard as every call."""

    def __init__(self, services: Sequence[GrpcService], rules: Mapping[str, Rule], guard: Guard) -> None:
        self._guard = guard
        self._doors: dict[str, tuple[Door, type[Message]]] = {}
        self._room = asyncio.Semaphore(RUNNING)
        for service in services:
            for method in service.descriptor.methods:
                path = f"/{service.descriptor.full_name}/{method.name}"
                if rules[path].carries_commands:
                    continue
                self._doors[path] = (
                    guard.door(path, getattr(service.servicer, method.name)),
                    GetMessageClass(method.input_type),
                )

    def service(self) -> GrpcService:
        """Ready to be served."""
        return GrpcService.of(self)

    async def ExecuteBatch(self, request: pb.ExecuteBatchRequest, context: Context) -> pb.ExecuteBatchResponse:
        outcomes = await asyncio.gather(*(self._outcome(command, context) for command in request.commands))
        return pb.ExecuteBatchResponse(outcomes=outcomes)

    async def ExecuteStream(  # type: ignore[override]  # the stub knows generators only; grpc.aio also lets one write
        self, requests: AsyncIterator[pb.ExecuteStreamRequest | Invalid], context: Context
    ) -> None:
        answers: asyncio.Queue[pb.ExecuteStreamResponse | None] = asyncio.Queue()
        room = asyncio.Semaphore(OF_A_STREAM)
        running: set[asyncio.Task[None]] = set()

        async def carry(asked: pb.ExecuteStreamRequest) -> None:
            outcome = await self._outcome(asked.command, context)
            answers.put_nowait(pb.ExecuteStreamResponse(number=asked.number, outcome=outcome))

        async def read() -> None:
            async for asked in requests:
                if isinstance(asked, Invalid):
                    raise asked  # without a number nothing can answer it but the end of the stream
                await room.acquire()
                task = asyncio.create_task(carry(asked))
                running.add(task)
                task.add_done_callback(running.discard)

        async def until_all_is_answered() -> Invalid | Draining | None:
            """Why the stream ends before the caller has said all it had to say."""
            reading = asyncio.create_task(read())
            draining = asyncio.create_task(self._guard.drained())
            try:
                await asyncio.wait({reading, draining}, timeout=LONGEST_STREAM, return_when=asyncio.FIRST_COMPLETED)
                broken = reading.exception() if reading.done() else Draining()
            finally:
                reading.cancel()
                draining.cancel()
            while running:
                await asyncio.wait(set(running))
            answers.put_nowait(None)
            return broken if broken is None or isinstance(broken, Invalid) else Draining()

        whole = asyncio.create_task(until_all_is_answered())
        try:
            while (answer := await answers.get()) is not None:
                await context.write(answer)
                room.release()
            if (broken := await whole) is not None:
                raise broken
        finally:
            for task in (whole, *running):
                task.cancel()

    async def _outcome(self, command: pb.Command, context: Context) -> pb.Outcome:
        """To be run as a task: who is answered, and what log lines are about, is told by its context."""
        async with self._room:
            answer = await self._answer(command, context)
        if isinstance(answer, status_pb2.Status):
            return pb.Outcome(error=pb.Error(code=answer.code, message=answer.message, details=answer.details))
        return pb.Outcome(response=answer.SerializeToString())

    async def _answer(self, command: pb.Command, context: Context) -> Any:
        try:
            door, request = self._read(command)
        except Invalid as error:
            return status_of(error, correlation_id="")
        return await self._guard.let_through(door, request, context)

    def _read(self, command: pb.Command) -> tuple[Door, Message]:
        known = self._doors.get(command.method)
        if known is None:
            raise UnknownMethod("method", f"{command.method!r} is no rpc of this service")
        door, request_class = known
        if not door.rule.mutates:
            raise NotACommand("method", f"{command.method!r} changes nothing: call it by itself")
        return door, read(request_class.FromString, command.request)
