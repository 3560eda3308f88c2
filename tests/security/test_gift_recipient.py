"""Who was given the goods reads, wherever a customer may ask and at each step of the return, nothing of who paid, how,
or how much, until credit is issued: its amount is theirs. The rpcs that are asked follow from the contract; a new one
is among them at once.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aftercare.orders.v1 import orders_pb2, receipts_pb2, shipments_pb2
from google.protobuf.message import Message
from grpc import StatusCode

from chassis.grpc.access import CUSTOMER
from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from infra.shop_simulator.catalogue import Person, customer_record, instant
from infra.shop_simulator.lives import Bought, about_parcel, captured_record, order_record, parcel_record
from tests.security.examples import example
from tests.security.served import Served, serving
from tests.security.telling import arrived, hand, spread
from tests.security.test_access import NO_ANSWER, access_of, outcome
from tests.security.world import KETTLE, order
from tests.unit.chassis.grpc.serving import Refusal

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

SHOP, ORDER, CODE, COUPON = "shop-1", "O-given", "a-gift-code-of-hers", 137
BUYER = Person("C-buyer", "Bertold", "Buyersfamily", "de", "DE", "Europe/Berlin")
RECIPIENT = Person("C-recipient", "Rita", "Recipientsfamily", "de", "DE", "Europe/Berlin")
UNIT = {"line_id": "L1", "unit": 1}


@dataclass(slots=True)
class Given:
    """A kettle that was bought by one and given to another."""

    services: dict[str, Served]
    issuer: Issuer
    bought: orders_pb2.OrderRecorded
    rma: str = ""
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def token(self, role: str) -> str:
        """Of the recipient, or of somebody at the shop."""
        customer = RECIPIENT.customer_id if role == CUSTOMER else None
        return self.issuer.issue(customer or f"some-{role}", [role], [SHOP], customer)

    async def tell(self, *facts: Message) -> None:
        """The shop tells it, and everybody hears what follows."""
        for fact in facts:
            for service in self.services.values():
                await hand(service, arrived(fact))
        await spread(self.services, self.seen)

    async def by(self, role: str, rpc: str, **values: Any) -> Any:
        """A command in returns."""
        answer = await order(self.services["returns"], self.token(role), rpc, **values)
        await spread(self.services, self.seen)
        return answer

    def secrets(self, given: bool) -> list[str]:
        """What would tell of who paid: names, ids of them and of their tender, and every amount but what is `given`."""
        paid = 0 if given else KETTLE.price - COUPON
        amounts = {KETTLE.price, paid, COUPON, *(tax.amount.minor_units for tax in self.bought.lines[0].taxes)}
        tender = self.bought.tenders[0]
        return [
            *(BUYER.customer_id, BUYER.family_name, BUYER.email, f'"{tender.tender_id}"', f'"{tender.kind}"'),
            *(capture.capture_id for capture in tender.captures),
            *(f"minor_units: {minor}\n" for minor in amounts if minor),
            *(f"{minor} EUR" for minor in amounts if minor),
            *(f"{minor // 100}.{minor % 100:02}" for minor in amounts if minor),
        ]

    async def read_by_the_recipient(self) -> dict[str, Any]:
        """Every answer that a customer may get, by rpc; commands are tried and change nothing."""
        ids = {
            "shop_id": SHOP, "order_id": ORDER, "line_id": "L1", "gift_code": CODE, "rma_id": self.rma,
            "case_id": self.rma, "customer_id": RECIPIENT.customer_id,
        }  # fmt: skip
        told: dict[str, Any] = {}
        for service in self.services.values():
            for path, method in service.methods.items():
                rule = access_of(method)
                dry = "validate_only" in method.input_type.fields_by_name
                if CUSTOMER not in rule.roles or (rule.mutates and not dry):
                    continue
                request: Any = example(method.input_type, ids)
                if dry:
                    request.validate_only = True
                told[method.name] = await outcome(service, path, request, self.token(CUSTOMER))
        return told


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def given(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Given]:
    issuer, now = Issuer.at(tmp_path_factory.mktemp("tokens")), datetime.now(UTC)
    bought = order_record(
        SHOP, ORDER, BUYER, (Bought(KETTLE, 1, COUPON),), placed_at=now - timedelta(days=1), deliver_by=now
    )  # fmt: skip
    bought.lines[0].gift, bought.lines[0].gift_code = True, CODE
    packed = parcel_record(bought, "S-given", at=now - timedelta(hours=4), promised_by=now)
    arrives: Any = about_parcel(
        shipments_pb2.Delivered, bought, "S-given", at=now - timedelta(hours=1), delivery_key="1", handed_to="recipient"
    )  # fmt: skip
    people = [customer_record(SHOP, who, at=now - timedelta(days=1)) for who in (BUYER, RECIPIENT)]
    async with AsyncExitStack() as stack:
        services = {
            name: await stack.enter_async_context(serving(name, databases[name], issuer, parts.kafka_bootstrap))
            for name in ("returns", "notifications")
        }
        found = Given(services, issuer, bought)
        await found.tell(*people, bought, captured_record(bought), packed, arrives)
        yield found


async def test_no_answer_at_any_step_tells_who_paid_how_or_how_much(given: Given) -> None:
    """Asked for by staff, with a label, come back, looked at, given as store credit; the recipient is answered
    something of the return at each, so that silence does not pass for discretion."""
    asked = await given.by(
        "agent", "RequestGiftReturn", shop_id=SHOP, order_id=ORDER, recipient_customer_id=RECIPIENT.customer_id,
        line_id="L1", quantity=1, reason="changed_mind", stated_condition="sealed",
    )  # fmt: skip
    given.rma = asked.receipt.id
    line = receipts_pb2.ReceiptLine(receipt_line_id="1", sku=KETTLE.sku, quantity=1, condition="sealed", line_id="L1")
    receipt = receipts_pb2.ReceiptMade(
        shop_id=SHOP, receipt_number="R-given", occurred_at=instant(datetime.now(UTC)), rma_id=given.rma,
        order_id=ORDER, lines=[line],
    )  # fmt: skip
    seen = {"condition": "sealed", "responsibility": "customer", "disposition": "restock"}
    steps: dict[str, Any] = {
        "asked for": lambda: given.tell(),
        "a label": lambda: given.by("agent", "IssueLabel", rma_id=given.rma),
        "come back": lambda: given.tell(receipt),
        "looked at": lambda: given.by(
            "warehouse", "InspectUnits", rma_id=given.rma, inspections=[{"unit": UNIT, **seen}]
        ),
        "given": lambda: given.by("supervisor", "RefundReturn", rma_id=given.rma, reason="return"),
    }
    for step, take in steps.items():
        await take()
        told = await given.read_by_the_recipient()
        whole = {rpc: str(answer) for rpc, answer in told.items()}
        secrets = given.secrets(step == "given")
        assert [(rpc, secret) for rpc, text in whole.items() for secret in secrets if secret in text] == [], step
        assert given.rma in whole["ListMyReturns"] and given.rma in whole["GetMyReturn"], step
        broken = {rpc: a for rpc, a in told.items() if isinstance(a, Refusal) and a.code in NO_ANSWER}
        assert broken == {}, step
        for own in ("GetMyOrder", "QuoteMyReturn", "GetMyChangeable"):
            assert told[own].code is StatusCode.NOT_FOUND, (step, own)
    assert any(str(KETTLE.price - COUPON) in text for text in whole.values()), "the credit is told"
    assert len(whole) >= 15
