"""The contracts as the stubs know them: every file of `gen/aftercare`, and what travels on Kafka."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from aftercare.common.v1 import event_pb2
from google.protobuf.descriptor import Descriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor

from infra.proto.stubs import GEN

EXAMPLES = Path(__file__).parent / "examples"


@cache
def files() -> tuple[FileDescriptor, ...]:
    names = sorted(str(path.relative_to(GEN))[: -len(".py")] for path in (GEN / "aftercare").rglob("*_pb2.py"))
    return tuple(importlib.import_module(name.replace("/", ".")).DESCRIPTOR for name in names)


def messages() -> Iterator[Descriptor]:
    """Top-level messages."""
    for file in files():
        yield from file.message_types_by_name.values()


def services() -> Iterator[ServiceDescriptor]:
    for file in files():
        yield from file.services_by_name.values()


def methods() -> list[MethodDescriptor]:
    return [method for service in services() for method in service.methods]


def rule_of(message: Descriptor) -> event_pb2.EventRule:
    return message.GetOptions().Extensions[event_pb2.event]


def travelling() -> list[Descriptor]:
    """Messages that travel on Kafka by themselves."""
    return [message for message in messages() if rule_of(message).topics]


def inbound() -> list[Descriptor]:
    """What a shop publishes."""
    return [message for message in travelling() if all(topic.startswith("shop.") for topic in rule_of(message).topics)]
