"""The examples of docs/connect_payments.md and docs/reconcile.md are what the program reads."""

import re
from pathlib import Path

import protovalidate
import pytest
from aftercare.orders.v1 import credit_notes_pb2
from google.protobuf import json_format

from clients.cli.__main__ import app
from clients.cli.finance import _report
from services.returns.consumers import subscriptions
from services.returns.money_terms import load_money_terms
from services.returns.providers.stripe.accounts import load_accounts, require_accounts
from services.returns.providers.stripe.webhooks import read
from tests.unit.returns.world import World

DOCS = Path(__file__).parents[3] / "docs"
CONNECT, RECONCILE = (DOCS / "connect_payments.md").read_text(), (DOCS / "reconcile.md").read_text()


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)


def test_the_terms_and_accounts_of_the_page_belong_together(tmp_path: Path) -> None:
    """What is to be put where is read, and every shop that is named has its account."""
    (terms, band), (accounts,) = blocks(CONNECT, "yaml"), blocks(CONNECT, "json")
    path = tmp_path / "accounts.json"
    path.write_text(accounts)
    found = load_money_terms(terms)
    assert found.direct == {"stripe": frozenset({"my-shop"})}
    assert load_money_terms(band).band.count == 200
    require_accounts(found, load_accounts(path))


@pytest.mark.parametrize("kind", re.findall(r"`((?:refund|charge)\.[a-z.]+)`", CONNECT))
def test_every_event_the_page_names_is_read(kind: str) -> None:
    """Each is one the adapter makes a fact of, given an object with what it needs."""
    status = "lost" if kind == "charge.dispute.closed" else "succeeded"
    thing = (
        '{"id": "x_1", "amount": 100, "amount_captured": 100, "currency": "eur", "payment_intent": "pi_1",'
        f' "status": "{status}", "metadata": {{"order_id": "o1"}}}}'
    )
    told = read(f'{{"id": "evt_1", "type": "{kind}", "created": 1, "data": {{"object": {thing}}}}}'.encode())
    assert told.fact is not None, kind


def test_the_report_of_the_page_is_read(tmp_path: Path) -> None:
    """Euros in cents, yen as they are, with our key and without."""
    (report,) = blocks(RECONCILE, "csv")
    path = tmp_path / "refunds.csv"
    path.write_text(report)
    key = "5b0c0f0a-0f63-8a3c-9a53-2f6c7f1d9b11.1"
    assert _report(path) == [
        {"reference": "re_000001", "amount": {"minor_units": 1250, "currency": "EUR"}, "key": key},
        {"reference": "re_000002", "amount": {"minor_units": 400, "currency": "JPY"}, "key": ""},
    ]
    accounts, notes = blocks(RECONCILE, "yaml")
    assert load_money_terms(accounts).accounts["clearing.stripe"] == "1361"
    assert [load_money_terms(notes).wants_note(shop) for shop in ("my-shop", "another")] == [True, False]


def test_the_credit_note_of_the_page_is_one_that_is_asked_for() -> None:
    """It obeys its contract, its lines are its amount, and what the page tells a shop to answer is taken."""
    (example,) = blocks(RECONCILE, "json")
    note = json_format.Parse(example, credit_notes_pb2.CreditNoteRequested())
    protovalidate.validate(note)
    assert note.amount.minor_units == sum(line.amount.minor_units for line in note.lines)
    assert note.request_id.startswith(f"{note.movement}.n")
    answers = next(s for s in subscriptions(World().app) if s.topic == "shop.answers.v1")
    assert credit_notes_pb2.CreditNoteIssued.DESCRIPTOR.full_name in answers.handlers


def test_the_commands_of_the_page_exist() -> None:
    """Each is a command of `aftercare money`, with the options the page gives it."""
    (group,) = [one for one in app.registered_groups if one.name == "money"]
    assert group.typer_instance is not None
    names = {c.name or (c.callback.__name__ if c.callback else "") for c in group.typer_instance.registered_commands}
    used = re.findall(r"^aftercare money (\w+)", "\n".join(blocks(RECONCILE, "sh")), re.MULTILINE)
    assert set(used) == names == {"reconcile", "promises", "journal", "notes", "note", "held", "settle"}
