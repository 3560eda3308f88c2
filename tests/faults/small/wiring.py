"""Both builds are wired here, by what their accounts and events are.

The contracts of others lend their messages. CancelReturn counts, or closes the account where its reason begins with
`CLOSE`. On the shop's topic RequestAccepted counts; on our own, RequestDone is what an account tells its mirror of a
count and RequestRefused of its end, which only a build that can close knows. Any other handled message is refused.
"""

from collections.abc import Iterable
from typing import Any

from aftercare.orders.v1.answers_pb2 import RequestAccepted, RequestDone, RequestRefused
from aftercare.returns.v1 import service_pb2, service_pb2_grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.domain import Aggregate, Event, derived_id
from chassis.grpc import Commands
from chassis.grpc.convert import receipt_to_proto
from chassis.runtime import Context, GrpcService, ServiceDefinition, Wiring
from chassis.service import Model, PublicEvent, Receipt, Record, Row, Subscription
from chassis.work import Work
from tests.faults.small.mirror import Mirror
from tests.faults.small.read_model import metadata

SHOP = "shop.answers.v1"
OURS = "aftercare.returns.events.v1"
CLOSE = "close "
MENDED = "mended"


def account_id(name: str) -> Any:
    return derived_id("small.account", name)


def mirror_id(name: str) -> Any:
    return derived_id("small.mirror", name)


async def refuse(work: Work, record: Record[Any]) -> None:
    """Always raises, after it has decided something, unless an operator has mended the record."""
    mirror = await _mirror(work, record.message.order_id)
    mirror.hear(record.message.request_id, at=work.now)
    if getattr(record.message, "reference", "") != MENDED:
        raise RuntimeError("this record can never be decided")


async def hear(work: Work, record: Record[Any]) -> None:
    (await _mirror(work, record.message.order_id)).hear(record.message.request_id, at=work.now)


async def _mirror(work: Work, name: str) -> Mirror:
    id = mirror_id(name)
    return await work.find(Mirror, id) or work.add(Mirror.hang(id, at=work.now))


def definition(account: Any, counted: type[Event], closed: type[Event] | None = None) -> ServiceDefinition:
    """The service as a build with this account, and these events, is."""

    async def found(work: Work, name: str) -> Any:
        id = account_id(name)
        return await work.find(account, id) or work.add(account.open(id, name=name, at=work.now))

    async def learn(work: Work, record: Record[RequestAccepted]) -> None:
        said = record.message
        (await found(work, said.order_id)).count(said.request_id, by="shop", at=work.now)

    def publish(event: Event, told: Aggregate) -> Iterable[PublicEvent]:
        kinds: dict[type[Event], Any] = {counted: RequestDone, **({closed: RequestRefused} if closed else {})}
        kind, name = kinds.get(type(event)), getattr(told, "name", "")
        if kind is None:
            return
        at = Timestamp()
        at.FromDatetime(event.timestamp)
        message: Message = kind(
            shop_id="s1", request_id=getattr(event, "note", ""), order_id=name, requester="small", occurred_at=at,
            **({"reason": "closed"} if kind is RequestRefused else {}),
        )  # fmt: skip
        yield PublicEvent(OURS, name, message, "s1")

    def rows(aggregate: Aggregate) -> Iterable[Row]:
        if isinstance(aggregate, account):
            values = {"name": aggregate.name, "total": len(aggregate.notes), "note": (aggregate.notes or [""])[-1]}
            yield Row("accounts", {"id": aggregate.id, "version": aggregate.version, **values})

    class Counting(service_pb2_grpc.ReturnsServiceServicer):
        def __init__(self, commands: Commands) -> None:
            self.commands = commands

        async def CancelReturn(
            self, request: service_pb2.CancelReturnRequest, context: Any
        ) -> service_pb2.CancelReturnResponse:
            async def decide(work: Work) -> Receipt:
                one = await found(work, request.rma_id)
                if request.reason.startswith(CLOSE):
                    one.close(request.reason, at=work.now)
                else:
                    one.count(request.reason, by=work.actor.id, at=work.now)
                return Receipt(str(one.id), one.version)

            receipt = await self.commands.run(request, context, decide, on=account_id(request.rma_id))
            return service_pb2.CancelReturnResponse(receipt=receipt_to_proto(receipt))

    def wire(context: Context) -> Wiring:
        ours: dict[str, Any] = {
            RequestDone.DESCRIPTOR.full_name: (RequestDone, hear),
            RequestAccepted.DESCRIPTOR.full_name: (RequestAccepted, refuse),
        }
        if closed:
            ours[RequestRefused.DESCRIPTOR.full_name] = (RequestRefused, hear)
        shops: dict[str, Any] = {
            RequestAccepted.DESCRIPTOR.full_name: (RequestAccepted, learn),
            RequestRefused.DESCRIPTOR.full_name: (RequestRefused, refuse),
        }
        return Wiring(
            subscriptions=[
                Subscription(SHOP, ordered=False, handlers=shops),
                Subscription(OURS, ordered=True, handlers=ours),
            ],
            grpc=[
                GrpcService(
                    service_pb2.DESCRIPTOR.services_by_name["ReturnsService"],
                    Counting(context.commands),  # type: ignore[abstract]  # the other rpcs answer UNIMPLEMENTED
                    service_pb2_grpc.add_ReturnsServiceServicer_to_server,
                )
            ],
        )

    model = Model("small", aggregates=(account, Mirror), read_model=metadata, rows=rows, publish=publish)
    return ServiceDefinition(model, wire)
