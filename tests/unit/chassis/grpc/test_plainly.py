"""A message is let pass at a glance only where the validation library finds nothing: it alone says what is wrong."""

import random
from importlib import import_module
from pathlib import Path
from typing import Any

import protovalidate
import pytest
from aftercare.orders.v1 import shipments_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from chassis.grpc.plainly import plainly_valid

GEN = Path(__file__).parents[4] / "gen"
TEXTS = ("", "a", "DE", "de", "DE\n", "DEU", "1", "é" * 64, "x" * 64, "x" * 65, "x" * 128, "x" * 129, "x" * 1001)
NUMBERS = (-1, 0, 1, 2, 5, 6, 100, 101, 10_000, 2**31 - 1)


def _all_messages() -> list[Descriptor]:
    found: list[Descriptor] = []
    for path in sorted(GEN.glob("aftercare/**/*_pb2.py")):
        module = import_module(".".join(path.relative_to(GEN).with_suffix("").parts))
        waiting = list(module.DESCRIPTOR.message_types_by_name.values())
        while waiting:
            descriptor = waiting.pop()
            found.append(descriptor)
            waiting += [n for n in descriptor.nested_types if not n.GetOptions().map_entry]
    return found


def _value(field: FieldDescriptor, rng: random.Random) -> Any:
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return rng.choice(TEXTS) if field.type == FieldDescriptor.TYPE_STRING else b"x"
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if field.cpp_type == FieldDescriptor.CPPTYPE_ENUM:
        return rng.randrange(0, 12)
    if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return rng.choice((0.0, 1.5, float("nan")))
    unsigned = field.cpp_type in (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)
    return abs(rng.choice(NUMBERS)) if unsigned else rng.choice(NUMBERS)


def _fill(message: Any, rng: random.Random, depth: int = 0) -> None:
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.25:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            continue
        if field.is_repeated:
            for _ in range(rng.choice((0, 1, 2, 2, 201 if depth == 0 else 1))):
                if field.message_type is None:
                    getattr(message, field.name).append(_value(field, rng))
                elif depth < 3:
                    _fill(getattr(message, field.name).add(), rng, depth + 1)
        elif field.message_type is None:
            setattr(message, field.name, _value(field, rng))
        elif depth < 3:
            getattr(message, field.name).SetInParent()
            if field.message_type.file.package != "google.protobuf":
                _fill(getattr(message, field.name), rng, depth + 1)


def test_what_is_let_pass_at_a_glance_breaks_no_rule_of_any_contract() -> None:
    """Random fields of every message there is, near every limit: wherever the glance says yes, the library agrees."""
    rng, passed = random.Random(7), 0
    for descriptor in _all_messages():
        cls = message_factory.GetMessageClass(descriptor)
        for _ in range(12):
            message = cls()
            _fill(message, rng)
            if plainly_valid(message):
                protovalidate.validate(message)
                passed += 1
    assert passed > 500


def _scan() -> shipments_pb2.Scanned:
    scan = shipments_pb2.Scanned(
        shop_id="s", shipment_id="p", order_id="o", scan_key="k", carrier="dhl", carrier_status="transit"
    )
    scan.occurred_at.seconds = 1
    scan.place.country = "DE"
    return scan


def test_a_common_fact_is_let_pass_at_a_glance() -> None:
    assert plainly_valid(_scan())


@pytest.mark.parametrize(
    ("field", "value"),
    [("shop_id", ""), ("shop_id", "x" * 129), ("carrier_status", "x" * 65), ("scan_key", "")],
)
def test_a_length_beyond_its_limit_is_left_to_the_library(field: str, value: str) -> None:
    scan = _scan()
    setattr(scan, field, value)
    assert not plainly_valid(scan)


def test_what_is_missing_or_of_other_letters_is_left_to_the_library() -> None:
    scan = _scan()
    scan.ClearField("occurred_at")
    assert not plainly_valid(scan)
    scan = _scan()
    scan.place.country = "de"
    assert not plainly_valid(scan)
