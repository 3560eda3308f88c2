"""Notifications understands every public event, and its catalogue speaks only of what the contracts carry."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aftercare.common.v1 import money_pb2
from aftercare.orders.v1 import customers_pb2
from aftercare.quality_complaints.v1 import events_pb2 as complaints_pb2
from aftercare.returns.v1 import events_pb2 as returns_pb2
from aftercare.shipping_issues.v1 import events_pb2 as shipping_pb2
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.domain import Money
from chassis.service import Record
from services.notifications.application import Application, CustomerTold
from services.notifications.consumers import customer_told, notices, subscriptions
from services.notifications.domain.catalogue import Entry
from services.notifications.domain.values import Facts, Notice
from services.notifications.policies import load_catalogue
from tests.contract.contracts import EXAMPLES, rule_of, travelling

CATALOGUE = load_catalogue()
SUBSCRIPTIONS = {subscription.topic: subscription for subscription in subscriptions(Application(CATALOGUE))}
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SOURCES = {"returns": returns_pb2, "shipping_issues": shipping_pb2, "quality_complaints": complaints_pb2}


def stamp(at: datetime = AT) -> Timestamp:
    """An instant on the wire."""
    found = Timestamp()
    found.FromDatetime(at.replace(tzinfo=None))
    return found


def read(message: Message) -> list[Notice]:
    """What a public event tells."""
    record: Record[Any] = Record(message, "e-1", "/aftercare/x", message.DESCRIPTOR.full_name, AT, "t", 0, 0, b"k")
    return list(notices(record))


@pytest.mark.parametrize("topic", [f"aftercare.{name}.events.v1" for name in SOURCES])
def test_every_type_of_a_topic_is_told_or_known(topic: str) -> None:
    """A type outside the list would stop the topic."""
    types = {message.full_name for message in travelling() if topic in rule_of(message).topics}
    subscription = SUBSCRIPTIONS[topic]
    assert subscription.ordered
    assert set(subscription.handlers) | subscription.known == types


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.id)
def test_the_catalogue_names_events_and_facts_that_exist(entry: Entry) -> None:
    """A misspelt fact would make a message that never goes out, or two where there should be one."""
    service, _, name = entry.code.partition(".")
    fields = SOURCES[service].DESCRIPTOR.message_types_by_name[name].fields_by_name
    named = {*entry.when, *entry.distinguished_by, *([entry.promise] if entry.promise else [])}
    own = {"case_id", "order_id"}
    assert named <= set(fields)
    assert entry.trouble_of in own | set(fields)
    if entry.promise:
        assert fields[entry.promise].cpp_type == FieldDescriptor.CPPTYPE_MESSAGE


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.id)
def test_two_troubles_are_never_one_story(entry: Entry) -> None:
    """An event read from the wire names its story: two cases, parcels or refunds of one customer stay apart."""
    service, _, name = entry.code.partition(".")
    cls = GetMessageClass(SOURCES[service].DESCRIPTOR.message_types_by_name[name])
    stories = []
    for tag in ("one", "two"):
        message: Any = cls(occurred_at=stamp())
        target = message if "case_id" in cls.DESCRIPTOR.fields_by_name else message.members.add()
        target.case_id = tag
        if entry.trouble_of != "case_id":
            setattr(message, entry.trouble_of, tag)
        stories += [entry.trouble_key(notice) for notice in read(message)]
    assert stories == [f"{entry.trouble}:one", f"{entry.trouble}:two"]


def test_a_found_trouble_is_read_whole() -> None:
    """Texts, instants and lists; what is not set is not there."""
    (notice,) = read(
        shipping_pb2.ShippingTroubleFound(
            shop_id="demo",
            case_id="case-1",
            occurred_at=stamp(),
            order_id="O-1",
            customer_id="C-1",
            trouble_id="T-1",
            finding="stalled",
            promised_by=stamp(),
            hours_before_promise=41,
            choices=["wait", "refund"],
        )
    )
    assert notice == Notice(
        code="shipping_issues.ShippingTroubleFound",
        shop_id="demo",
        customer_id="C-1",
        order_id="O-1",
        case_id="case-1",
        occurred_at=AT,
        facts=Facts(
            {"trouble_id": "T-1", "finding": "stalled", "hours_before_promise": "41", "choices": "wait, refund"},
            {},
            {"promised_by": AT},
        ),
        cause="e-1",
    )
    entry = CATALOGUE.entry(notice)
    assert entry is not None
    assert (entry.trouble_key(notice), entry.expectation_key(notice)) == ("parcel:T-1", "late")


def test_a_refund_is_read_with_its_amount() -> None:
    """Money stays money, in minor units."""
    (notice,) = read(
        returns_pb2.RefundPromised(
            shop_id="demo",
            case_id="case-1",
            occurred_at=stamp(),
            customer_id="C-1",
            refund_id="R-1",
            amount=money_pb2.Money(minor_units=1234, currency="EUR"),
            requester="returns",
        )
    )
    assert notice.facts.amounts == {"amount": Money(1234, "EUR")}
    entry = CATALOGUE.entry(notice)
    assert entry is not None
    assert entry.expectation_key(notice) == "money|1234 EUR"


def test_a_cause_that_was_found_is_told_to_each_member() -> None:
    """One public event, one notice for each customer."""
    found = read(
        complaints_pb2.RootCauseRecorded(
            shop_id="demo",
            investigation_id="I-1",
            occurred_at=stamp(),
            members=[
                complaints_pb2.RootCauseRecorded.Member(case_id=f"c-{n}", order_id=f"O-{n}", customer_id=f"C-{n}")
                for n in (1, 2)
            ],
        )
    )
    assert [(notice.customer_id, notice.order_id, notice.case_id) for notice in found] == [
        ("C-1", "O-1", "c-1"),
        ("C-2", "O-2", "c-2"),
    ]


def test_a_customer_is_read_as_the_shop_tells() -> None:
    """The example of the contract, field by field."""
    text = Path(EXAMPLES / "CustomerUpserted.json").read_text(encoding="utf-8")
    message = json_format.Parse(text, customers_pb2.CustomerUpserted())
    told = customer_told(message)
    emails = [contact.address for contact in message.contacts if contact.channel == "email"]
    assert isinstance(told, CustomerTold)
    assert (told.shop_id, told.customer_id, told.version) == (message.shop_id, message.customer_id, message.version)
    assert told.email == (emails[0] if emails else "")
    assert told.language == message.language


def test_of_several_addresses_the_first_is_used() -> None:
    """The shop lists them in the order of preference."""
    message = customers_pb2.CustomerUpserted(version=1)
    for address in ("first@customers.example", "second@customers.example"):
        message.contacts.add(channel="email", address=address)
    message.consents.add(purpose="service", channel="email", granted=False)
    told = customer_told(message)
    assert (told.email, told.refused) == ("first@customers.example", frozenset({"service/email"}))
