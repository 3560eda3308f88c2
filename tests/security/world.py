"""Two shops and three people, each with an order, a parcel, a case of every kind and messages about them, in all four
services. Facts are handed to the services' own handlers, and what those tell the world is handed on.

Anna and Ben buy at the first shop; the second shop has a customer with the same customer id as Anna.
"""
# long: whatever anybody can have in any service, in one place

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from aftercare.orders.v1 import shipments_pb2
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.domain import Money
from chassis.effects.effect import effect_id
from chassis.work import SYSTEM, Work
from infra.local.databases import ServiceDatabase
from infra.local.tokens import Issuer
from infra.shop_simulator.catalogue import PRODUCTS, Person, customer_record
from infra.shop_simulator.lives import Bought, about_parcel, captured_record, order_record, parcel_record
from services.returns.application.answered import CHANGE_EFFECTS
from services.returns.domain.change import ChangeKind
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import CreditNote, Ledger
from tests.security.served import NAMES, Served, serving
from tests.security.telling import arrived, hand, spread

KETTLE = next(product for product in PRODUCTS if product.sku == "KETTLE-17")
MUGS = next(product for product in PRODUCTS if product.sku == "MUG-SET-4")

FIELDS: Mapping[str, tuple[str, ...]] = {
    "cases": ("case_id", "rma_id"),
    "approvals": ("approval_id",),
    "decisions": ("decision_id",),
    "investigations": ("investigation_id",),
    "messages": ("message_id", "case_id"),
    "withdrawals": ("withdrawal_id",),
    "conformity": ("conformity_id",),
    "changes": ("change_id",),
}
"""The names under which requests ask for the rows of a read-model table."""


ACTIONS = {"returns": "GiveGoodwill", "shipping_issues": "RequestRefund", "quality_complaints": "ResolveComplaint"}
"""What may be asked of a second person."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody whose things are asked for. The family name occurs nowhere else."""

    shop_id: str
    person: Person
    order_id: str
    shipment_id: str

    def gift_code(self) -> str:
        """On the gift receipt of the first line."""
        return f"gift-code-of-{self.order_id}"

    def marks(self) -> tuple[str, ...]:
        """What nobody else's answers may contain."""
        return self.order_id, self.shipment_id, self.person.family_name


def owner(shop_id: str, customer_id: str, tag: str) -> Owner:
    person = Person(customer_id, "Kim", f"Family{tag}", "de", "DE", "Europe/Berlin")
    return Owner(shop_id, person, f"O-{tag}", f"S-{tag}")


ANNA = owner("shop-1", "C-1", "anna")
BEN = owner("shop-1", "C-2", "ben")
NAMESAKE = owner("shop-2", "C-1", "namesake")
OWNERS = (ANNA, BEN, NAMESAKE)


@dataclass(slots=True)
class World:
    """The four services, served, and what they know."""

    services: Mapping[str, Served]
    issuer: Issuer
    ids: dict[tuple[str, str], dict[str, str]]
    """By service and order: the field of a request, and what stands in it for this order's owner."""

    def token(self, role: str, owner: Owner | None = ANNA, *more: str) -> str:
        """Of somebody with this role at the owner's shop; a customer's is the owner's own."""
        customer = owner.person.customer_id if owner and role == "customer" else None
        shops = [owner.shop_id] if owner else []
        return self.issuer.issue(customer or f"some-{role}", [role, *more], shops, customer)


def facts_of(owner: Owner, now: datetime) -> list[Message]:
    """Bought, paid, packed, handed over, and broken by the carrier."""
    promised = now + timedelta(days=2)
    order = order_record(
        owner.shop_id,
        owner.order_id,
        owner.person,
        (Bought(KETTLE, 3), Bought(MUGS, 1)),
        placed_at=now - timedelta(days=1),
        deliver_by=promised,
    )
    parcel = owner.shipment_id
    packed = parcel_record(order, parcel, at=now - timedelta(hours=4), promised_by=promised)
    del packed.contents[1:]  # the mugs have not left
    order.lines[0].gift, order.lines[0].gift_code = True, owner.gift_code()

    def about(kind: Any, hours: float, **more: Any) -> Message:
        said: Message = about_parcel(kind, order, parcel, at=now - timedelta(hours=hours), **more)
        return said

    return [
        customer_record(owner.shop_id, owner.person, at=now - timedelta(days=1)),
        order,
        captured_record(order),
        packed,
        about(shipments_pb2.HandedOver, 3),
        about(shipments_pb2.DeliveryException, 2, exception_key="1", carrier="dhl", exception="damaged"),
        about(shipments_pb2.Delivered, 1, delivery_key="1", handed_to="recipient"),
    ]


async def settle(services: Mapping[str, Served], issuer: Issuer, owner: Owner) -> dict[tuple[str, str], dict[str, str]]:
    """What the owner has in each service beside what facts bring: a return, a complaint, remedies, approvals.

    What no table has under its field's name: the remedies' ids and the parcel's number, by service.
    """
    agent = issuer.issue("ann", ["agent"], [owner.shop_id])
    returns, shipping, complaints = (services[n] for n in ("returns", "shipping_issues", "quality_complaints"))
    rma = await order(
        returns, agent, "RequestReturn", order_id=owner.order_id, shop_id=owner.shop_id,
        items=[{"line_id": "L1", "quantity": 1, "reason": "faulty"}],
    )  # fmt: skip
    unit, lack = {"line_id": "L1", "quantity": 1, "units": [2]}, {"line_id": "L1", "unit": 3}
    await order(returns, agent, "GiveWithdrawalNotice", order_id=owner.order_id, items=[unit])
    await order(returns, agent, "ReportLack", order_id=owner.order_id, unit=lack, description="it hums")
    mugs = {"reason": "changed_mind", "cancellation": {"items": [{"line_id": "L2", "quantity": 1}]}}
    changed = await order(returns, agent, "RequestChange", order_id=owner.order_id, shop_id=owner.shop_id, wanted=mugs)
    parcel = f"R-{owner.order_id}"
    clerk = issuer.issue("cleo", ["warehouse"], [owner.shop_id])
    await order(returns, clerk, "RegisterParcel", shop_id=owner.shop_id, receipt_number=parcel)
    await order(
        returns, agent, "RequestApproval", case_id=rma.receipt.id, action="GiveGoodwill",
        amount={"minor_units": 9_000, "currency": "EUR"}, reason="regular",
    )  # fmt: skip
    filed = await order(
        complaints, agent, "FileComplaint", order_id=owner.order_id, line_id="L1", quantity=1, symptom="leaks"
    )
    await order(
        complaints, agent, "OpenInvestigation", shop_id=owner.shop_id, sku=KETTLE.sku, symptom="leaks",
        case_ids=[filed.receipt.id],
    )  # fmt: skip
    amount = {"minor_units": 5_000, "currency": "EUR"}
    await order(
        complaints, agent, "RequestApproval", case_id=filed.receipt.id, action="ResolveComplaint", amount=amount,
        reason="regular",
    )  # fmt: skip
    await order(
        complaints,
        agent,
        "AssessComplaint",
        case_id=filed.receipt.id,
        severity="critical",
        urgency="low",
        symptom="leaks",
    )
    resolved = await order(
        complaints, agent, "ResolveComplaint", case_id=filed.receipt.id,
        refund={"amount": {"minor_units": 300, "currency": "EUR"}},
    )  # fmt: skip
    harmed = await order(shipping, agent, "ListCases", filter=f'order_id = "{owner.order_id}"')
    (case_id,) = [case.case_id for case in harmed.cases]
    await order(
        shipping, agent, "RequestApproval", case_id=case_id, action="RequestRefund", amount=amount, reason="regular"
    )
    refund = await order(
        shipping,
        agent,
        "RequestRefund",
        case_id=case_id,
        amount={"minor_units": 300, "currency": "EUR"},
        reason="broken",
    )
    handed = {
        name: await _handed_on(services[name], issuer, owner)
        for name in ("returns", "shipping_issues", "quality_complaints")
    }
    return {
        ("returns", owner.order_id): {
            **handed["returns"],
            "receipt_number": parcel,
            "effect_id": str(effect_id("returns", CHANGE_EFFECTS[ChangeKind.CANCEL], changed.receipt.id)),
            "note_id": await _lost_note(returns, owner),
        },
        ("quality_complaints", owner.order_id): {
            **handed["quality_complaints"],
            "remedy_id": resolved.receipt.facts["remedy_id"],
        },
        ("shipping_issues", owner.order_id): {
            **handed["shipping_issues"],
            "remedy_id": refund.receipt.facts["remedy_id"],
        },
    }


async def _handed_on(service: Served, issuer: Issuer, owner: Owner) -> dict[str, str]:
    """A supervisor of the owner's shop lets somebody decide for a week."""
    giver = f"sue-of-{owner.order_id}"
    ends_at = datetime.now(UTC) + timedelta(days=7)
    token = issuer.issue(giver, ["supervisor"], [owner.shop_id])
    made = await order(service, token, "DelegateApprovals", deputy="dora", ends_at=ends_at, reason="holiday")
    return {"giver": giver, "delegation_id": made.receipt.facts["delegation_id"]}


async def _lost_note(returns: Served, owner: Owner) -> str:
    """A credit note that waits for finance, as a restore leaves one."""
    id, amount = f"N-{owner.order_id}", Money(300, "EUR")

    async def count(work: Work) -> None:
        ledger = await work.get(Ledger, ledger_id_of(owner.shop_id, owner.order_id))
        ledger.count_lost_note(CreditNote(id, f"T-{id}", "", amount, (), (), work.now), at=work.now)

    await returns.stores.units.run(count, actor=SYSTEM, cause="test")
    return id


async def order(service: Served, token: str, rpc: str, **values: Any) -> Any:
    """A command by its rpc's name."""
    path = next(path for path in service.methods if path.endswith(f"/{rpc}"))
    kind = service.methods[path].input_type
    request_id = {"request_id": str(uuid4())} if "request_id" in kind.fields_by_name else {}
    request: Any = GetMessageClass(kind)(**request_id, **values)
    return await service.call(path, request, token)


async def ids_of(name: str, url: str, owner: Owner) -> dict[str, str]:
    """What stands in requests for the things of this owner."""
    found = {
        "shop_id": owner.shop_id,
        "customer_id": owner.person.customer_id,
        "order_id": owner.order_id,
        "line_id": "L1",
        "shipment_id": owner.shipment_id,
        "gift_code": owner.gift_code(),
    }
    connection = await asyncpg.connect(url)
    try:
        for table, fields in FIELDS.items():
            for field, id in await _ids(connection, table, fields, owner):
                found.setdefault(field, id)
    finally:
        await connection.close()
    if "case_id" in found:
        found["case_ids"] = found["case_id"]
    return found


async def _ids(
    connection: "asyncpg.Connection[Any]", table: str, fields: tuple[str, ...], owner: Owner
) -> list[tuple[str, str]]:
    columns = {
        row[0]
        for row in await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table
        )
    }
    if not columns:
        return []
    if "order_id" in columns:
        rows = await connection.fetch(f"SELECT * FROM {table} WHERE order_id = $1 ORDER BY id", owner.order_id)
    elif "case_id" in columns:
        rows = await connection.fetch(
            f"SELECT * FROM {table} WHERE case_id IN (SELECT id FROM cases WHERE order_id = $1) ORDER BY id",
            owner.order_id,
        )
    else:
        rows = await connection.fetch(f"SELECT * FROM {table} WHERE shop_id = $1 ORDER BY id", owner.shop_id)
    return [(field, str(row["id"])) for row in rows for field in fields]


@asynccontextmanager
async def world(
    databases: Mapping[str, ServiceDatabase], issuer: Issuer, kafka: str, now: datetime
) -> AsyncIterator[World]:
    """All of it, until the block ends."""
    async with AsyncExitStack() as stack:
        services = {
            name: await stack.enter_async_context(serving(name, databases[name], issuer, kafka)) for name in NAMES
        }
        seen: dict[str, tuple[int, int]] = {}
        remedies: dict[tuple[str, str], dict[str, str]] = {}
        for one in OWNERS:
            for fact in facts_of(one, now):
                for service in services.values():
                    await hand(service, arrived(fact))
            await spread(services, seen)
            remedies |= await settle(services, issuer, one)
            await spread(services, seen)
        urls = {name: databases[name].migration_url for name in NAMES}
        ids = {(name, one.order_id): await ids_of(name, urls[name], one) for name in NAMES for one in OWNERS}
        for place, found in remedies.items():
            ids[place] |= found
        yield World(services, issuer, ids)
