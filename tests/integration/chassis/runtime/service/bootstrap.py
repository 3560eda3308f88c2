"""Customers become accounts; what a customer record says decides what the account does next.

The contracts of others lend their messages: CustomerUpserted opens an account, CancelReturn counts on it.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aftercare.orders.v1 import customers_pb2
from aftercare.returns.v1 import service_pb2, service_pb2_grpc

from chassis.domain import Personal, Refused, derived_id, subject_of
from chassis.grpc import Commands
from chassis.grpc.convert import id_from_text, receipt_to_proto
from chassis.runtime import Context, GrpcService, ServiceDefinition, Wiring
from chassis.service import Attempt, FiredTimer, ProviderAnswer, Receipt, Record, Subscription, Unknown
from chassis.work import Actor, Work
from tests.integration.chassis.example import MODEL, Account

SLOW = "slow"
"""A CancelReturn with this reason takes a second."""


class TooNew(Refused):
    reason = "TOO_NEW"


class NothingCounted(Refused):
    reason = "NOTHING_COUNTED"


async def learn(work: Work, record: Record[customers_pb2.CustomerUpserted]) -> None:
    """A version above 50 cannot be applied; a country asks for an effect, a language for a reminder."""
    said = record.message
    if said.version > 50:
        raise TooNew("versions above 50 are not known here")
    account = await work.find(Account, derived_id("example.account", said.customer_id))
    if account is None:
        account = work.add(Account.open(derived_id("example.account", said.customer_id), limit=100, at=work.now))
    account.name_owner(Personal(subject_of(said.shop_id, said.customer_id), said.given_name), at=work.now)
    if said.country:
        await work.plan_effect("ping", said.customer_id, subject=account.id, body={})
    if said.language:
        account.want_reminder(work.now, at=work.now)


async def remind(work: Work, fired: FiredTimer) -> None:
    account = await work.get(Account, fired.subject)
    if account.total == 0:
        raise NothingCounted("there is nothing to remind of")
    account.want_reminder(None, at=work.now)


@dataclass
class Silent:
    """Never answers and cannot be asked."""

    idempotency: timedelta | None = None

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        return Unknown("NO_ANSWER")

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        return None


class Counting(service_pb2_grpc.ReturnsServiceServicer):
    def __init__(self, commands: Commands) -> None:
        self.commands = commands

    async def CancelReturn(
        self, request: service_pb2.CancelReturnRequest, context: Any
    ) -> service_pb2.CancelReturnResponse:
        account = id_from_text("account", request.rma_id)
        if request.reason == SLOW:
            await asyncio.sleep(1)

        async def decide(work: Work) -> Receipt:
            found = await work.get(Account, account)
            found.count(len(request.units), at=work.now)
            return Receipt(str(account), found.version)

        receipt = await self.commands.run(request, context, decide, on=account)
        return service_pb2.CancelReturnResponse(receipt=receipt_to_proto(receipt))


async def finish_history(shop_id: str, actor: Actor) -> int:
    return 7


def wire(context: Context) -> Wiring:
    upserted = customers_pb2.CustomerUpserted
    return Wiring(
        subscriptions=[
            Subscription("shop.customers.v1", False, {upserted.DESCRIPTOR.full_name: (upserted, learn)}),
        ],
        timer_handlers={"reminder": remind},
        providers={"ping": Silent()},
        grpc=[
            GrpcService(
                service_pb2.DESCRIPTOR.services_by_name["ReturnsService"],
                Counting(context.commands),  # type: ignore[abstract]  # the other rpcs answer UNIMPLEMENTED
                service_pb2_grpc.add_ReturnsServiceServicer_to_server,
            )
        ],
        finish_history=finish_history,
    )


SERVICE = ServiceDefinition(MODEL, wire)
