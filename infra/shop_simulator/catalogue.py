"""What the simulated shop sells and to whom. Everything follows from the seed."""

import random
from dataclasses import dataclass
from datetime import datetime

from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import customers_pb2, orders_pb2
from google.protobuf.timestamp_pb2 import Timestamp


@dataclass(frozen=True, slots=True)
class Product:
    """`price` is in minor units of the shop's currency, tax included."""

    sku: str
    title: str
    category: str
    price: int
    final_sale: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with one e-mail address; `language` is a BCP 47 tag."""

    customer_id: str
    given_name: str
    family_name: str
    language: str
    country: str
    time_zone: str

    @property
    def email(self) -> str:
        return f"{self.given_name}.{self.family_name}@example.test".lower()


PRODUCTS = (
    Product("SHOE-RUN-42", "Running shoe Falke, size 42", "shoes/running", 8995),
    Product("KETTLE-17", "Kettle, 1.7 l", "kitchen/kettles", 4990),
    Product("TEE-BLK-M", "T-shirt, black, M", "clothing/shirts", 1999),
    Product("LAMP-DESK", "Desk lamp", "home/lamps", 6450),
    Product("BAG-CITY", "City backpack", "bags/backpacks", 11900),
    Product("MUG-SET-4", "Set of four mugs", "kitchen/mugs", 2480),
    Product("SCARF-SALE", "Wool scarf, last of its kind", "clothing/scarves", 3500, final_sale=True),
    Product("HEADSET-2", "Wireless headset", "electronics/audio", 15900),
)

VARIANTS = (
    Product("SHOE-RUN-43", "Running shoe Falke, size 43", "shoes/running", 8995),
    Product("TEE-BLK-L", "T-shirt, black, L", "clothing/shirts", 1999),
    Product("TEE-ORG-M", "T-shirt, organic cotton, M", "clothing/shirts", 2499),
    Product("KETTLE-12", "Kettle, 1.2 l", "kitchen/kettles", 3990),
)
"""What is only given in exchange."""

_GIVEN = ("Anna", "Jonas", "Mia", "Paul", "Lea", "Emma", "Oliver", "Grace", "Noah", "Sofia")
_FAMILY = ("Becker", "Schmidt", "Weber", "Wagner", "Hughes", "Clarke", "Moore", "Fischer", "Kelly", "Lang")
_HOMES = (("de", "DE", "Europe/Berlin"), ("de-AT", "AT", "Europe/Vienna"), ("en", "IE", "Europe/Dublin"))


def person(number: int, seed: int) -> Person:
    """The `number`-th customer of this seed."""
    rng = random.Random(f"{seed}/{number}")
    language, country, zone = rng.choice(_HOMES)
    family = f"{rng.choice(_FAMILY)}{number}"
    return Person(f"C-{seed}-{number}", rng.choice(_GIVEN), family, language, country, zone)


def customer_record(shop_id: str, who: Person, *, at: datetime) -> customers_pb2.CustomerUpserted:
    """What the shop publishes of a customer."""
    return customers_pb2.CustomerUpserted(
        shop_id=shop_id,
        customer_id=who.customer_id,
        occurred_at=instant(at),
        version=1,
        given_name=who.given_name,
        family_name=who.family_name,
        language=who.language,
        country=who.country,
        time_zone=who.time_zone,
        contacts=[customers_pb2.CustomerUpserted.Contact(channel="email", address=who.email, verified=True)],
    )


def line(line_id: str, product: Product, quantity: int, currency: str, *, coupon: int = 0) -> orders_pb2.Line:
    """An order line with the shop's own discount and tax lines; `coupon` minor units are taken off the whole line."""
    paid = product.price * quantity - coupon
    made = orders_pb2.Line(
        line_id=line_id,
        sku=product.sku,
        product_id=product.sku.partition("-")[0],
        title=product.title,
        category=product.category,
        quantity=quantity,
        unit_price=money(product.price, currency),
        taxes=[
            orders_pb2.TaxLine(
                name="VAT", rate="0.19", jurisdiction="DE", amount=money(round(paid * 19 / 119), currency)
            )
        ],
        final_sale=product.final_sale,
    )
    if coupon:
        made.discounts.append(
            orders_pb2.DiscountAllocation(discount_id="coupon", code="HELLO", amount=money(coupon, currency))
        )
    return made


def money(minor: int, currency: str) -> money_pb2.Money:
    """An amount in minor units."""
    return money_pb2.Money(minor_units=minor, currency=currency)


def instant(at: datetime) -> Timestamp:
    """A UTC instant as protobuf has it."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
