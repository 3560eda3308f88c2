"""A sound request of any rpc and a sound record of any type, made from its descriptor and the rules written beside it.

Values under a name that is given are put where that name stands; everything else is the least that the rules allow.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

WORDS = {
    "channel": "email",
    "country": "DE",
    "currency": "EUR",
    "destination_country": "DE",
    "first_day": "2026-03-01",
    "issued_on": "2026-03-06",
    "language": "de",
    "last_day": "2026-03-31",
    "reason": "faulty",
    "remedy": "refund",
}
"""Words of the shop's that no rule tells."""


def example(of: Descriptor, given: Mapping[str, Any] | None = None) -> Message:
    """One that the contract accepts; a contract that asks for something this cannot make is told, not passed over."""
    made = _least(of, given or {}, required=True)
    protovalidate.validate(made)
    return made


def _least(of: Descriptor, given: Mapping[str, Any], *, required: bool) -> Message:
    made = GetMessageClass(of)()
    chosen = {oneof.fields[0].name for oneof in of.oneofs if oneof.GetOptions().Extensions[validate_pb2.oneof].required}
    for field in of.fields:
        rules: Any = field.GetOptions().Extensions[validate_pb2.field]
        if field.is_repeated:
            _fill(made, field, rules, given)
        elif field.message_type is not None:
            if rules.required or field.name in chosen:
                getattr(made, field.name).CopyFrom(_message(field.message_type, given))
        elif (value := _scalar(field, rules, given)) is not None:
            setattr(made, field.name, value)
    return made


def _fill(made: Message, field: FieldDescriptor, rules: Any, given: Mapping[str, Any]) -> None:
    into: Any = getattr(made, field.name)
    if field.name in given:
        into.append(given[field.name])
        return
    for _ in range(rules.repeated.min_items):
        if field.message_type is not None:
            into.add().CopyFrom(_message(field.message_type, given))
        else:
            into.append(_scalar(field, rules.repeated.items, given) or "x")


def _message(of: Descriptor, given: Mapping[str, Any]) -> Message:
    if of.full_name == "google.protobuf.Timestamp":
        stamp: Any = GetMessageClass(of)()
        stamp.FromDatetime(given.get("now", datetime.now(UTC)))
        return stamp  # type: ignore[no-any-return]  # built from a descriptor
    return _least(of, given, required=True)


def _scalar(field: FieldDescriptor, rules: Any, given: Mapping[str, Any]) -> Any:
    if field.name == "request_id":
        return str(uuid4())
    if field.name in given:
        return given[field.name]
    if field.enum_type is not None:
        return field.enum_type.values[-1].number if rules.enum.not_in else None
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING and field.type == FieldDescriptor.TYPE_STRING:
        if allowed := getattr(rules.string, "in"):
            return allowed[0]
        if rules.string.min_len or rules.string.pattern or rules.required:
            return WORDS.get(field.name, "x" * max(1, rules.string.min_len))
        return None
    if field.name in ("minor_units", "quantity", "unit", "version"):
        return 1
    for kind in ("int32", "int64", "uint32", "uint64"):
        if getattr(rules, kind).HasField("gt"):
            return getattr(rules, kind).gt + 1
    return None
