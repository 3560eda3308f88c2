"""`aftercare policy …`: write a shop's return policy, look at it, try it on the past, put it in force."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from clients.cli import money, session
from clients.cli.output import console, errors, show_json, table, told, when
from clients.cli.stubs import Channels

app = typer.Typer(no_args_is_help=True, help="A shop's return policy: lint, explain, what-if, diff, activate, publish.")

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The policy, as YAML.")]
Shop = Annotated[str, typer.Option(help="The shop.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
SERVICE = "returns"


@app.command()
@told
def lint(file: File, as_json: AsJson = False) -> None:
    """Say what is wrong with a policy by line and column; exit code 1 where it may not be activated.

    Example: aftercare policy lint policy.yaml
    """
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "LintPolicy", text=file.read_text())
    if as_json:
        show_json(answer)
    else:
        _problems(file, answer.problems)
        console.print(f"{file}: {'may be activated' if answer.valid else 'may not be activated'}")
    if not answer.valid:
        raise typer.Exit(1)


@app.command()
@told
def activate(
    file: File,
    shop: Shop,
    at: Annotated[str, typer.Option("--from", help="ISO instant with zone; default: in five minutes.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check, and store nothing.")] = False,
    request_id: Annotated[str, typer.Option(help="The same again has no second effect.")] = "",
) -> None:
    """Store a version, in force for orders placed from an instant on. It is never edited afterwards.

    Example: aftercare policy activate policy.yaml --shop demo-shop --from 2026-07-01T00:00:00+02:00
    """
    values: dict[str, Any] = {"shop_id": shop, "text": file.read_text(), "validate_only": dry_run}
    values |= {"active_from": _instant(at)} if at else {}
    values |= {"request_id": request_id} if request_id else {}
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "ActivatePolicy", **values)
    _problems(file, answer.warnings)
    facts = answer.receipt.facts
    verb = "would be" if dry_run else "is"
    console.print(f"{facts['policy']} {facts['version']} {verb} in force from {facts['active_from']}")


@app.command("list")
@told
def list_versions(shop: Shop, as_json: AsJson = False) -> None:
    """Every version of a shop, in the order in which they come into force."""
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "GetPolicyVersions", shop_id=shop)
    if as_json:
        show_json(answer)
        return
    rows = [
        (v.policy_id, v.version, when(v.active_from), when(v.adopted_at), v.adopted_by, "yes" if v.in_force else "")
        for v in answer.versions
    ]
    table("Policies", ("policy", "version", "from (UTC)", "adopted (UTC)", "by", "in force"), rows)


@app.command()
@told
def show(shop: Shop, version: Annotated[str, typer.Option(help="Default: the one in force.")] = "") -> None:
    """Print a version as it was written."""
    with Channels(session.load()) as channels:
        print(channels.call(SERVICE, "GetPolicy", shop_id=shop, version=version).text, end="")


@app.command()
@told
def explain(
    order_id: Annotated[str, typer.Argument(help="The shop's order id.")],
    line_id: Annotated[str, typer.Argument(help="The order line.")],
    reason: Annotated[str, typer.Option(help="Why it would come back.")] = "changed_mind",
    quantity: Annotated[int, typer.Option(help="How many units.")] = 1,
    condition: Annotated[str, typer.Option(help="sealed, opened, used, damaged, incomplete.")] = "",
    remedy: Annotated[str, typer.Option(help="What is asked for; default: refund.")] = "",
    shop: Annotated[str, typer.Option(help="The shop, where several have this order id.")] = "",
    version: Annotated[str, typer.Option(help="Another version of the shop.")] = "",
    file: Annotated[Path | None, typer.Option("--policy", help="Another policy, as YAML.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what would be decided about units of an order, clause by clause; nothing is opened.

    Example: aftercare policy explain O-1 L1 --reason too_small --condition opened
    """
    item = {"line_id": line_id, "quantity": quantity, "reason": reason, "stated_condition": condition}
    values: dict[str, Any] = {"order_id": order_id, "items": [item], "remedy": remedy, "shop_id": shop}
    values |= {"version": version, "text": file.read_text() if file else ""}
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "ExplainPolicy", **values)
    if as_json:
        show_json(answer)
        return
    for unit in answer.units:
        head = f"{unit.unit.line_id}#{unit.unit.unit}: {unit.outcome} by {unit.clause_id}"
        console.print(f"[bold]{head}[/bold] ({answer.policy_id} {answer.version}): {unit.explanation}")
        console.print(f"  to the customer: {unit.customer_text}")
        table("Clauses", ("clause", "says", "because"), [(c.clause_id, c.verdict, c.text) for c in unit.clauses])
        table("Otherwise", ("outcome", "why not"), [(a.outcome, a.why_not) for a in unit.alternatives])


@app.command()
@told
def diff(
    shop: Shop,
    before: Annotated[str, typer.Option("--from", help="A version; default: the one in force.")] = "",
    after: Annotated[str, typer.Option("--to", help="A version.")] = "",
    file: Annotated[Path | None, typer.Option("--policy", help="A policy that is not stored, as YAML.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed between two versions. Example: aftercare policy diff --shop demo-shop --policy new.yaml"""
    text = file.read_text() if file else ""
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "DiffPolicies", shop_id=shop, from_version=before, to_version=after, text=text)
    if as_json:
        show_json(answer)
        return
    rows = [(c.kind, c.subject, c.field, c.before, c.after) for c in answer.changes]
    table("Differences", ("", "what", "field", "before", "after"), rows)


@app.command("what-if")
@told
def what_if(
    file: File,
    shop: Shop,
    since: Annotated[str, typer.Option(help="Returns opened from this ISO instant on.")] = "",
    until: Annotated[str, typer.Option(help="Returns opened before this ISO instant.")] = "",
    examples: Annotated[int, typer.Option(help="How many changes are told one by one.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Decide the shop's past requests again by a proposed policy: what changes, and what the records cannot tell.

    Ctrl-C ends it. Example: aftercare policy what-if new.yaml --shop demo-shop --since 2026-01-01T00:00:00Z
    """
    values: dict[str, Any] = {"shop_id": shop, "text": file.read_text(), "examples": examples}
    values |= {"since": _instant(since)} if since else {}
    values |= {"until": _instant(until)} if until else {}
    columns = (TextColumn("deciding again"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    report = None
    with Channels(session.load()) as channels, Progress(*columns, console=errors, transient=True) as drawn:
        task = drawn.add_task("", total=None)
        for answer in channels.stream(SERVICE, "WhatIf", **values):
            drawn.update(task, total=answer.total, completed=answer.decisions)
            report = answer.report if answer.HasField("report") else report
    if report is None:
        raise ValueError("the service ended without a report")
    if as_json:
        show_json(report)
        return
    _report(report)


@app.command()
@told
def publish(
    shop: Shop,
    out: Annotated[Path, typer.Option(help="Folder for returns.html and returns.jsonld.")] = Path("."),
    language: Annotated[str, typer.Option(help="Of the customer, and of the shop's own words.")] = "en",
    country: Annotated[str, typer.Option(help="Only what concerns this country.")] = "",
    url: Annotated[str, typer.Option(help="Where the page will be.")] = "",
) -> None:
    """Write the policy in force for customers: a page, and schema.org MerchantReturnPolicy."""
    values = {"shop_id": shop, "language": language, "country": country, "url": url}
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "GetPublishedPolicy", **values)
    out.mkdir(parents=True, exist_ok=True)
    for name, text in (("returns.html", answer.page), ("returns.jsonld", answer.json_ld)):
        (out / name).write_text(text, encoding="utf-8")
        console.print(f"wrote {out / name}")


def _problems(file: Path, problems: Any) -> None:
    for one in problems:
        console.print(f"{file}:{one.line}:{one.column}: {one.severity} {one.reason}: {one.text}", markup=False)


def _report(report: Any) -> None:
    share = f"{report.changed_decisions} of {report.decisions} requests"
    console.print(f"[bold]{report.policy_id} {report.version}[/bold] would have decided {share} otherwise")
    console.print(
        f"  {report.changed_customers} of {report.customers} customers: {report.customers_better} better off,"
        f" {report.customers_worse} worse off"
    )
    for title, amounts in (("more would be let in", report.more_authorised), ("more fees", report.more_fees)):
        listed = ", ".join(money.written(a.minor_units, a.currency) for a in amounts) or "none"
        console.print(f"  {title}: {listed}")
    rows: list[tuple[object, ...]] = [
        (t.before, t.after, t.units, ", ".join(money.written(a.minor_units, a.currency) for a in t.paid))
        for t in report.transitions
    ]
    table("Units", ("before", "after", "units", "paid for them"), rows)
    rows = [
        (
            e.case_id,
            f"{e.unit.line_id}#{e.unit.unit}",
            f"{e.before} ({e.before_clause})",
            f"{e.after} ({e.after_clause})",
            e.explanation,
        )
        for e in report.examples
    ]
    table("For example", ("return", "unit", "before", "after", "because"), rows)
    table("It cannot know", ("what", "units"), [(u.what, u.units or "all") for u in report.unknowns])


def _instant(text: str) -> str:
    """An instant as the contract's Timestamp takes it. Raises ValueError where it has no zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone: write it as 2026-07-01T00:00:00+02:00")
    return at.isoformat()
