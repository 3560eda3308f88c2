"""One shop's orders and returns in a served service, with a caller for each role."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from google.protobuf.message_factory import GetMessageClass

from chassis.work import SYSTEM, Work
from infra.local.tokens import Issuer
from services.returns.application import Application
from services.returns.application.deciding import Item
from services.returns.domain.order import Delivery, OrderLine, ShipmentFact
from services.returns.law_terms import conformity_law, place_of, withdrawal_law
from services.returns.money_terms import money_terms
from services.returns.policies import default_policy, default_text, service_plans
from tests.security.served import Served
from tests.unit.returns.build import line, snapshot

SHOP = "s1"


class Shop:
    """What its systems would have told, and what people ask."""

    def __init__(self, served: Served, issuer: Issuer) -> None:
        self.served, self._issuer = served, issuer
        self.app = Application(
            default_policy(),
            service_plans(),
            money_terms(),
            default_text(),
            law=withdrawal_law(),
            conformity=conformity_law(),
            place_of=place_of,
        )

    async def call(self, rpc: str, role: str = "supervisor", shops: Sequence[str] = (SHOP,), **values: Any) -> Any:
        """One rpc by its name."""
        path = next(path for path in self.served.methods if path.endswith(f"/{rpc}"))
        kind = self.served.methods[path].input_type
        own = {"request_id": str(uuid4())} if "request_id" in kind.fields_by_name else {}
        request: Any = GetMessageClass(kind)(**{**own, **values})
        return await self.served.call(path, request, self._issuer.issue(f"a-{role}", [role], list(shops), None))

    async def sold(self, order_id: str, *lines: OrderLine, days_ago: int = 5, **values: Any) -> None:
        """An order that was delivered some days ago."""
        units = self.served.stores.units

        async def told(work: Work) -> None:
            at = work.now - timedelta(days=days_ago)
            order = snapshot(*(lines or (line("l1"),)), placed_at=at - timedelta(days=3), **values)
            await self.app.order_recorded(work, SHOP, order_id, order)
            await self.app.shipment_told(
                work, SHOP, order_id, ShipmentFact(f"p-{order_id}", at - timedelta(days=1), True)
            )
            await self.app.delivery_told(work, SHOP, order_id, Delivery(f"p-{order_id}", "d1", at))

        await units.run(told, actor=SYSTEM, cause="test")

    async def asked(self, order_id: str, reason: str = "too_small", line_id: str = "l1") -> str:
        """A return was asked for; its id."""

        async def ask(work: Work) -> str:
            receipt, _ = await self.app.request(work, SHOP, order_id, [Item(line_id, 1, reason)])
            return receipt.id

        return await self.served.stores.units.run(ask, actor=SYSTEM, cause="test")
