"""Kafka in: what the shop tells of its customers, and what the other services tell the world. No decisions.

Every public event with a customer becomes one notice, field by field; which of them mean anything to the
customer is the catalogue's matter.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from aftercare.common.v1 import event_pb2, money_pb2
from aftercare.orders.v1 import customers_pb2
from aftercare.quality_complaints.v1 import events_pb2 as complaints_pb2
from aftercare.returns.v1 import events_pb2 as returns_pb2
from aftercare.shipping_issues.v1 import events_pb2 as shipping_pb2
from google.protobuf.descriptor import FieldDescriptor, FileDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.grpc.convert import money_from_proto, timestamp_from_proto
from chassis.service import Record, RecordHandler, Subscription
from chassis.work import Work
from services.notifications.application import Application, CustomerTold
from services.notifications.domain.values import Facts, Notice

_OWN = frozenset({"shop_id", "customer_id", "order_id", "case_id", "occurred_at"})
_PHONES = frozenset({"sms", "phone"})


def subscriptions(app: Application) -> list[Subscription]:
    """All topics notifications reads."""

    async def customer(work: Work, record: Record[customers_pb2.CustomerUpserted]) -> None:
        work.history = record.message.history
        await app.learn_contact(work, customer_told(record.message))

    async def erased(work: Work, record: Record[customers_pb2.CustomerErased]) -> None:
        await app.forget_customer(work, record.message.shop_id, record.message.customer_id)

    async def public(work: Work, record: Record[Message]) -> None:
        work.history = bool(getattr(record.message, "history", False))
        for notice in notices(record):
            await app.tell(work, notice)

    customers: Mapping[str, tuple[type[Message], RecordHandler]] = {
        customers_pb2.CustomerUpserted.DESCRIPTOR.full_name: (customers_pb2.CustomerUpserted, customer),
        customers_pb2.CustomerErased.DESCRIPTOR.full_name: (customers_pb2.CustomerErased, erased),
    }
    return [
        Subscription("shop.customers.v1", ordered=False, handlers=customers),
        *(_public(file.DESCRIPTOR, public) for file in (returns_pb2, shipping_pb2, complaints_pb2)),
    ]


def customer_told(message: customers_pb2.CustomerUpserted) -> CustomerTold:
    """The shop's word on a customer; of several addresses of a kind the first is preferred."""
    addresses: dict[str, str] = {}
    for contact in message.contacts:
        addresses.setdefault("phone" if contact.channel in _PHONES else contact.channel, contact.address)
    return CustomerTold(
        shop_id=message.shop_id,
        customer_id=message.customer_id,
        version=message.version,
        given_name=message.given_name,
        family_name=message.family_name,
        email=addresses.get("email", ""),
        phone=addresses.get("phone", ""),
        language=message.language,
        country=message.country,
        time_zone=message.time_zone,
        refused=frozenset(f"{c.purpose}/{c.channel}" for c in message.consents if not c.granted),
        granted=frozenset(f"{c.purpose}/{c.channel}" for c in message.consents if c.granted),
    )


def notices(record: Record[Any]) -> Iterable[Notice]:
    """What a public event tells: one notice for its customer, or one for each of its members."""
    message = record.message
    texts: dict[str, str] = {}
    facts = Facts(texts)
    for field in message.DESCRIPTOR.fields:
        if field.name not in _OWN and (not field.has_presence or message.HasField(field.name)):
            _take(facts, field, getattr(message, field.name))
    # aftercare.returns.v1.RefundPromised is "returns.RefundPromised" in the catalogue
    code = f"{message.DESCRIPTOR.file.package.split('.')[1]}.{message.DESCRIPTOR.name}"
    at = timestamp_from_proto(message.occurred_at, "occurred_at")
    members = [message] if "customer_id" in message.DESCRIPTOR.fields_by_name else message.members
    for member in members:
        yield Notice(
            code=code,
            shop_id=message.shop_id,
            customer_id=member.customer_id,
            order_id=member.order_id,
            case_id=member.case_id,
            occurred_at=at,
            facts=facts,
            cause=record.ce_id,
        )


def _take(facts: Facts, field: FieldDescriptor, value: Any) -> None:
    if field.is_repeated:
        if field.cpp_type == FieldDescriptor.CPPTYPE_STRING and value:
            facts.texts[field.name] = ", ".join(value)
    elif isinstance(value, Timestamp):
        facts.instants[field.name] = timestamp_from_proto(value, field.name)
    elif isinstance(value, money_pb2.Money):
        facts.amounts[field.name] = money_from_proto(value)
    elif isinstance(value, bool):
        facts.texts[field.name] = "true" if value else "false"
    elif isinstance(value, (str, int)) and value != "":
        facts.texts[field.name] = str(value)


def _public(file: FileDescriptor, handler: RecordHandler) -> Subscription:
    """Every event of one service: those about customers are told, the others are known and passed over."""
    events = {
        message.full_name: message
        for message in file.message_types_by_name.values()
        if message.GetOptions().HasExtension(event_pb2.event)
    }
    (topic,) = {topic for m in events.values() for topic in m.GetOptions().Extensions[event_pb2.event].topics}
    told = {
        name: (GetMessageClass(message), handler)
        for name, message in events.items()
        if {"customer_id", "members"} & set(message.fields_by_name)
    }
    return Subscription(topic, ordered=True, handlers=told, known=frozenset(events) - frozenset(told))
