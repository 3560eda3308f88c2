"""`aftercare money …`: hold a provider's report against our books, list what is still promised, export the journal, see
to credit notes."""

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.cli import money, session
from clients.cli.output import console, show_json, table, told, when
from clients.cli.stubs import Channels

app = typer.Typer(
    no_args_is_help=True, help="Money: reconcile a provider's report, open promises, the journal, credit notes."
)

Shop = Annotated[str, typer.Option(help="The shop.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Since = Annotated[str, typer.Option(help="ISO instant with zone, or a date (UTC).")]
SERVICE = "returns"
REFERENCE, AMOUNT, CURRENCY, KEY = ("reference", "id"), ("amount",), ("currency",), ("key", "request_id")


@app.command()
@told
def reconcile(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The report, as CSV.")],
    shop: Shop,
    since: Since,
    until: Since = "",
    provider: Annotated[str, typer.Option(help="Whose report it is; empty: the shop's own payment system's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say where a provider's report and our own books differ, by cause; exit code 1 where they do.

    The CSV has a head with the columns reference (or id), amount and currency, and key (or request_id) where the report
    has it. Amounts are as people write them: 12.50.

    Example: aftercare money reconcile refunds.csv --shop demo-shop --provider stripe --since 2026-11-01
    """
    begin = _instant(since)
    end = _instant(until) if until else begin + timedelta(days=1)
    values = {"shop_id": shop, "provider": provider, "since": begin.isoformat(), "until": end.isoformat()}
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "Reconcile", lines=_report(file), **values)
    if as_json:
        show_json(answer)
    else:
        rows = [
            (one.cause, one.reference, one.order_id, _amount(one, "ours"), _amount(one, "theirs"), one.key)
            for one in answer.differences
        ]
        if rows:
            table("differences", ("cause", "reference", "order", "ours", "theirs", "key"), rows)
        sums = [(t.cause, str(t.count), _amount(t, "ours"), _amount(t, "theirs")) for t in answer.totals]
        table("totals", ("cause", "count", "ours", "theirs"), sums)
        console.print("both sides agree" if answer.agrees else f"{len(rows)} differences")
    if not answer.agrees:
        raise typer.Exit(1)


@app.command()
@told
def promises(
    shop: Shop,
    as_of: Annotated[str, typer.Option(help="A past instant or date; default: now.")] = "",
    as_json: AsJson = False,
) -> None:
    """What was promised and not paid, oldest first, now or at a past instant.

    Example: aftercare money promises --shop demo-shop --as-of 2026-10-31
    """
    values = {"as_of": _instant(as_of).isoformat()} if as_of else {}
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "GetOpenPromises", shop_id=shop, **values)
    if as_json:
        show_json(answer)
        return
    rows = [
        (when(p.promised_at), f"{p.age_days} d", _amount(p, "amount"), p.state, p.order_id, p.requester, p.case_id)
        for p in answer.promises
    ]
    table("open promises", ("promised", "age", "amount", "state", "order", "requester", "case"), rows)
    if answer.cut:
        console.print("more is open than is shown: ask for an earlier instant")


@app.command()
@told
def journal(shop: Shop, since: Since, until: Since = "") -> None:
    """The journal lines of a period as CSV on standard output; the lines of one entry balance.

    Example: aftercare money journal --shop demo-shop --since 2026-11-01 --until 2026-12-01 > november.csv
    """
    begin = _instant(since)
    end = _instant(until) if until else begin + timedelta(days=1)
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "ExportJournal", shop_id=shop, since=begin.isoformat(), until=end.isoformat())
    out = csv.writer(sys.stdout)
    out.writerow(("entry", "at", "account", "debit", "credit", "currency", "order", "subject", "reference", "document"))
    for line in answer.lines:
        currency = line.debit.currency or line.credit.currency
        sides = [money.written(side.minor_units, currency).partition(" ")[0] for side in (line.debit, line.credit)]
        at = line.at.ToDatetime(tzinfo=UTC).isoformat()
        told = (line.order_id, line.subject, line.reference, line.document)
        out.writerow((line.entry, at, line.account, *sides, currency, *told))


@app.command()
@told
def notes(
    shop: Shop,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for a person.")] = False,
    order: Annotated[str, typer.Option(help="Only those of this order.")] = "",
    as_json: AsJson = False,
) -> None:
    """The credit notes of a shop, latest first; exit code 1 where some wait for a person.

    Example: aftercare money notes --shop demo-shop --waiting
    """
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "ListCreditNotes", shop_id=shop, waiting=waiting, order_id=order)
    if as_json:
        show_json(answer)
    else:
        rows = [
            (when(n.asked_at), n.number or "-", n.state, _amount(n, "amount"), _amount(n, "tax"), n.order_id, n.note_id)
            for n in answer.credit_notes
        ]
        table("credit notes", ("asked", "number", "state", "amount", "tax", "order", "note"), rows)
        if answer.cut:
            console.print("more are there than are shown: name an order")
    if any(n.waiting for n in answer.credit_notes):
        raise typer.Exit(1)


@app.command()
@told
def note(
    note_id: Annotated[str, typer.Argument(help="The note, as `money notes` shows it.")],
    outcome: Annotated[str, typer.Argument(help="issued, cancelled, or again: ask the shop once more.")],
    shop: Shop,
    order: Annotated[str, typer.Option(help="Its order.")],
    number: Annotated[str, typer.Option(help="Of the document that was issued, or that cancels it.")] = "",
    issued_on: Annotated[str, typer.Option(help="The date on the document; default: today.")] = "",
) -> None:
    """Say what became of a credit note that waits for a person.

    Example: aftercare money note NOTE issued --shop demo-shop --order O-1001 --number CN-2041
    """
    values = {"shop_id": shop, "order_id": order, "note_id": note_id, "outcome": outcome}
    with Channels(session.load()) as channels:
        receipt = channels.call(SERVICE, "SettleCreditNote", number=number, issued_on=issued_on, **values).receipt
    console.print(f"note {receipt.facts['note_id']} is {receipt.facts['state']}")


@app.command()
@told
def held(
    shop: Shop,
    unknown: Annotated[bool, typer.Option("--unknown", help="Also what is looked up by itself.")] = False,
    as_json: AsJson = False,
) -> None:
    """What was asked of the outside and waits for a person, longest first; exit code 1 where something does.

    Example: aftercare money held --shop demo-shop
    """
    with Channels(session.load()) as channels:
        answer = channels.call(SERVICE, "ListHeldRequests", shop_id=shop, unknown=unknown)
    if as_json:
        show_json(answer)
    else:
        rows = [
            (when(r.since), r.kind, r.state, _amount(r, "amount"), r.order_id, str(r.attempt), r.reason, r.effect_id)
            for r in answer.requests
        ]
        table("held", ("since", "kind", "state", "amount", "order", "attempt", "reason", "id"), rows)
        if answer.cut:
            console.print("more wait than are shown")
    if any(r.state == "held" for r in answer.requests):
        raise typer.Exit(1)


@app.command()
@told
def settle(
    effect_id: Annotated[str, typer.Argument(help="As `money held` shows it.")],
    outcome: Annotated[str, typer.Argument(help="succeeded, failed, or retry: ask once more.")],
    shop: Shop,
    reason: Annotated[str, typer.Option(help="How you know.")],
    reference: Annotated[str, typer.Option(help="What the provider calls it.")] = "",
) -> None:
    """Say what became of something that is held (role supervisor).

    Example: aftercare money settle EFFECT failed --shop demo-shop --reason "not in the bank's list of 5 November"
    """
    values = {"shop_id": shop, "effect_id": effect_id, "outcome": outcome, "reason": reason, "reference": reference}
    with Channels(session.load()) as channels:
        channels.call(SERVICE, "SettleHeldRequest", **values)
    console.print(f"settled: {effect_id} {outcome}")


def _report(file: Path) -> list[dict[str, Any]]:
    with file.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.DictReader(text)
        head = reader.fieldnames or []
        columns = {names[0]: next((n for n in names if n in head), "") for names in (REFERENCE, AMOUNT, CURRENCY, KEY)}
        if missing := [name for name in ("reference", "amount", "currency") if not columns[name]]:
            raise typer.BadParameter(f"{file}: no column {', '.join(missing)}; there is {', '.join(head) or 'none'}")
        found = []
        for number, row in enumerate(reader, start=2):
            try:
                amount = money.read(f"{row[columns['amount']]} {row[columns['currency']]}")
            except ValueError as error:
                raise typer.BadParameter(f"{file}, line {number}: {error}") from None
            key = row[columns["key"]] if columns["key"] else ""
            found.append({"reference": row[columns["reference"]], "amount": amount, "key": key})
        return found


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no instant: write 2026-11-01 or 2026-11-01T00:00:00+01:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _amount(message: Any, field: str) -> str:
    amount = getattr(message, field)
    return money.written(amount.minor_units, amount.currency) if message.HasField(field) else "-"
