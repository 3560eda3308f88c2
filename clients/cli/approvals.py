"""What others ask a second person for, in all services: list it, grant it, decline it."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from google.protobuf import duration_pb2

from clients.cli import money, session
from clients.cli.cases import WITH_CASES
from clients.cli.output import as_dict, ask, console, fail, show_json, table, told
from clients.cli.stubs import Channels

app = typer.Typer(no_args_is_help=True, help="What others ask a second person for: list, grant, decline.")

Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Service = Annotated[str, typer.Option(help="Only this service.")]
Id = Annotated[str, typer.Argument(help="As `approvals list` prints it.")]
Comment = Annotated[str, typer.Option(help="For who asked.")]
Place = Annotated[str, typer.Option("--in-place-of", help="Whom you decide for, where you have no say of your own.")]


@app.command("list")
@told
def list_approvals(
    service: Service = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what you may not decide, with why not.")] = False,
    as_json: Json = False,
) -> None:
    """What waits for a decision of yours, latest first.

    Examples: aftercare approvals list;  aftercare approvals list --all --service returns
    """
    with Channels(session.load()) as channels:
        found = list(_open(channels, [service] if service else WITH_CASES, everything))
    if as_json:
        show_json([as_dict(one) | {"service": name} for name, one in found])
        return
    rows = [
        (
            one.approval.approval_id,
            name,
            one.approval.action,
            money.written(one.approval.amount.minor_units, one.approval.amount.currency),
            money.written(one.approval.limit.minor_units, one.approval.limit.currency),
            one.approval.requested_by.id,
            one.approval.reason,
            _hours(one.left),
            one.why_not or ", ".join(["you"] * one.own + [f"for {giver}" for giver in one.in_place_of]),
        )
        for name, one in found
    ]
    table(
        "Approvals", ("approval", "service", "for", "amount", "limit", "asked by", "reason", "left", "decided by"), rows
    )


@app.command()
@told
def grant(approval: Id, comment: Comment = "", in_place_of: Place = "") -> None:
    """Let it be done, once, up to its amount. Example: aftercare approvals grant 01a2…"""
    _decide("GrantApproval", "granted", approval, comment, in_place_of)


@app.command()
@told
def decline(approval: Id, comment: Comment = "", in_place_of: Place = "") -> None:
    """Do not. Example: aftercare approvals decline 01a2… --comment 'ask for the photo first'"""
    _decide("DeclineApproval", "declined", approval, comment, in_place_of)


def _decide(rpc: str, done: str, approval_id: str, comment: str, in_place_of: str) -> None:
    with Channels(session.load()) as channels:
        for name, one in _open(channels, WITH_CASES, everything=True):
            if one.approval.approval_id == approval_id:
                values = {"case_id": one.approval.case_id, "comment": comment, "in_place_of": in_place_of}
                channels.call(name, rpc, approval_id=approval_id, **values)
                console.print(f"{done}: {approval_id}, {one.approval.action} on {one.approval.case_id}")
                return
    fail(f"no open approval {approval_id}: it was decided, has expired, or is of another shop")


def _open(channels: Channels, services: Any, everything: bool) -> Iterator[tuple[str, Any]]:
    for name in services:
        token = ""
        while True:
            answer = ask(
                channels, name, "ListOpenApprovals", include_others=everything, page_size=100, page_token=token
            )
            if answer is None:
                break
            yield from ((name, one) for one in answer.approvals)
            if not (token := answer.next_page_token):
                break


def _hours(left: duration_pb2.Duration) -> str:
    return f"{left.seconds // 3600} h {left.seconds % 3600 // 60} min"
