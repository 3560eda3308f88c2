"""A shop's customer and its desk on one driven clock."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from google.protobuf.message_factory import GetMessageClass

from chassis.clock import DrivenClock
from chassis.timers import Timers
from chassis.work import SYSTEM, Work
from infra.local.tokens import Issuer
from services.returns.domain.order import PaymentFact
from tests.integration.returns.shop import SHOP, Shop


class Counter:
    """The shop's customer and its desk, on one driven clock."""

    def __init__(self, shop: Shop, issuer: Issuer) -> None:
        self.shop, self.served, self._issuer = shop, shop.served, issuer
        stores, handlers = self.served.stores, self.served.wiring.timer_handlers
        self._timers = Timers(stores.connect, stores.pool, stores.units, handlers, stores.clock)

    async def mine(self, rpc: str, **values: Any) -> Any:
        """One rpc of the customer whose orders these are."""
        path = next(path for path in self.served.methods if path.endswith(f"/{rpc}"))
        kind = self.served.methods[path].input_type
        own = {"request_id": str(uuid4())} if "request_id" in kind.fields_by_name else {}
        request: Any = GetMessageClass(kind)(**own, **values)
        return await self.served.call(path, request, self._issuer.issue("c1", ["customer"], [SHOP], "c1"))

    async def move(self, to: datetime) -> None:
        """The business clock stands at `to`, and every timer that is due by then has fired."""
        clock = self.served.stores.clock
        assert isinstance(clock, DrivenClock)
        connection = await self.served.stores.connect()
        try:
            await clock.drive(connection, to=to, rate=0)
        finally:
            await connection.close()
        while await self._timers.fire_due():
            pass

    async def paid(self, fact: PaymentFact, order_id: str) -> None:
        """The payment system tells something."""

        async def told(work: Work) -> None:
            await self.shop.app.payment_told(work, SHOP, order_id, fact)

        await self.served.stores.units.run(told, actor=SYSTEM, cause="test")
