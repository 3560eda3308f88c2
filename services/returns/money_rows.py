"""What a ledger is shown as: the order's sums, each movement of money with its credit note, and captures that webhooks
name.

Guarantee: rows are a pure function of the ledger; the tables they lie in are those of `read_model`, and one of its own.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from chassis.domain import derived_id
from chassis.service import Row
from services.returns.domain.ledger import Ledger
from services.returns.domain.ledger.statement import statement_of


def money_rows(ledger: Ledger) -> Iterable[Row]:
    """All rows of one ledger."""
    yield _ledger_row(ledger)
    yield from _capture_rows(ledger)
    yield from _movement_rows(ledger)
    yield from _note_rows(ledger)


def _ledger_row(ledger: Ledger) -> Row:
    statement = statement_of(ledger.books)
    unknown = any(transfer.state.value in ("unknown", "held") for transfer in ledger.transfers.values())
    return Row(
        "ledgers",
        {
            "id": ledger.id,
            "version": ledger.version,
            "shop_id": ledger.shop_id,
            "order_id": ledger.order_id,
            "customer_id": ledger.customer_id,
            "currency": ledger.currency,
            "paid": statement.paid,
            "refunded": statement.refunded,
            "pending": statement.pending,
            "unknown": unknown,
            "frozen": ledger.frozen,
            "updated_at": ledger.modified_on,
        },
    )


def _movement_rows(ledger: Ledger) -> Iterable[Row]:
    for transfer in ledger.transfers.values():
        yield Row(
            "movements",
            {
                "id": derived_id("returns.movement", transfer.key),
                "version": ledger.version,
                "shop_id": ledger.shop_id,
                "order_id": ledger.order_id,
                "customer_id": ledger.customer_id,
                "key": transfer.key,
                "reference": transfer.reference,
                "provider": transfer.provider,
                "tender_id": transfer.tender_id,
                "way": transfer.way.value,
                "minor": transfer.amount.minor,
                "currency": transfer.amount.currency,
                "state": transfer.state.value,
                "planned_at": ledger.claims[transfer.claim_id].at,
                "settled_at": transfer.settled_at,
                "updated_at": ledger.modified_on,
            },
        )


def _note_rows(ledger: Ledger) -> Iterable[Row]:
    for note in ledger.notes.values():
        yield Row(
            "credit_notes",
            {
                "id": derived_id("returns.credit_note", note.id),
                "version": ledger.version,
                "shop_id": ledger.shop_id,
                "order_id": ledger.order_id,
                "customer_id": ledger.customer_id,
                "note_id": note.id,
                "movement": note.transfer_key,
                "state": note.state.value,
                "waiting": note.waits_for_person,
                "minor": note.amount.minor,
                "tax": note.tax.minor,
                "currency": note.amount.currency,
                "number": note.number,
                "issued_on": note.issued_on.isoformat() if note.issued_on else "",
                "reason": note.reason,
                "cancelled_by": note.cancelled_by,
                "asked_at": note.asked_at,
                "updated_at": ledger.modified_on,
            },
        )


def note_table(metadata: sa.MetaData) -> sa.Table:
    """The table of credit notes."""
    return sa.Table(
        "credit_notes",
        metadata,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in _NAMES),
        sa.Column("waiting", sa.Boolean, nullable=False),
        sa.Column("minor", sa.BigInteger, nullable=False),
        sa.Column("tax", sa.BigInteger, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Index("credit_notes_latest", "shop_id", "asked_at", "id"),
        sa.Index("credit_notes_waiting", "shop_id", "asked_at", "id", postgresql_where=sa.text("waiting")),
        sa.Index("credit_notes_order", "order_id"),
    )


_NAMES = (
    "shop_id",
    "order_id",
    "customer_id",
    "note_id",
    "movement",
    "state",
    "currency",
    "number",
    "issued_on",
    "reason",
    "cancelled_by",
)


def _capture_rows(ledger: Ledger) -> Iterable[Row]:
    """Only of providers that are asked directly: their webhooks name a payment, not an order."""
    direct = {tender.tender_id for tender in ledger.tenders if tender.provider}
    for capture_id, (tender_id, _) in ledger.captures.items() if direct else ():
        if tender_id in direct:
            yield Row(
                "captures",
                {
                    "id": derived_id("returns.capture", ledger.shop_id, capture_id),
                    "version": ledger.version,
                    "shop_id": ledger.shop_id,
                    "order_id": ledger.order_id,
                    "customer_id": ledger.customer_id,
                    "capture_id": capture_id,
                    "tender_id": tender_id,
                },
            )
