"""How many units of each article were sold, line by line: what return rates are of.

Guarantee: a projection of the log. It depends on the order's facts alone, whatever became of its returns; the newest
version of an order is what counts, and a line that is gone from it counts nothing.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from chassis.projections import Logged
from chassis.wake import Session
from services.returns.domain.order import OrderSnapshot
from services.returns.domain.order.events import OrderHeardOf, OrderRecorded

metadata = sa.MetaData()
"""Apart from the read model's: the append does not fill these."""

sold_orders = sa.Table(
    "sold_orders",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
)

sold_lines = sa.Table(
    "sold_lines",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("line_id", sa.Text, primary_key=True),
    sa.Column("shop_id", sa.Text, nullable=False),
    sa.Column("order_id", sa.Text, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("sold_lines_sku", "shop_id", "sku", "placed_at", postgresql_include=["quantity", "order_id"]),
)

_NAME = "INSERT INTO sold_orders(id, shop_id, order_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_GONE = "DELETE FROM sold_lines WHERE id = $1 AND NOT line_id = ANY($2::text[])"
_LINES = """
INSERT INTO sold_lines(id, line_id, shop_id, order_id, sku, quantity, placed_at)
SELECT o.id, l.line_id, o.shop_id, o.order_id, l.sku, l.quantity, $2
FROM sold_orders o, unnest($3::text[], $4::text[], $5::int[]) AS l(line_id, sku, quantity) WHERE o.id = $1
ON CONFLICT (id, line_id) DO UPDATE
SET sku = excluded.sku, quantity = excluded.quantity, placed_at = excluded.placed_at
"""


class Sales:
    """Follows orders."""

    name = "sales"
    tables = (sold_orders.name, sold_lines.name)

    async def apply(self, connection: Session, events: Sequence[Logged]) -> None:
        """Take orders as they are told."""
        for logged in events:
            match logged.event:
                case OrderHeardOf() as heard:
                    await connection.execute(_NAME, heard.originator_id, heard.shop_id, heard.order_id)
                case OrderRecorded() as told:
                    lines = sold(told.order)
                    names = [line_id for line_id, _, _ in lines]
                    await connection.execute(_GONE, told.originator_id, names)
                    await connection.execute(
                        _LINES,
                        told.originator_id,
                        told.order.placed_at,
                        names,
                        [sku for _, sku, _ in lines],
                        [quantity for _, _, quantity in lines],
                    )
                case _:
                    pass


def sold(order: OrderSnapshot) -> list[tuple[str, str, int]]:
    """Line, article and units that were sold by an order. What replaces other goods is not sold again."""
    replaces = bool(order.exchange_of) and order.exchange_value is None
    counts = not replaces and order.cancelled_at is None
    return [(line.line_id, line.sku, line.quantity - line.cancelled_quantity if counts else 0) for line in order.lines]
