"""Every unit that comes back, as a queue, a search and the statistics see it: one row on all of its axes.

Guarantee: a row is a pure function of its return, withdrawal or file of conformity, written in the unit that changes
it. `asked_at` never changes, so a page by it keeps its place while the rows are worked on.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.domain import derived_id
from chassis.service import Row
from services.returns.domain.case import Found, MoneyState, ReturnCase, ReturnUnit
from services.returns.domain.conformity import Conformity
from services.returns.domain.conformity.values import TERMINATION, FiledUnit
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.law import Whereabouts
from services.returns.domain.withdrawal import Withdrawal
from services.returns.domain.withdrawal.values import UnitState

TABLE = "return_units"
RETURN, WITHDRAWAL, CONFORMITY = "return", "withdrawal", "conformity"

ANSWERS = {"": "requested", "acknowledged": "authorised", "rejected": "declined"}
"""What the seller said of a lack, in the words of a return's authorisation."""

WHERE = {
    Whereabouts.NOT_DELIVERED: "not_delivered",
    Whereabouts.WITH_CUSTOMER: "with_customer",
    Whereabouts.SENT: "handed_over",
    Whereabouts.RECEIVED: "received",
}
"""The place of a unit in a flow of the law, in the words of a return's."""

_TIME = sa.DateTime(timezone=True)
_AXES = ("authorisation", "goods", "condition", "responsibility", "disposition", "money")
_WORDS = ("reason", "remedy", *_AXES, "queue", "waiting_on", "assignee", "lot_id", "policy_version")
_LISTS = ("serials", "tracking_numbers", "signals")


def unit_table(metadata: sa.MetaData) -> sa.Table:
    """The table with an index in order for each term a search may have."""
    return sa.Table(
        TABLE,
        metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("unit_id", sa.Text, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        *(sa.Column(word, sa.Text, nullable=False) for word in _WORDS),
        *(sa.Column(names, ARRAY(sa.Text), nullable=False) for names in _LISTS),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("received_at", _TIME),
        sa.Column("found_at", _TIME),
        sa.Column("due_at", _TIME),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Index("return_units_asked", "asked_at", "id"),
        sa.Index("return_units_due", "due_at", "id", postgresql_where=sa.text("due_at IS NOT NULL")),
        sa.Index("return_units_order", "order_id"),
        sa.Index("return_units_case", "case_id"),
        sa.Index("return_units_customer", "customer_id"),
        sa.Index("return_units_shop", "shop_id", "asked_at", "id"),
        sa.Index("return_units_sku", "sku", "asked_at", "id"),
        sa.Index("return_units_found", "shop_id", "found_at", "sku", postgresql_where=sa.text("found_at IS NOT NULL")),
        *(sa.Index(f"return_units_{word}", word, "asked_at", "id") for word in _INDEXED),
        *(sa.Index(f"return_units_{names}", names, postgresql_using="gin") for names in _LISTS),
    )


_INDEXED = ("kind", "reason", *_AXES, "waiting_on", "assignee")


def return_rows(case: ReturnCase) -> Iterable[Row]:
    """One row for each unit of a return."""
    due = case.clocks.next_due() if case.is_open else None
    for unit_id, unit in case.units.items():
        money = case.money_of(unit_id)
        decision = case.decisions.get(UUID(unit.decision_id)) if unit.decision_id else None
        receipt = case.receipts.get(unit.receipt_number)
        yield Row(
            TABLE,
            {
                **_common(case, RETURN, unit_id, case.asked_at or case.opened_at, due),
                "sku": unit.asked.sku,
                "reason": unit.asked.reason,
                "remedy": case.remedy,
                "authorisation": unit.authorisation.value,
                "goods": unit.goods.value,
                "condition": _word(unit.condition),
                "responsibility": _word(unit.responsibility),
                "disposition": _word(unit.disposition),
                "money": money.value if money else "",
                "lot_id": unit.lot_id,
                "policy_version": decision.policy_version if decision else "",
                "serials": [unit.serial] if unit.serial else [],
                "tracking_numbers": list(unit.tracking_numbers),
                "signals": case.signals_about(unit_id),
                "received_at": receipt.received_at if receipt else None,
                "found_at": found_at(unit),
            },
        )


def withdrawal_rows(known: Withdrawal) -> Iterable[Row]:
    """One row for each unit of a withdrawal; its reason is the law's own."""
    for unit_id, unit in known.units.items():
        yield Row(
            TABLE,
            {
                **_common(known, WITHDRAWAL, unit_id, known.noticed_at or known.opened_at, known.next_due()),
                **_by_law(known, WITHDRAWAL, unit_id, unit, known.money_of(unit_id)),
                "remedy": "refund",
                "authorisation": unit.ruling.rule if unit.ruling else "requested",
            },
        )


def conformity_rows(known: Conformity) -> Iterable[Row]:
    """The row of the one unit that a file is about; its reason is the law's own."""
    yield Row(
        TABLE,
        {
            **_common(known, CONFORMITY, known.unit_id, known.opened_at, known.next_due()),
            **_by_law(known, CONFORMITY, known.unit_id, known.unit, known.money_of()),
            "remedy": _sought(known),
            "authorisation": said_of(known),
        },
    )


def _by_law(
    known: Withdrawal | Conformity,
    reason: str,
    unit_id: str,
    unit: UnitState | FiledUnit,
    money: MoneyState | None,
) -> dict[str, Any]:
    """What a file of the law says of a unit: nobody grades it, and no sign is held against it."""
    receipt = known.receipts.get(unit.receipt_number)
    return {
        "sku": unit.asked.sku,
        "reason": reason,
        "goods": WHERE[unit.where],
        "condition": "",
        "responsibility": "",
        "disposition": "",
        "money": money.value if money else "",
        "lot_id": "",
        "policy_version": known.law_version,
        "serials": _serials(known, unit_id, unit.receipt_number),
        "tracking_numbers": list(dict.fromkeys(one.tracking_number for one in known.proofs if one.tracking_number)),
        "signals": [],
        "received_at": receipt.received_at if receipt else None,
        "found_at": None,
    }


def said_of(known: Conformity) -> str:
    """What was said of the lack reported last: by the law where it gives nothing, else by the seller."""
    if known.dropped:
        return "cancelled"
    return ANSWERS[known.lack.answer] if known.lack.covered else known.lack.ruling.rule


def _sought(known: Conformity) -> str:
    if known.money is None:
        return known.lack.remedy
    return "refund" if known.money.kind == TERMINATION else known.money.kind


def found_at(unit: ReturnUnit) -> datetime | None:
    """When the last of what is found of a unit was found."""
    found = (unit.condition, unit.responsibility, unit.disposition)
    return max((one.at for one in found if one is not None), default=None)


def _common(
    case: GoodsCase,
    kind: str,
    unit_id: str,
    asked_at: datetime | None,
    due_at: datetime | None,
) -> dict[str, object]:
    return {
        "id": derived_id("returns.return_unit", str(case.id), unit_id),
        "version": case.version,
        "shop_id": case.shop_id,
        "order_id": case.order_id,
        "customer_id": case.customer_id,
        "kind": kind,
        "case_id": case.id,
        "unit_id": unit_id,
        "queue": case.queue,
        "waiting_on": case.waiting_on,
        "assignee": case.assignee,
        "asked_at": asked_at,
        "due_at": due_at,
        "updated_at": case.modified_on,
    }


def _word(found: Found | None) -> str:
    return found.value if found else ""


def _serials(known: Withdrawal | Conformity, unit_id: str, receipt_number: str) -> list[str]:
    receipt = known.receipts.get(receipt_number)
    lines = receipt.lines if receipt and not receipt.voided else ()
    return [serial for line in lines if unit_id in line.units and (serial := line.serial_of(unit_id))]
