"""docs/map_order_events.md is what its examples do, and what they give is what returns reads."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import protovalidate
import pytest
from aftercare.orders.v1 import orders_pb2
from google.protobuf import json_format

from docs.examples.map_orders import FROM, money
from services.returns.domain.bundle import PartOf
from services.returns.domain.order.pricing import price_order
from services.returns.translation import snapshot_of

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "map_order_events.md").read_text(encoding="utf-8")
ORDERS = DOCS / "examples" / "orders"
PLATFORMS = ("spree", "medusa", "saleor", "vendure", "shopify")
TOTALS = {
    "spree": lambda told: money(told["data"]["total"], "EUR"),
    "medusa": lambda told: money(told["total"], "EUR"),
    "saleor": lambda told: money(told["order"]["total"]["gross"]["amount"], "EUR"),
    "vendure": lambda told: {"minorUnits": told["totalWithTax"], "currency": "EUR"},
    "shopify": lambda told: money(told["total_price"], "USD"),
    "home_made": lambda told: money(told["paid"], "EUR"),
}


def told_by(platform: str) -> Any:
    return json.loads((ORDERS / f"{platform}.json").read_text(encoding="utf-8"))


def record_of(mapped: dict[str, Any]) -> orders_pb2.OrderRecorded:
    """Strictly: a field that the contract does not know is an error."""
    record = json_format.Parse(json.dumps(mapped), orders_pb2.OrderRecorded())
    protovalidate.validate(record)
    return record


def test_every_mapping_has_an_order_and_every_order_a_mapping() -> None:
    """Also the totals below."""
    assert set(FROM) == {path.stem for path in ORDERS.iterdir()} == set(TOTALS)


@pytest.mark.parametrize("platform", sorted(FROM))
def test_what_was_paid_comes_out_to_the_minor_unit(platform: str) -> None:
    """Units and components add up to the platform's own total, and to what was captured."""
    told = told_by(platform)
    record = record_of(FROM[platform](told))
    paid = sum(price.paid.minor for price in price_order(snapshot_of(record)))
    captured = sum(c.amount.minor_units for tender in record.tenders for c in tender.captures)
    assert paid == captured == TOTALS[platform](told)["minorUnits"]
    assert [(line.sku, line.quantity) for line in record.lines] == [("BOOT-42", 2), ("SOCK-M", 1)]


@pytest.mark.parametrize("platform", sorted(FROM))
def test_a_later_change_is_a_higher_version(platform: str) -> None:
    """A second more is enough; the place of the customer is never left at UTC."""
    told = told_by(platform)
    raw = json.dumps(told)
    later = json.loads(raw.replace(":00:01", ":00:02"))
    before, after = record_of(FROM[platform](told)), record_of(FROM[platform](later))
    assert after.version > before.version
    assert before.time_zone in ("Europe/Berlin", "America/New_York")


def test_an_amount_that_is_no_whole_minor_unit_is_never_rounded() -> None:
    """Yen have no decimals, dinars have three."""
    assert money("400", "JPY") == {"minorUnits": 400, "currency": "JPY"}
    assert money("1.250", "KWD") == {"minorUnits": 1250, "currency": "KWD"}
    with pytest.raises(ValueError, match=r"49\.905 EUR"):
        money("49.905", "EUR")


def test_the_small_order_of_the_page_is_all_a_shop_has_to_tell() -> None:
    """It is read, it adds up, and the coupon it leaves unallocated is split."""
    (block,) = re.findall(r"```json order\n(.*?)```", PAGE, re.DOTALL)
    record = record_of(json.loads(block))
    prices = price_order(snapshot_of(record))
    assert sum(price.paid.minor for price in prices) == 10_390
    assert sum(price.discount.minor for price in prices) == 1100


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_field_of_a_platform_that_the_page_names_is_in_its_order(platform: str) -> None:
    """And the mapping reads it: taken away, the record is another one or there is none."""
    column = PLATFORMS.index(platform) + 1
    named = [path for row in rows() for path in re.findall(r"`([\w.\[\]]+)`", row[column])]
    assert len(named) > 20
    told = told_by(platform)
    mapped = FROM[platform](told)
    for path in named:
        changed = without(json.loads(json.dumps(told)), path.replace("[]", ".0").split("."))
        try:
            again = FROM[platform](changed)
        except (KeyError, TypeError):
            continue
        assert again != mapped, f"{path} is named, and nothing reads it"


def test_the_lines_of_a_kit_are_a_record_by_the_contract() -> None:
    """In place of the lines of the home-made order."""
    (block,), (lines,) = (re.findall(rf"```json {what}\n(.*?)```", PAGE, re.DOTALL) for what in ("order", "lines"))
    snapshot = snapshot_of(record_of(json.loads(block) | {"lines": json.loads(lines)}))
    assert {line.part_of for line in snapshot.lines} == {PartOf("kit-1", "CAM-KIT", "Camera kit", 1)}


def test_every_field_the_page_maps_is_one_of_the_contract() -> None:
    """And of an order and its lines none is left out, but for those that only exchanges and promises have."""
    ours = {name for row in rows() for name in re.findall(r"`(\w+)`", row[0])}
    parts = ("Line", "Component", "Tender", "TaxLine", "DiscountAllocation")
    fields = {f.name for f in orders_pb2.OrderRecorded.DESCRIPTOR.fields}
    for part in parts:
        fields |= {f.name for f in getattr(orders_pb2, part).DESCRIPTOR.fields}
    assert ours <= fields
    prose = set(re.findall(r"`(\w+)`", PAGE))
    every = {f.name for f in orders_pb2.OrderRecorded.DESCRIPTOR.fields}
    every |= {f.name for f in orders_pb2.Line.DESCRIPTOR.fields}
    seldom = {"history", "promises", "shipping_address", "fulfilment_request_id", "customer_tier", "lines"}
    assert every - prose - seldom == set()


@pytest.mark.parametrize("command", re.findall(r"^\.venv/bin/python (.*)$", PAGE, re.MULTILINE))
def test_the_command_of_the_page_prints_a_record(command: str) -> None:
    """As it stands there."""
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=DOCS.parent, capture_output=True, text=True, check=True
    )
    assert record_of(json.loads(done.stdout)).order_number == "R123456789"


def rows() -> list[list[str]]:
    """The rows of the tables that have a column for each platform."""
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == len(PLATFORMS) + 1 and not cells[0].startswith(("ours", "---")):
            found.append(cells)
    return found


def without(told: Any, path: list[str]) -> Any:
    """The order without one of its fields; the field is there."""
    place = told
    for step in path[:-1]:
        place = place[int(step)] if step.isdigit() else place[step]
    del place[path[-1]]
    return told
