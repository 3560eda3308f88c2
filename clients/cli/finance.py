"""`aftercare money …`: hold a provider's report against our books, list what is still promised, export the journal."""

import csv
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from clients.cli import money, session
from clients.cli.output import console, show_json, table, told, when
from clients.cli.stubs import Channels

app = typer.Typer(no_args_is_help=True, help="Money: reconcile a provider's report, open promises, the journal.")

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
    out.writerow(("entry", "at", "account", "debit", "credit", "currency", "order", "subject", "reference"))
    for line in answer.lines:
        currency = line.debit.currency or line.credit.currency
        sides = [money.written(side.minor_units, currency).partition(" ")[0] for side in (line.debit, line.credit)]
        at = line.at.ToDatetime(tzinfo=UTC).isoformat()
        out.writerow((line.entry, at, line.account, *sides, currency, line.order_id, line.subject, line.reference))


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
