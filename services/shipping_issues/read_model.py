"""Cases, parcels, approvals and decisions as agents and screens see them. Nothing personal is in here.

A row is a pure function of its aggregate and is written in the unit that changes it.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from chassis.domain import Aggregate
from chassis.service import Row
from services.shipping_issues.domain.delivery_case import DeliveryCase
from services.shipping_issues.domain.order import Order
from services.shipping_issues.domain.shipment import Shipment

metadata = sa.MetaData()

_TIME = sa.DateTime(timezone=True)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("shipment_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("trouble", sa.Text, nullable=False),
    sa.Column("assignee", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
    sa.Column("waiting_on", sa.Text, nullable=False),
    sa.Column("remedy", sa.Text, nullable=False),
    sa.Column("remedy_state", sa.Text, nullable=False),
    sa.Column("opened_at", _TIME, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Column("due_at", _TIME),
    sa.Index("cases_latest", "updated_at", "id"),
    sa.Index("cases_state", "state", "updated_at", "id"),
    sa.Index("cases_assignee", "assignee", "updated_at", "id"),
    sa.Index("cases_order", "order_id"),
    sa.Index("cases_customer", "customer_id"),
    sa.Index("cases_shipment", "shipment_id"),
)

shipments = sa.Table(
    "shipments",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("shipment_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("carrier", sa.Text, nullable=False),
    sa.Column("tracking_number", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Index("shipments_latest", "updated_at", "id"),
    sa.Index("shipments_name", "shipment_id"),
    sa.Index("shipments_order", "order_id"),
    sa.Index("shipments_customer", "customer_id"),
    sa.Index("shipments_tracking", "tracking_number"),
    sa.Index("shipments_history", "shop_id", postgresql_where=sa.text("not live")),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sa.Index("orders_history", "shop_id", postgresql_where=sa.text("not live")),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("requested_at", _TIME, nullable=False),
    sa.Index("approvals_latest", "requested_at", "id"),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("case_id", sa.Uuid, nullable=False),
    sa.Column("facts", JSONB, nullable=False),
)


def rows(aggregate: Aggregate) -> Iterable[Row]:
    """The rows that one aggregate is shown as."""
    if isinstance(aggregate, DeliveryCase):
        yield from _case_rows(aggregate)
    elif isinstance(aggregate, Shipment):
        yield _shipment_row(aggregate)
    elif isinstance(aggregate, Order):
        names = ("id", "version", "shop_id", "order_id", "customer_id", "live")
        yield Row("orders", {name: getattr(aggregate, name) for name in names})


def _case_rows(case: DeliveryCase) -> Iterable[Row]:
    last = list(case.remedies.values())[-1:]
    yield Row(
        "cases",
        {
            "id": case.id,
            "version": case.version,
            "shop_id": case.shop_id,
            "order_id": case.order_id,
            "customer_id": case.customer_id,
            "shipment_id": case.shipment_id,
            "state": case.state,
            "trouble": case.finding,
            "assignee": case.assignee,
            "queue": case.queue,
            "waiting_on": case.waiting_on,
            "remedy": last[0].remedy if last else "",
            "remedy_state": last[0].state if last else "",
            "opened_at": case.opened_at,
            "updated_at": case.modified_on,
            "due_at": case.clocks.next_due() if case.is_open else None,
        },
    )
    for approval in case.approvals.values():
        yield Row(
            "approvals",
            {
                "id": approval.id,
                "version": case.version,
                "case_id": case.id,
                "shop_id": case.shop_id,
                "order_id": case.order_id,
                "customer_id": case.customer_id,
                "state": approval.state,
                "requested_at": approval.requested_at,
            },
        )
    for decision in case.decisions.values():
        facts = {"outcome": decision.outcome, "policy_version": decision.policy_version}
        yield Row("decisions", {"id": decision.id, "version": case.version, "case_id": case.id, "facts": facts})


def _shipment_row(parcel: Shipment) -> Row:
    updated: datetime = parcel.modified_on
    return Row(
        "shipments",
        {
            "id": parcel.id,
            "version": parcel.version,
            "shop_id": parcel.shop_id,
            "shipment_id": parcel.shipment_id,
            "order_id": parcel.order_id,
            "customer_id": parcel.customer_id,
            "carrier": parcel.carrier,
            "tracking_number": parcel.parcel.tracking_number if parcel.parcel else "",
            "status": parcel.whereabouts.status,
            "live": parcel.live,
            "updated_at": updated,
        },
    )
