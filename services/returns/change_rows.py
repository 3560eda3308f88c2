"""Changes before dispatch as the desk and their customers see them; each row is a pure function of its change."""

import sqlalchemy as sa

from chassis.service import Row
from services.returns.domain.change import OrderChange


def change_table(metadata: sa.MetaData) -> sa.Table:
    """One row for each change."""
    instant = sa.DateTime(timezone=True)
    return sa.Table(
        "changes",
        metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("shop_id", sa.Text, nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("customer_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("waiting_on", sa.Text, nullable=False),
        sa.Column("due_at", instant),
        sa.Column("updated_at", instant, nullable=False),
        sa.Index("changes_latest", "updated_at", "id"),
        sa.Index("changes_order", "order_id"),
        sa.Index("changes_customer", "customer_id"),
    )


def change_row(known: OrderChange) -> Row:
    """Where it stands, and whose answer is due next."""
    awaited = known.next_due()
    return Row(
        "changes",
        {
            "id": known.id,
            "version": known.version,
            "shop_id": known.shop_id,
            "order_id": known.order_id,
            "customer_id": known.customer_id,
            "kind": known.kind.value,
            "state": known.state,
            "queue": known.queue,
            "waiting_on": known.waiting_on,
            "due_at": awaited[1] if awaited else None,
            "updated_at": known.modified_on,
        },
    )
