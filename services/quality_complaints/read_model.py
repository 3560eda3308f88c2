"""Complaints, investigations, approvals and decisions as agents and screens see them. Nothing personal is in here.

A row is a pure function of its aggregate and is written in the unit that changes it.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.domain import Aggregate
from chassis.service import Row
from services.quality_complaints.domain.complaint import Complaint
from services.quality_complaints.domain.investigation import Investigation
from services.quality_complaints.domain.order import Order

metadata = sa.MetaData()

_TIME = sa.DateTime(timezone=True)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    *_text("shop_id", "order_id", "customer_id", "sku", "lot_id", "state", "trouble", "assignee", "queue"),
    *_text("waiting_on", "remedy", "remedy_state"),
    sa.Column("investigation_id", sa.Uuid),
    sa.Column("opened_at", _TIME, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Column("due_at", _TIME),
    sa.Index("cases_latest", "updated_at", "id"),
    sa.Index("cases_order", "order_id"),
    sa.Index("cases_customer", "customer_id"),
    sa.Index("cases_investigation", "investigation_id"),
)

investigations = sa.Table(
    "investigations",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    *_text("shop_id", "sku", "lot_id", "symptom", "state"),
    sa.Column("complaints", sa.Integer, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Index("investigations_latest", "updated_at", "id"),
    sa.Index("investigations_goods", "sku", "lot_id"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
    *_text("shop_id", "order_id", "customer_id", "state"),
    sa.Column("requested_at", _TIME, nullable=False),
    sa.Index("approvals_latest", "requested_at", "id"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    *_text("shop_id", "order_id", "customer_id"),
    sa.Index("orders_name", "order_id"),
)


def rows(aggregate: Aggregate) -> Iterable[Row]:
    """The rows that one aggregate is shown as."""
    if isinstance(aggregate, Complaint):
        yield from _complaint_rows(aggregate)
    elif isinstance(aggregate, Investigation):
        yield _investigation_row(aggregate)
    elif isinstance(aggregate, Order):
        yield Row(
            "orders",
            {
                "id": aggregate.id,
                "version": aggregate.version,
                "shop_id": aggregate.shop_id,
                "order_id": aggregate.order_id,
                "customer_id": aggregate.customer_id,
            },
        )


def _complaint_rows(complaint: Complaint) -> Iterable[Row]:
    last = next(reversed(complaint.remedies.values()), None)
    about = {"shop_id": complaint.shop_id, "order_id": complaint.order_id, "customer_id": complaint.customer_id}
    yield Row(
        "cases",
        {
            **about,
            "id": complaint.id,
            "version": complaint.version,
            "sku": complaint.sku,
            "lot_id": complaint.lot_id,
            "state": complaint.state,
            "trouble": complaint.symptom,
            "assignee": complaint.assignee,
            "queue": complaint.queue,
            "waiting_on": complaint.waiting_on,
            "remedy": last.remedy if last else "",
            "remedy_state": last.state if last else "",
            "investigation_id": complaint.investigation_id,
            "opened_at": complaint.opened_at,
            "updated_at": complaint.modified_on,
            "due_at": complaint.clocks.next_due() if complaint.is_open else None,
        },
    )
    for asked in complaint.approvals.values():
        values = {"id": asked.id, "state": asked.state, "requested_at": asked.requested_at}
        yield Row("approvals", {**about, **values, "version": complaint.version, "case_id": complaint.id})
    for decision in complaint.decisions:
        yield Row("decisions", {"id": decision, "version": complaint.version, "case_id": complaint.id})


def _investigation_row(investigation: Investigation) -> Row:
    return Row(
        "investigations",
        {
            "id": investigation.id,
            "version": investigation.version,
            "shop_id": investigation.shop_id,
            "sku": investigation.sku,
            "lot_id": investigation.lot_id,
            "symptom": investigation.symptom,
            "state": investigation.state,
            "complaints": len(investigation.members),
            "updated_at": investigation.modified_on,
        },
    )
