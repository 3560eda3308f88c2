"""For operators: status, timers, the clock, history and erasure, over all services."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import grpc
import typer

from clients.cli import session
from clients.cli.output import as_dict, console, errors, show_json, table, told, when
from clients.cli.stubs import Channels, each

Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Service = Annotated[str, typer.Option(help="Only this service.")]

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
        found = [(n, t) for n in each(channels, service) for t in channels.call(n, "ListFailedTimers").timers]
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
