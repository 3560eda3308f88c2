"""Calls to the outside: see them, pause and resume a kind, decide what is held."""

from typing import Annotated

import typer

from clients.cli import session
from clients.cli.output import as_dict, console, show_json, table, told
from clients.cli.stubs import Channels, each

Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Service = Annotated[str, typer.Option(help="Only this service.")]

app = typer.Typer(no_args_is_help=True, help="Calls to the outside: see, pause, resume, decide what is held.")


@app.command("list")
@told
def list_effects(service: Service = "", filter: str = "", as_json: Json = False) -> None:
    """Calls to the outside and what became of them.

    Example: aftercare effects list --filter 'state = "held"'
    """
    with Channels(session.load()) as channels:
        found = [
            (n, e)
            for n in each(channels, service)
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


@app.command()
@told
def pause(kind: str, reason: str = "", service: Service = "") -> None:
    """Make no calls of a kind for now; intents queue up. Example: aftercare effects pause refund"""
    with Channels(session.load()) as channels:
        for name in each(channels, service):
            channels.call(name, "PauseEffects", kind=kind, reason=reason)
    console.print(f"paused: {kind}")


@app.command()
@told
def resume(kind: str, service: Service = "") -> None:
    """Make calls of a kind again."""
    with Channels(session.load()) as channels:
        for name in each(channels, service):
            channels.call(name, "ResumeEffects", kind=kind)
    console.print(f"resumed: {kind}")


@app.command()
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
