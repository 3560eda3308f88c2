"""Cases of all services in one queue: list, show with story and next actions, act, take notes."""

from typing import Annotated, Any

import grpc
import typer

from clients.cli import money, session
from clients.cli.output import as_dict, ask, console, pairs, show_json, table, told, when
from clients.cli.stubs import Channels

app = typer.Typer(no_args_is_help=True, help="The queue of all services: list, show, act, take notes.")

WITH_CASES = ("returns", "shipping_issues", "quality_complaints")

Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]


@app.command("list")
@told
def list_cases(
    service: Annotated[str, typer.Option(help="Only this service.")] = "",
    filter: Annotated[str, typer.Option(help='Terms joined by AND, e.g. state = "open" AND order_id = "O-1".')] = "",
    limit: Annotated[int, typer.Option(help="At most so many of each service.")] = 50,
    as_json: Json = False,
) -> None:
    """Open cases first come first.

    Examples: aftercare cases list;  aftercare cases list --filter 'order_id = "O-1"'
    """
    found = []
    with Channels(session.load()) as channels:
        for name in [service] if service else WITH_CASES:
            answer = ask(channels, name, "ListCases", page_size=min(limit, 500), filter=filter)
            found += [(name, case) for case in answer.cases] if answer else []
    if as_json:
        show_json([as_dict(case) | {"service": name} for name, case in found])
        return
    rows = [
        (c.case_id, name, c.trouble, c.state, c.order_id, c.assignee or "-", when(c.due_at), when(c.opened_at))
        for name, c in found
    ]
    table("Cases", ("case", "service", "trouble", "state", "order", "assignee", "due", "opened"), rows)


def locate(channels: Channels, case_id: str) -> tuple[str, Any]:
    """The service that has the case, and its story.

    Raises NOT_FOUND where no service has it, UNAVAILABLE where one that may have it does not answer.
    """
    missed: dict[grpc.StatusCode, grpc.RpcError] = {}
    for name in WITH_CASES:
        try:
            return name, channels.call(name, "GetCaseStory", case_id=case_id)
        except grpc.RpcError as error:
            if error.code() not in ELSEWHERE:
                raise
            missed[error.code()] = error
    raise next(missed[code] for code in ELSEWHERE if code in missed)


ELSEWHERE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)
"""Answers after which another service may still have the case; the first of them is what is told."""


@app.command()
@told
def show(case_id: Annotated[str, typer.Argument(help="As `cases list` prints it.")], as_json: Json = False) -> None:
    """One case: its story, why it was decided so, and what may be done next."""
    with Channels(session.load()) as channels:
        service, story = locate(channels, case_id)
    if as_json:
        show_json(as_dict(story) | {"service": service})
        return
    s = story.summary
    console.print(
        f"[bold]{s.case_id}[/bold]  {service}  {s.trouble}  {s.state}  order {s.order_id}  version {s.version}"
    )
    entries = [(when(e.at), e.what, e.text, e.actor.id, e.decision_id or "-") for e in story.entries]
    table("Story", ("at (UTC)", "what", "in words", "by", "decision"), entries)
    actions = [
        (("* " if a.recommended else "  ") + a.rpc, a.label, a.why + (" (needs approval)" if a.needs_approval else ""))
        for a in story.next_actions
    ]
    table("What may be done next (* recommended)", ("rpc", "does", "why"), actions)
    table("Notes", ("at (UTC)", "by", "text"), [(when(n.at), n.author.id, n.text) for n in story.notes])


@app.command()
@told
def act(
    case_id: Annotated[str, typer.Argument(help="The case to act on.")],
    rpc: Annotated[str, typer.Argument(help="A next action as `cases show` lists it, e.g. Reship.")],
    values: Annotated[list[str] | None, typer.Argument(help="field=value; money as amount='12.50 EUR'.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would happen, and change nothing.")] = False,
    request_id: Annotated[str, typer.Option(help="Repeat an earlier call: it has one effect.")] = "",
    as_json: Json = False,
) -> None:
    """Do something with a case.

    Examples: aftercare cases act 01a2… Reship;  aftercare cases act 01a2… RequestRefund reason=lost --dry-run
    """
    given = {"case_id": case_id} | pairs(values or [])
    if dry_run:
        given["validate_only"] = True
    if request_id:
        given["request_id"] = request_id
    with Channels(session.load()) as channels:
        service, _ = locate(channels, case_id)
        answer = channels.call(service, rpc, **given)
    if as_json:
        show_json(answer)
        return
    receipt = answer.receipt
    facts = "".join(f"  {name}={money.fact(value)}" for name, value in sorted(receipt.facts.items()))
    console.print(f"{'would be ' if dry_run else ''}done: {receipt.id} version {receipt.version}{facts}")


@app.command()
@told
def note(case_id: str, text: str) -> None:
    """Take a note on a case.

    Example: aftercare cases note 01a2… "called the carrier, they search until Friday"
    """
    with Channels(session.load()) as channels:
        service, _ = locate(channels, case_id)
        receipt = channels.call(service, "AddNote", case_id=case_id, text=text).receipt
    console.print(f"noted: {receipt.id} version {receipt.version}")


@app.command()
@told
def explain(decision_id: str, as_json: Json = False) -> None:
    """Why something was decided: the facts, each clause's word, and the alternatives with why not."""
    with Channels(session.load()) as channels:
        found = [ask(channels, name, "ExplainDecision", decision_id=decision_id) for name in WITH_CASES]
    answer = next((a for a in found if a is not None), None)
    if answer is None:
        raise ValueError(f"no service that answers knows a decision {decision_id}")
    if as_json:
        show_json(answer)
        return
    d = answer.decision
    console.print(
        f"[bold]{d.question}: {d.outcome}[/bold]  policy {d.policy_id} {d.policy_version}, {when(d.decided_at)}"
    )
    table("Facts", ("fact", "value"), sorted(d.facts.items()))
    table(
        "Clauses",
        ("clause", "verdict", "reading", "source"),
        [(c.clause_id, c.verdict, c.text, c.source) for c in d.clauses],
    )
    table("Alternatives", ("outcome", "why not"), [(a.outcome, a.why_not) for a in d.alternatives])
