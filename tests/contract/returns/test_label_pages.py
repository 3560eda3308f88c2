"""The examples of docs/labels.md are what the program reads."""

import re
from pathlib import Path

import protovalidate
from aftercare.orders.v1 import answers_pb2
from google.protobuf import json_format

from chassis.domain import Money
from services.returns.providers.easypost.accounts import load_accounts

PAGE = (Path(__file__).parents[3] / "docs" / "labels.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    (found,) = re.findall(rf"```json {kind}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_answer_of_the_page_obeys_its_contract() -> None:
    """As a shop would publish it."""
    answer = json_format.Parse(block("done"), answers_pb2.RequestDone())
    protovalidate.validate(answer)
    assert (answer.carrier, answer.qr_code_url[-3:]) == ("dhl", "png")


def test_the_account_of_the_page_is_whole(tmp_path: Path) -> None:
    """Every part of it is read."""
    path = tmp_path / "accounts.json"
    path.write_text(block("accounts"), encoding="utf-8")
    account = load_accounts(path)["my-shop"]
    assert (account.most, account.weight_ounces) == (Money(1200, "USD"), 32.0)
    assert (sorted(account.carriers), sorted(account.services)) == (["USPS"], ["GroundAdvantage", "Priority"])
    assert account.warehouse.lines == ("179 N Harbor Dr", "Dock 3")
