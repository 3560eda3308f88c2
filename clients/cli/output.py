"""What the tool prints: tables for people, JSON for programs, and errors that say what to do."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

import grpc
import typer
from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from rich.console import Console
from rich.table import Table

from clients.cli.session import NotLoggedIn
from clients.cli.stubs import Channels, UnknownRpc

F = TypeVar("F", bound=Callable[..., Any])

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

ADVICE = {
    grpc.StatusCode.UNAUTHENTICATED: "log in again: `aftercare login --role agent`",
    grpc.StatusCode.PERMISSION_DENIED: "log in with a role that may: `aftercare rpc list` says which",
    grpc.StatusCode.UNAVAILABLE: "the service does not answer: `make up` starts what is missing; then try again",
    grpc.StatusCode.DEADLINE_EXCEEDED: "try again with the same --request-id: it has one effect",
    grpc.StatusCode.ABORTED: "somebody else was faster: look again, then decide again",
}


def as_dict(message: Message) -> dict[str, Any]:
    """A message with its own field names."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def show_json(value: Message | Mapping[str, Any] | Sequence[Any]) -> None:
    """JSON on standard output, for programs."""
    plain = as_dict(value) if isinstance(value, Message) else value
    print(json.dumps(plain, indent=2, ensure_ascii=False))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, or one line where there is nothing."""
    listed = [[str(cell) for cell in row] for row in rows]
    if not listed:
        console.print(f"{title}: none")
        return
    drawn = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in listed:
        drawn.add_row(*row)
    console.print(drawn)


def when(stamp: Any) -> str:
    """An instant in UTC, or a dash."""
    if not stamp.seconds:
        return "-"
    return datetime.fromtimestamp(stamp.seconds, UTC).strftime("%Y-%m-%d %H:%M")


def told(command: F) -> F:
    """Turns what may go wrong into one clear line on standard error and exit code 1."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except grpc.RpcError as error:
            _explain(error)
        except (NotLoggedIn, UnknownRpc, ValueError) as error:
            errors.print(f"[red]{error}[/red]")
        raise typer.Exit(1)

    return run  # type: ignore[return-value]  # the same signature, by wraps


def _explain(error: Any) -> None:
    status = rpc_status.from_call(error)
    errors.print(f"[red]{error.code().name}[/red]: {error.details()}")
    for detail in status.details if status else ():
        info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        if detail.Unpack(info):
            errors.print(f"  reason {info.reason}" + "".join(f", {k}={v}" for k, v in sorted(info.metadata.items())))
        elif detail.Unpack(bad):
            for violation in bad.field_violations:
                errors.print(f"  {violation.field}: {violation.description}")
    if error.code() in ADVICE:
        errors.print(f"  {ADVICE[error.code()]}")


def ask(channels: Channels, service: str, rpc: str, **values: Any) -> Any | None:
    """Call one of several services: None where it does not know the thing, or is down (which is said)."""
    try:
        return channels.call(service, rpc, **values)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return None
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            errors.print(f"[yellow]{service} does not answer; its part is missing[/yellow]")
            return None
        raise


def pairs(given: Sequence[str]) -> dict[str, Any]:
    """``field=value`` words as a mapping; a value that begins with { or [ is JSON."""
    out: dict[str, Any] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"{word!r} is not field=value")
        out[name.strip()] = json.loads(value) if value[:1] in ("{", "[") else value
    return out


def fail(message: str) -> None:
    """One line on standard error; exit code 1."""
    errors.print(f"[red]{message}[/red]")
    sys.exit(1)
