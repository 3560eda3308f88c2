"""Every message a shop may publish has an example, and it is the same message as JSON and as protobuf."""

from __future__ import annotations

import json

import protovalidate
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from chassis.cloudevents import JSON, PROTOBUF, Arrived, headers_of, read
from tests.contract.contracts import EXAMPLES, inbound, rule_of

INBOUND = pytest.mark.parametrize("described", inbound(), ids=lambda message: message.name)


def example(described: Descriptor) -> Message:
    """Strictly: a field that the contract does not know is an error."""
    text = (EXAMPLES / f"{described.name}.json").read_text(encoding="utf-8")
    return json_format.Parse(text, GetMessageClass(described)())


def arrived(described: Descriptor, content_type: str, value: bytes) -> Arrived:
    rule = rule_of(described)
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": "1",
        "ce_source": "/shop",
        "ce_type": described.full_name,
        "content-type": content_type,
    }
    return Arrived(rule.topics[0], 0, 0, -1, b"key", headers_of(attributes), value)


def test_the_examples_are_those_of_what_a_shop_publishes() -> None:
    """No message is without an example, and no example without a message."""
    assert {path.stem for path in EXAMPLES.iterdir()} == {message.name for message in inbound()}


@INBOUND
def test_json_and_protobuf_are_read_as_the_same_message(described: Descriptor) -> None:
    """Content type alone tells the two forms apart; what a consumer gets is equal."""
    message = example(described)
    as_json = (EXAMPLES / f"{described.name}.json").read_bytes()
    from_json = read(arrived(described, JSON, as_json), GetMessageClass(described))
    from_protobuf = read(arrived(described, PROTOBUF, message.SerializeToString()), GetMessageClass(described))
    assert from_json.message == from_protobuf.message == message


@INBOUND
def test_an_example_obeys_the_rules_of_its_contract(described: Descriptor) -> None:
    """What the documentation shows is accepted."""
    protovalidate.validate(example(described))


@INBOUND
def test_the_names_of_the_contract_are_read_in_json_too(described: Descriptor) -> None:
    """Who writes JSON by hand may use order_id for orderId."""
    message = example(described)
    text = json_format.MessageToJson(message, preserving_proto_field_name=True)
    assert json_format.Parse(text, GetMessageClass(described)()) == message


@INBOUND
def test_an_example_is_written_as_protobuf_writes_it(described: Descriptor) -> None:
    """A shop that uses a protobuf library gets exactly the form that is documented."""
    text = (EXAMPLES / f"{described.name}.json").read_text(encoding="utf-8")
    assert json.loads(text) == json_format.MessageToDict(example(described))


@INBOUND
def test_an_empty_message_is_refused(described: Descriptor) -> None:
    """A record without shop and instant can never be applied by mistake."""
    with pytest.raises(protovalidate.ValidationError) as refused:
        protovalidate.validate(GetMessageClass(described)())
    fields = [violation.proto.field for violation in refused.value.violations]
    missing = {field.elements[0].field_name for field in fields if field is not None}
    assert {"shop_id", "occurred_at"} <= missing
