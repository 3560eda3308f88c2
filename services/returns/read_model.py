"""Returns, ledgers, orders, receipts, approvals and decisions as agents and screens see them. Nothing personal is
in here.

A row is a pure function of its aggregate and is written in the unit that changes it.
"""
# long: the tables of one service and their rows, read beside each other

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.domain import Aggregate
from chassis.service import Row
from services.returns.change_rows import change_row, change_table
from services.returns.domain.case import ReturnCase
from services.returns.domain.change import OrderChange
from services.returns.domain.conformity import Conformity
from services.returns.domain.goods_case import GoodsCase
from services.returns.domain.ledger import Ledger
from services.returns.domain.order import Order
from services.returns.domain.receipt import Receipt
from services.returns.domain.withdrawal import Withdrawal
from services.returns.money_rows import money_rows, note_table
from services.returns.parcel_rows import receipt_row
from services.returns.unit_rows import conformity_rows, return_rows, unit_table, withdrawal_rows

metadata = sa.MetaData()

_TIME = sa.DateTime(timezone=True)


def _own(*columns: sa.Column[object] | sa.Index, name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        *columns,
    )


cases = _own(
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("trouble", sa.Text, nullable=False),
    sa.Column("remedy", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("waiting_on", sa.Text, nullable=False),
    sa.Column("opened_at", _TIME, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Column("due_at", _TIME),
    sa.Index("cases_latest", "updated_at", "id"),
    sa.Index("cases_order", "order_id"),
    sa.Index("cases_customer", "customer_id"),
    name="cases",
)

withdrawals = _own(
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("waiting_on", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text, nullable=False, server_default=""),
    sa.Column("noticed_at", _TIME),
    sa.Column("due_at", _TIME),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Index("withdrawals_latest", "updated_at", "id"),
    sa.Index("withdrawals_order", "order_id"),
    sa.Index("withdrawals_customer", "customer_id"),
    sa.Index("withdrawals_assignee", "assignee", "updated_at", "id"),
    name="withdrawals",
)

conformity = _own(
    sa.Column("unit_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("waiting_on", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text, nullable=False, server_default=""),
    sa.Column("due_at", _TIME),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Index("conformity_latest", "updated_at", "id"),
    sa.Index("conformity_order", "order_id"),
    sa.Index("conformity_customer", "customer_id"),
    sa.Index("conformity_assignee", "assignee", "updated_at", "id"),
    name="conformity",
)

orders = _own(
    sa.Column("order_number", sa.Text, nullable=False),
    sa.Column("order_version", sa.BigInteger, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Index("orders_name", "order_id"),
    sa.Index("orders_customer", "customer_id"),
    name="orders",
)

ledgers = _own(
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("paid", sa.BigInteger, nullable=False),
    sa.Column("refunded", sa.BigInteger, nullable=False),
    sa.Column("pending", sa.BigInteger, nullable=False),
    sa.Column("unknown", sa.Boolean, nullable=False),
    sa.Column("frozen", sa.Boolean, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Index("ledgers_name", "order_id"),
    sa.Index("ledgers_open", "updated_at", "id", postgresql_where=sa.text("pending <> 0 or frozen")),
    name="ledgers",
)

captures = _own(
    sa.Column("capture_id", sa.Text, nullable=False),
    sa.Column("tender_id", sa.Text, nullable=False),
    sa.Index("captures_name", "capture_id"),
    name="captures",
)

movements = _own(
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("tender_id", sa.Text, nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("planned_at", _TIME, nullable=False),
    sa.Column("settled_at", _TIME),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Index("movements_settled", "shop_id", "settled_at", "id"),
    sa.Index("movements_open", "shop_id", "updated_at", "id"),
    name="movements",
)

receipts = _own(
    sa.Column("receipt_number", sa.Text, nullable=False),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("voided", sa.Boolean, nullable=False),
    sa.Column("received_at", _TIME),
    sa.Column("tracking_number", sa.Text, nullable=False, server_default=""),
    sa.Column("shelf", sa.Text, nullable=False, server_default=""),
    sa.Index("receipts_unmatched", "received_at", "id", postgresql_where=sa.text("case_id = ''")),
    sa.Index("receipts_tracking", "tracking_number", postgresql_where=sa.text("case_id = ''")),
    name="receipts",
)

approvals = _own(
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("requested_at", _TIME, nullable=False),
    sa.Index("approvals_latest", "requested_at", "id"),
    name="approvals",
)

changes = change_table(metadata)
credit_notes = note_table(metadata)
return_units = unit_table(metadata)

decisions = _own(sa.Column("case_id", sa.Uuid, nullable=False), name="decisions")


def rows(aggregate: Aggregate) -> Iterable[Row]:
    """The rows that one aggregate is shown as."""
    match aggregate:
        case ReturnCase():
            yield from _case_rows(aggregate)
            yield from return_rows(aggregate)
        case Withdrawal():
            yield _withdrawal_row(aggregate)
            yield from withdrawal_rows(aggregate)
        case OrderChange():
            yield change_row(aggregate)
        case Conformity():
            yield _conformity_row(aggregate)
            yield from conformity_rows(aggregate)
        case Ledger():
            yield from money_rows(aggregate)
        case Order():
            yield _order_row(aggregate)
        case Receipt():
            yield receipt_row(aggregate)
        case _:
            return


def _of(known: GoodsCase) -> dict[str, object]:
    return {
        "version": known.version,
        "shop_id": known.shop_id,
        "order_id": known.order_id,
        "customer_id": known.customer_id,
    }


def _stands(known: Withdrawal | Conformity) -> dict[str, object]:
    return {
        "state": known.state,
        "queue": known.queue,
        "waiting_on": known.waiting_on,
        "assignee": known.assignee,
    }


def _withdrawal_row(known: Withdrawal) -> Row:
    instants = {"noticed_at": known.noticed_at, "due_at": known.next_due(), "updated_at": known.modified_on}
    return Row("withdrawals", {"id": known.id, **_of(known), **_stands(known), **instants})


def _conformity_row(known: Conformity) -> Row:
    own = {"unit_id": known.unit_id, "due_at": known.next_due(), "updated_at": known.modified_on}
    return Row("conformity", {"id": known.id, **_of(known), **_stands(known), **own})


def _case_rows(case: ReturnCase) -> Iterable[Row]:
    own = _of(case)
    yield Row(
        "cases",
        {
            "id": case.id,
            **own,
            "state": case.state,
            "trouble": case.trouble,
            "remedy": case.remedy,
            "assignee": case.assignee,
            "queue": case.queue,
            "waiting_on": case.waiting_on,
            "opened_at": case.opened_at,
            "updated_at": case.modified_on,
            "due_at": case.clocks.next_due(),
        },
    )
    for approval in case.approvals.values():
        values = {"case_id": case.id, "state": approval.state, "requested_at": approval.requested_at}
        yield Row("approvals", {"id": approval.id, **own, **values})
    for decision_id in case.decisions:
        yield Row("decisions", {"id": decision_id, **own, "case_id": case.id})


def _order_row(order: Order) -> Row:
    return Row(
        "orders",
        {
            "id": order.id,
            "version": order.version,
            "shop_id": order.shop_id,
            "order_id": order.order_id,
            "customer_id": order.customer_id,
            "order_number": order.snapshot.order_number if order.snapshot else "",
            "order_version": order.snapshot.version if order.snapshot else 0,
            "updated_at": order.modified_on,
        },
    )
