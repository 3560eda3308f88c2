"""An order as five platforms and a home-made one tell it, as the record that Aftercare reads.

    .venv/bin/python docs/examples/map_orders.py spree docs/examples/orders/spree.json

prints the `aftercare.orders.v1.OrderRecorded` to publish on `shop.orders.v1`. Each mapping is one function without any
library; docs/map_order_events.md says it field by field. Copy the one you need and change it.
"""
# long: one mapping after the other, each to be copied alone

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

SHOP = "my-shop"
Told = dict[str, Any]

ZONES = {"DE": "Europe/Berlin", "FR": "Europe/Paris", "US": "America/New_York"}
"""No platform says in which time zone a customer lives. A country with several needs a table by state or post code."""

DECIMALS = {"JPY": 0, "KRW": 0, "KWD": 3, "BHD": 3, "TND": 3}
"""Of all other currencies: two."""


def money(amount: str | float | Decimal, currency: str) -> Told:
    """Major units as they are written, for instance ``"49.90"``, as minor units. What is no whole one is an error."""
    minor = Decimal(str(amount)).scaleb(DECIMALS.get(currency, 2))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} {currency} is no whole number of minor units")
    return {"minorUnits": int(minor), "currency": currency}


def cents(minor: int, currency: str) -> Told:
    """Minor units, where the platform counts in them."""
    return {"minorUnits": minor, "currency": currency}


def version(changed_at: str) -> int:
    """A number that rises with every change: the milliseconds of the instant at which the order became so."""
    return int(datetime.fromisoformat(changed_at).timestamp() * 1000)


def instant(text: str) -> str:
    """An instant as protobuf's JSON wants it."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


def off(id: str, code: str, amount: Told) -> list[Told]:
    """What was taken off, where anything was."""
    return [{"discountId": id, "code": code, "amount": amount}] if amount["minorUnits"] else []


def taxed(name: str, rate: str, jurisdiction: str, amount: Told) -> list[Told]:
    """A tax as the platform computed it, where there is one."""
    return (
        [{"name": name, "rate": rate, "jurisdiction": jurisdiction, "amount": amount}] if amount["minorUnits"] else []
    )


def fraction(percent: float | str) -> str:
    """19 as 0.19."""
    return format((Decimal(str(percent)) / 100).normalize(), "f")


def recorded(order_id: str, number: str, changed_at: str, placed_at: str, country: str, currency: str) -> Told:
    """What every order has."""
    return {
        "shopId": SHOP,
        "orderId": order_id,
        "orderNumber": number,
        "occurredAt": instant(changed_at),
        "version": version(changed_at),
        "placedAt": instant(placed_at),
        "country": country,
        "timeZone": ZONES[country],
        "currency": currency,
    }


def from_spree(event: Told) -> Told:
    """The `data` of the webhooks order.completed, order.updated, order.canceled and order.paid."""
    order = event["data"]
    currency = order["currency"]

    def less(line: Told) -> Told:
        return money(-Decimal(line["promo_total"]), currency)

    country = order["ship_address"]["country_iso"]
    included = bool(Decimal(order["included_tax_total"]))

    def tax(line: Told) -> Told:
        return money(Decimal(line["included_tax_total"]) + Decimal(line["additional_tax_total"]), currency)

    record = recorded(order["id"], order["number"], order["updated_at"], order["completed_at"], country, currency)
    return record | {
        "customerId": order["customer_id"],
        "language": order["locale"],
        "pricesIncludeTax": included,
        "lines": [
            {
                "lineId": line["id"],
                "sku": line["sku"],
                "variantId": line["variant_id"],
                "title": line["name"],
                "quantity": line["quantity"],
                "unitPrice": money(line["price"], currency),
                "discounts": off("promotion", order["coupon_code"] or "", less(line)),
                "taxes": taxed("VAT", "", country, tax(line)),
            }
            for line in order["line_items"]
        ],
        "components": [
            {
                "componentId": shipment["id"],
                "kind": "shipping",
                "amount": money(shipment["cost"], currency),
                "serviceLevel": shipment["shipping_method"]["code"],
            }
            for shipment in order["shipments"]
        ],
        "tenders": [
            {
                "tenderId": payment["id"],
                "kind": "card",
                "provider": payment["payment_method"]["type"],
                "captures": [{"captureId": payment["response_code"], "amount": money(payment["amount"], currency)}],
            }
            for payment in order["payments"]
            if payment["state"] == "completed"
        ],
    }


def from_medusa(order: Told) -> Told:
    """The order of the event order.placed or order.updated, queried with its items, methods and payments (v2)."""
    currency = order["currency_code"].upper()
    country = order["shipping_address"]["country_code"].upper()

    def promotions(thing: Told) -> list[Told]:
        return [
            {"discountId": one["promotion_id"], "code": one["code"], "amount": money(one["amount"], currency)}
            for one in thing["adjustments"]
        ]

    def taxes(thing: Told) -> list[Told]:
        return [
            {
                "name": one["description"],
                "rate": fraction(one["rate"]),
                "jurisdiction": country,
                "amount": money(one["total"], currency),
            }
            for one in thing["tax_lines"]
        ]

    record = recorded(
        order["id"], str(order["display_id"]), order["updated_at"], order["created_at"], country, currency
    )
    return record | {
        "customerId": order["customer_id"],
        "pricesIncludeTax": order["items"][0]["is_tax_inclusive"],
        "lines": [
            {
                "lineId": item["id"],
                "sku": item["variant_sku"],
                "productId": item["product_id"],
                "variantId": item["variant_id"],
                "title": item["title"],
                "category": item["product_type"] or "",
                "quantity": item["quantity"],
                "unitPrice": money(item["unit_price"], currency),
                "discounts": promotions(item),
                "taxes": taxes(item),
            }
            for item in order["items"]
        ],
        "components": [
            {
                "componentId": method["id"],
                "kind": "shipping",
                "amount": money(method["amount"], currency),
                "serviceLevel": method["name"],
                "discounts": promotions(method),
                "taxes": taxes(method),
            }
            for method in order["shipping_methods"]
        ],
        "tenders": [
            {
                "tenderId": payment["id"],
                "kind": "card",
                "provider": payment["provider_id"],
                "captures": [
                    {"captureId": capture["id"], "amount": money(capture["amount"], currency)}
                    for capture in payment["captures"]
                ],
            }
            for collection in order["payment_collections"]
            for payment in collection["payments"]
        ],
        **({"cancelledAt": instant(order["canceled_at"])} if order["canceled_at"] else {}),
    }


def from_saleor(event: Told) -> Told:
    """What the subscription of ORDER_CREATED and ORDER_UPDATED on the page gives."""
    order = event["order"]
    shipping = order["shippingPrice"]
    currency = shipping["gross"]["currency"]
    country = order["shippingAddress"]["country"]["code"]

    def gross(price: Told) -> Told:
        return money(price["gross"]["amount"], currency)

    def less(line: Told) -> Told:
        before, after = gross(line["undiscountedTotalPrice"]), gross(line["totalPrice"])
        return cents(before["minorUnits"] - after["minorUnits"], currency)

    record = recorded(order["id"], order["number"], order["updatedAt"], order["created"], country, currency)
    return record | {
        "customerId": order["user"]["id"],
        "channel": order["channel"]["slug"],
        "language": order["languageCodeEnum"].lower(),
        "pricesIncludeTax": True,
        "lines": [
            {
                "lineId": line["id"],
                "sku": line["productSku"],
                "variantId": line["productVariantId"],
                "title": line["productName"],
                "gift": line["isGift"],
                "quantity": line["quantity"],
                "unitPrice": gross(line["undiscountedUnitPrice"]),
                "discounts": off("discount", line["voucherCode"] or "", less(line)),
                "taxes": taxed(
                    "VAT", str(line["taxRate"]), country, money(line["totalPrice"]["tax"]["amount"], currency)
                ),
            }
            for line in order["lines"]
        ],
        "components": [
            {
                "componentId": "shipping",
                "kind": "shipping",
                "amount": gross(shipping),
                "serviceLevel": order["shippingMethodName"],
                "taxes": taxed("VAT", "", country, money(shipping["tax"]["amount"], currency)),
            }
        ],
        "tenders": [
            {
                "tenderId": one["id"],
                "kind": "card",
                "captures": [
                    {
                        "captureId": one["pspReference"],
                        "amount": money(one["chargedAmount"]["amount"], currency),
                    }
                ],
            }
            for one in order["transactions"]
        ],
    }


def from_vendure(order: Told) -> Told:
    """The Order of OrderPlacedEvent and OrderStateTransitionEvent; its amounts are minor units."""
    currency = order["currencyCode"]
    country = order["shippingAddress"]["countryCode"]

    def less(before: int, after: int, thing: Told) -> list[Told]:
        source = thing["discounts"][0]["adjustmentSource"] if thing["discounts"] else "discount"
        return off(source, (order["couponCodes"] or [""])[0], cents(before - after, currency))

    record = recorded(order["id"], order["code"], order["updatedAt"], order["orderPlacedAt"], country, currency)
    return record | {
        "customerId": order["customer"]["id"],
        "pricesIncludeTax": True,
        "lines": [
            {
                "lineId": line["id"],
                "sku": line["productVariant"]["sku"],
                "variantId": line["productVariant"]["id"],
                "title": line["productVariant"]["name"],
                "quantity": line["orderPlacedQuantity"],
                "cancelledQuantity": line["orderPlacedQuantity"] - line["quantity"],
                "unitPrice": cents(line["unitPriceWithTax"], currency),
                "discounts": less(line["linePriceWithTax"], line["proratedLinePriceWithTax"], line),
                "taxes": taxed(
                    line["taxLines"][0]["description"],
                    fraction(line["taxRate"]),
                    country,
                    cents(line["lineTax"], currency),
                ),
            }
            for line in order["lines"]
        ],
        "components": [
            {
                "componentId": line["id"],
                "kind": "shipping",
                "amount": cents(line["priceWithTax"], currency),
                "serviceLevel": line["shippingMethod"]["code"],
                "discounts": less(line["priceWithTax"], line["discountedPriceWithTax"], line),
            }
            for line in order["shippingLines"]
        ],
        "tenders": [
            {
                "tenderId": payment["id"],
                "kind": "card",
                "provider": payment["method"],
                "captures": [{"captureId": payment["transactionId"], "amount": cents(payment["amount"], currency)}],
            }
            for payment in order["payments"]
            if payment["state"] == "Settled"
        ],
    }


def from_shopify(order: Told) -> Told:
    """The order of the webhooks orders/create, orders/updated and orders/cancelled, with its transactions."""
    currency = order["currency"]
    address = order["shipping_address"]

    def allocated(thing: Told) -> list[Told]:
        applied = [
            order["discount_applications"][one["discount_application_index"]] for one in thing["discount_allocations"]
        ]
        return [
            {
                "discountId": f"{how['type']}-{one['discount_application_index']}",
                "code": how.get("code", ""),
                "amount": money(one["amount"], currency),
            }
            for one, how in zip(thing["discount_allocations"], applied, strict=True)
        ]

    def taxes(thing: Told) -> list[Told]:
        place = f"{address['country_code']}-{address['province_code']}"
        return [
            {
                "name": one["title"],
                "rate": str(one["rate"]),
                "jurisdiction": place,
                "amount": money(one["price"], currency),
            }
            for one in thing["tax_lines"]
        ]

    record = recorded(
        str(order["id"]), order["name"], order["updated_at"], order["created_at"], address["country_code"], currency
    )
    return record | {
        "customerId": str(order["customer"]["id"]),
        "channel": order["source_name"],
        "language": order["customer_locale"],
        "pricesIncludeTax": order["taxes_included"],
        "lines": [
            {
                "lineId": str(line["id"]),
                "sku": line["sku"],
                "productId": str(line["product_id"]),
                "variantId": str(line["variant_id"]),
                "title": line["title"],
                "quantity": line["quantity"],
                "cancelledQuantity": line["quantity"] - line["current_quantity"],
                "unitPrice": money(line["price"], currency),
                "discounts": allocated(line),
                "taxes": taxes(line),
            }
            for line in order["line_items"]
        ],
        "components": [
            {
                "componentId": str(line["id"]),
                "kind": "shipping",
                "amount": money(line["price"], currency),
                "serviceLevel": line["code"],
                "discounts": allocated(line),
                "taxes": taxes(line),
            }
            for line in order["shipping_lines"]
        ],
        "tenders": [
            {
                "tenderId": one["gateway"],
                "kind": "card",
                "provider": one["gateway"],
                "captures": [{"captureId": str(one["id"]), "amount": money(one["amount"], currency)}],
            }
            for one in order["transactions"]
            if one["kind"] in ("sale", "capture") and one["status"] == "success"
        ],
        **({"cancelledAt": instant(order["cancelled_at"])} if order["cancelled_at"] else {}),
    }


def from_home_made(row: Told) -> Told:
    """A row of your own with its lines. Discounts of the whole order need not be allocated: they are split for you."""
    currency = row["currency"]
    record = recorded(row["number"], row["number"], row["changed_at"], row["placed_at"], row["country"], currency)
    return record | {
        "customerId": row["customer"],
        "pricesIncludeTax": True,
        "lines": [
            {
                "lineId": str(line["position"]),
                "sku": line["sku"],
                "title": line["title"],
                "category": line["category"],
                "tags": line["tags"],
                "finalSale": line["final_sale"],
                "quantity": line["quantity"],
                "cancelledQuantity": line["cancelled"],
                "unitPrice": money(line["price"], currency),
            }
            for line in row["lines"]
        ],
        "components": [{"componentId": "shipping", "kind": "shipping", "amount": money(row["shipping"], currency)}],
        "unallocatedDiscounts": off("coupon", row["coupon"], money(row["coupon_value"], currency)),
        "tenders": [
            {
                "tenderId": "card",
                "kind": "card",
                "captures": [{"captureId": row["payment_id"], "amount": money(row["paid"], currency)}],
            }
        ],
    }


FROM: Mapping[str, Callable[[Told], Told]] = {
    "spree": from_spree,
    "medusa": from_medusa,
    "saleor": from_saleor,
    "vendure": from_vendure,
    "shopify": from_shopify,
    "home_made": from_home_made,
}

if __name__ == "__main__":
    platform, path = sys.argv[1:]
    print(json.dumps(FROM[platform](json.loads(Path(path).read_text())), indent=2))
