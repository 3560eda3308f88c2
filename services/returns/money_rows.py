"""What a ledger is shown as: the order's sums, each movement of money, and captures that webhooks name.

Guarantee: rows are a pure function of the ledger; the tables they lie in are those of `read_model`.
"""

from collections.abc import Iterable

from chassis.domain import derived_id
from chassis.service import Row
from services.returns.domain.ledger import Ledger
from services.returns.domain.ledger.statement import statement_of


def money_rows(ledger: Ledger) -> Iterable[Row]:
    """All rows of one ledger."""
    yield _ledger_row(ledger)
    yield from _capture_rows(ledger)
    yield from _movement_rows(ledger)


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
