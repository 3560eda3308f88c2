"""For operators: status, parked records, effects, timers, the clock, history and erasure, over all services."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import grpc
import typer

from clients.cli import session
from clients.cli.output import as_dict, console, errors, show_json, table, told, when
from clients.cli.stubs import Channels

Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Service = Annotated[str, typer.Option(help="Only this service.")]

parked = typer.Typer(no_args_is_help=True, help="Records that could not be applied: see, repair, redrive, discard.")
effects = typer.Typer(no_args_is_help=True, help="Calls to the outside: see, pause, resume, decide what is held.")
clock = typer.Typer(no_args_is_help=True, help="The business clock of all services (where it may be driven).")
history = typer.Typer(no_args_is_help=True, help="Loading a shop's past.")
timers = typer.Typer(no_args_is_help=True, help="Timers whose command raised.")


@told
def status(as_json: Json = False) -> None:
    """Lag, parked records, held and unknown effects, overdue timers, oldest unsent message. Exit code 1 when bad."""
    found: list[tuple[str, Any]] = []
    down = []
    with Channels(session.load()) as channels:
        for name in channels.services:
            try:
                found.append((name, channels.call(name, "GetStatus")))
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                down.append(name)
    if as_json:
        show_json({name: as_dict(answer) for name, answer in found} | dict.fromkeys(down))
    else:
        rows = [_status_row(name, s) for name, s in found] + [(name, "DOWN", *["-"] * 7) for name in down]
        columns = ("service", "state", "lag", "parked", "ignored", "held/unknown", "overdue timers", "unsent", "log")
        table("Status", columns, rows)
        for name, s in found:
            for trouble in s.troubles:
                errors.print(f"[yellow]{name}[/yellow]: {trouble}")
    if down or not all(s.healthy for _, s in found):
        raise typer.Exit(1)


def _status_row(name: str, s: Any) -> tuple[object, ...]:
    waiting = sum(e.count for e in s.effects if e.state in (5, 6))  # unknown, held
    return (
        name,
        "ok" if s.healthy else "LOOK",
        sum(p.lag for p in s.partitions),
        sum(c.count for c in s.parked),
        sum(c.count for c in s.ignored),
        waiting,
        f"{s.overdue_timers}" + (f" (+{s.failed_timers} failed)" if s.failed_timers else ""),
        f"{s.unsent_outbox_rows}" + (f" since {when(s.oldest_unsent_outbox_row)}" if s.unsent_outbox_rows else ""),
        s.log_position,
    )


def _each(channels: Channels, service: str) -> tuple[str, ...]:
    return (service,) if service else channels.services


@parked.command("list")
@told
def list_parked(service: Service = "", as_json: Json = False) -> None:
    """Every parked record with its reason."""
    with Channels(session.load()) as channels:
        found = [
            (n, r) for n in _each(channels, service) for r in channels.call(n, "ListParked", page_size=500).records
        ]
    if as_json:
        show_json([as_dict(r) | {"service": n} for n, r in found])
        return
    rows = [
        (r.parked_id, n, f"{r.topic}/{r.partition}@{r.offset}", r.type, r.state, r.reason, r.detail) for n, r in found
    ]
    table("Parked", ("id", "service", "where", "type", "state", "reason", "detail"), rows)


@parked.command("show")
@told
def show_parked(parked_id: str, service: Annotated[str, typer.Option(help="The service that parked it.")]) -> None:
    """One parked record with its payload as it was read."""
    with Channels(session.load()) as channels:
        answer = channels.call(service, "GetParked", parked_id=parked_id)
    show_json(answer)
    console.print(answer.value.decode(errors="backslashreplace"))


@parked.command("redrive")
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
        from clients.cli.stubs import find, request

        method = find(service, "RedriveParked")
        message: Any = request(method, values)
        if replacement is not None:
            message.replacement_value = replacement.read_bytes()
        receipt = channels.send(service, method, message).receipt
    console.print(f"asked: {receipt.id}; `aftercare parked list` shows it until its partition's owner has done it")


@parked.command("discard")
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


@parked.command("ignored")
@told
def ignored(service: Service = "", as_json: Json = False) -> None:
    """Types on the shop's topics that are passed over, counted."""
    with Channels(session.load()) as channels:
        found = [(n, t) for n in _each(channels, service) for t in channels.call(n, "ListIgnoredTypes").types]
    if as_json:
        show_json([as_dict(t) | {"service": n} for n, t in found])
        return
    rows = [(n, t.topic, t.type, t.count, when(t.last_seen_at)) for n, t in found]
    table("Ignored types", ("service", "topic", "type", "seen", "last (UTC)"), rows)


@effects.command("list")
@told
def list_effects(service: Service = "", filter: str = "", as_json: Json = False) -> None:
    """Calls to the outside and what became of them.

    Example: aftercare effects list --filter 'state = "held"'
    """
    with Channels(session.load()) as channels:
        found = [
            (n, e)
            for n in _each(channels, service)
            for e in channels.call(n, "ListEffects", page_size=500, filter=filter).effects
        ]
    if as_json:
        show_json([as_dict(e) | {"service": n} for n, e in found])
        return
    rows = [
        (e.effect_id, n, e.kind, e.key, as_dict(e).get("state", "-")[13:].lower(), e.attempt, e.detail)
        for n, e in found
    ]
    table("Effects", ("id", "service", "kind", "key", "state", "attempt", "detail"), rows)


@effects.command()
@told
def pause(kind: str, reason: str = "", service: Service = "") -> None:
    """Make no calls of a kind for now; intents queue up. Example: aftercare effects pause refund"""
    with Channels(session.load()) as channels:
        for name in _each(channels, service):
            channels.call(name, "PauseEffects", kind=kind, reason=reason)
    console.print(f"paused: {kind}")


@effects.command()
@told
def resume(kind: str, service: Service = "") -> None:
    """Make calls of a kind again."""
    with Channels(session.load()) as channels:
        for name in _each(channels, service):
            channels.call(name, "ResumeEffects", kind=kind)
    console.print(f"resumed: {kind}")


@effects.command()
@told
def resolve(
    effect_id: str,
    outcome: Annotated[str, typer.Argument(help="succeeded, failed or attempt.")],
    service: Annotated[str, typer.Option(help="The service whose effect it is.")],
    reason: Annotated[str, typer.Option(help="How you know.")],
    reference: Annotated[str, typer.Option(help="What the provider calls it.")] = "",
) -> None:
    """Say what became of a held effect, or let it be called again."""
    with Channels(session.load()) as channels:
        channels.call(
            service,
            "ResolveEffect",
            effect_id=effect_id,
            resolution=f"RESOLUTION_{outcome.upper()}",
            reason=reason,
            reference=reference,
        )
    console.print(f"resolved: {effect_id} {outcome}")


@clock.command("show")
@told
def show_clock(as_json: Json = False) -> None:
    """What each service takes the time to be."""
    with Channels(session.load()) as channels:
        found = {name: as_dict(channels.call(name, "GetClock")) for name in channels.services}
    show_json(found)


@clock.command("set")
@told
def set_clock(
    to: Annotated[str, typer.Option(help="Instant to jump to, RFC 3339; empty: where it stands.")] = "",
    rate: Annotated[float | None, typer.Option(help="Business seconds per real second.")] = None,
) -> None:
    """Move the business clock of all four services. Example: aftercare clock set --to 2026-03-02T08:00:00Z --rate 60"""
    with Channels(session.load()) as channels:
        clocks = [channels.call(name, "GetClock").clock for name in channels.services]
        now = to or _just_ahead(clocks)
        for name in reversed(channels.services):  # the last to hear of things first: none hears from another's future
            channels.call(name, "SetClock", now=now, **({"rate": rate} if rate is not None else {}))
    console.print("moved")


def _just_ahead(clocks: Sequence[Any]) -> str:
    """An instant that no clock has passed when it is told: one goes on while it is asked, and none goes back."""
    ahead = timedelta(seconds=5 * max([1.0, *(c.rate for c in clocks)]))
    latest: datetime = max(c.now.ToDatetime() for c in clocks)
    return (latest + ahead).isoformat() + "Z"


@history.command()
@told
def done(shop: str) -> None:
    """The past of a shop is loaded: arm timers for what is still open, from now."""
    with Channels(session.load()) as channels:
        for name in channels.services:
            receipt = channels.call(name, "FinishHistory", shop_id=shop).receipt
            facts = "".join(f" {k}={v}" for k, v in sorted(receipt.facts.items()))
            console.print(f"{name}: done{facts}")


@timers.command("failed")
@told
def failed_timers(service: Service = "", as_json: Json = False) -> None:
    """Timers that were set aside because their command raised."""
    with Channels(session.load()) as channels:
        found = [(n, t) for n in _each(channels, service) for t in channels.call(n, "ListFailedTimers").timers]
    if as_json:
        show_json([as_dict(t) | {"service": n} for n, t in found])
        return
    table("Failed timers", ("service", "timer"), [(n, str(as_dict(t))) for n, t in found])


@told
def erase(customer_id: str, shop: Annotated[str, typer.Option(help="The customer's shop.")]) -> None:
    """Forget a person in every service. It cannot be undone."""
    with Channels(session.load()) as channels:
        for name in channels.services:
            receipt = channels.call(name, "EraseCustomer", shop_id=shop, customer_id=customer_id).receipt
            console.print(f"{name}: asked, {receipt.id}")
