"""Records that could not be applied: see them, repair, redrive or discard them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from clients.cli import session
from clients.cli.output import as_dict, console, show_json, table, told, when
from clients.cli.stubs import Channels, each, find, request

Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Service = Annotated[str, typer.Option(help="Only this service.")]

app = typer.Typer(no_args_is_help=True, help="Records that could not be applied: see, repair, redrive, discard.")


@app.command("list")
@told
def list_parked(service: Service = "", as_json: Json = False) -> None:
    """Every parked record with its reason."""
    with Channels(session.load()) as channels:
        found = [(n, r) for n in each(channels, service) for r in channels.call(n, "ListParked", page_size=500).records]
    if as_json:
        show_json([as_dict(r) | {"service": n} for n, r in found])
        return
    rows = [
        (r.parked_id, n, f"{r.topic}/{r.partition}@{r.offset}", r.type, r.state, r.reason, r.detail) for n, r in found
    ]
    table("Parked", ("id", "service", "where", "type", "state", "reason", "detail"), rows)


@app.command("show")
@told
def show_parked(parked_id: str, service: Annotated[str, typer.Option(help="The service that parked it.")]) -> None:
    """One parked record with its payload as it was read."""
    with Channels(session.load()) as channels:
        answer = channels.call(service, "GetParked", parked_id=parked_id)
    show_json(answer)
    console.print(answer.value.decode(errors="backslashreplace"))


@app.command("redrive")
@told
def redrive(
    parked_id: str,
    service: Annotated[str, typer.Option(help="The service that parked it.")],
    replacement: Annotated[Path | None, typer.Option(help="File with the repaired value.", exists=True)] = None,
    content_type: Annotated[str, typer.Option(help="Content type of the repaired value.")] = "",
    reason: Annotated[str, typer.Option(help="Why it was repaired.")] = "",
) -> None:
    """Apply a parked record again, repaired where a replacement is given.

    Example: aftercare parked redrive 01a2… --service returns --replacement order.json --content-type application/json
    """
    values: dict[str, Any] = {"parked_id": parked_id, "reason": reason, "replacement_content_type": content_type}
    with Channels(session.load()) as channels:
        method = find(service, "RedriveParked")
        message: Any = request(method, values)
        if replacement is not None:
            message.replacement_value = replacement.read_bytes()
        receipt = channels.send(service, method, message).receipt
    console.print(f"asked: {receipt.id}; `aftercare parked list` shows it until its partition's owner has done it")


@app.command("discard")
@told
def discard(
    parked_id: str,
    service: Annotated[str, typer.Option(help="The service that parked it.")],
    reason: Annotated[str, typer.Option(help="Why it may be given up.")],
) -> None:
    """Give a parked record up, by name and with a reason; frees its key."""
    with Channels(session.load()) as channels:
        channels.call(service, "DiscardParked", parked_id=parked_id, reason=reason)
    console.print(f"discarded: {parked_id}")


@app.command("ignored")
@told
def ignored(service: Service = "", as_json: Json = False) -> None:
    """Types on the shop's topics that are passed over, counted."""
    with Channels(session.load()) as channels:
        found = [(n, t) for n in each(channels, service) for t in channels.call(n, "ListIgnoredTypes").types]
    if as_json:
        show_json([as_dict(t) | {"service": n} for n, t in found])
        return
    rows = [(n, t.topic, t.type, t.count, when(t.last_seen_at)) for n, t in found]
    table("Ignored types", ("service", "topic", "type", "seen", "last (UTC)"), rows)
