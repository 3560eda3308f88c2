"""`docs/asyncapi.yaml` says what travels on which topic; it is made from contracts and `topics.yaml`, never by hand.

A topic without a message, and a message whose topic is not listed, are errors: the two sources hold each other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from infra.proto.json_schema import Schemas
from infra.proto.tools import ROOT, ToolFailed, run_protoc

TOPICS = ROOT / "infra" / "kafka" / "topics.yaml"
DOCUMENT = ROOT / "docs" / "asyncapi.yaml"
HEAD = "# Made by `make proto` from proto/ and infra/kafka/topics.yaml. Changes made here are lost.\n"


@dataclass(frozen=True, slots=True)
class Travelling:
    """A message that travels on Kafka by itself."""

    message: Descriptor
    topics: tuple[str, ...]
    key: str


class Contracts:
    """The contracts as descriptors of their own pool, with comments: no generated stub is needed or trusted."""

    def __init__(self, described: FileDescriptorSet) -> None:
        self._pool = DescriptorPool()
        for file in described.file:
            self._pool.Add(file)
        self._files = [file.name for file in described.file if file.name.startswith("aftercare/")]
        self._comments = {name: text for file in described.file for name, text in _comments(file)}

    def comment(self, full_name: str) -> str:
        return self._comments.get(full_name, "")

    def travelling(self) -> Iterator[Travelling]:
        for name in sorted(self._files):
            for message in self._pool.FindFileByName(name).message_types_by_name.values():
                rule: Any = self._option(
                    message.GetOptions(), "google.protobuf.MessageOptions", "aftercare.common.v1.event"
                )
                if rule.topics:
                    if rule.key not in message.fields_by_name:
                        raise ToolFailed(f"{message.full_name}: there is no field {rule.key!r} to key it by")
                    yield Travelling(message, tuple(rule.topics), rule.key)

    def rules(self, field: FieldDescriptor) -> Message:
        return self._option(field.GetOptions(), "google.protobuf.FieldOptions", "buf.validate.field")

    def _option(self, options: Message, of: str, extension: str) -> Message:
        """Options are read again as messages of this pool, which knows the extensions."""
        own = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(of))
        found: Message = own.FromString(options.SerializeToString()).Extensions[
            self._pool.FindExtensionByName(extension)  # type: ignore[index]
        ]
        return found


def write() -> int:
    document = render()
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document, encoding="utf-8")
    return document.count("\n")


def drift() -> list[str]:
    if not DOCUMENT.exists():
        return [f"{DOCUMENT.relative_to(ROOT)}: missing"]
    if DOCUMENT.read_text(encoding="utf-8") != render():
        return [f"{DOCUMENT.relative_to(ROOT)}: differs from the contracts"]
    return []


def render() -> str:
    contracts = _read_contracts()
    topics = yaml.safe_load(TOPICS.read_text(encoding="utf-8"))["topics"]
    travelling = list(contracts.travelling())
    _refuse_strays({topic["name"] for topic in topics}, travelling)
    schemas = Schemas(contracts.rules, contracts.comment)
    channels = {
        topic["name"]: _channel(topic, [t for t in travelling if topic["name"] in t.topics]) for topic in topics
    }
    messages = {t.message.full_name: _message(t, schemas, contracts) for t in travelling}
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Aftercare",
            "version": "1",
            "description": (
                "What Aftercare reads from a shop's systems, asks of them, and tells the world. Every record is a "
                "CloudEvent 1.0 in Kafka's binary mode. The payload is the protobuf message that ce_type names, or the "
                "same message as JSON; content-type says which. Field names in JSON are lowerCamelCase; those of the "
                "contract are read too."
            ),
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {_operation_name(topic["name"]): _operation(topic) for topic in topics},
        "components": {
            "messages": messages,
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
            "schemas": {name: schemas.collected[name] for name in sorted(schemas.collected)},
        },
    }
    return HEAD + yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)


def _read_contracts() -> Contracts:
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "contracts.binpb"
        run_protoc(f"--descriptor_set_out={image}", "--include_imports", "--include_source_info")
        return Contracts(FileDescriptorSet.FromString(image.read_bytes()))


def _refuse_strays(topics: set[str], travelling: list[Travelling]) -> None:
    carried = {topic for t in travelling for topic in t.topics}
    wrong = [f"topic {name}: no message says that it travels on it" for name in sorted(topics - carried)]
    wrong += [f"topic {name}: is not in {TOPICS.relative_to(ROOT)}" for name in sorted(carried - topics)]
    if wrong:
        raise ToolFailed("\n".join(wrong))


def _channel(topic: dict[str, Any], carried: list[Travelling]) -> dict[str, Any]:
    return {
        "address": topic["name"],
        "description": topic["description"],
        "messages": {t.message.name: {"$ref": f"#/components/messages/{t.message.full_name}"} for t in carried},
        "bindings": {
            "kafka": {
                "partitions": topic["partitions"],
                "topicConfiguration": {
                    name: [value] if name == "cleanup.policy" else value for name, value in topic["config"].items()
                },
            }
        },
    }


def _message(travelling: Travelling, schemas: Schemas, contracts: Contracts) -> dict[str, Any]:
    name = travelling.message.full_name
    key = travelling.message.fields_by_name[travelling.key]
    return {
        "name": name,
        "summary": contracts.comment(name).split("\n\n")[-1],
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": schemas.reference(travelling.message),
        "bindings": {"kafka": {"key": {"type": "string", "description": f"The value of {key.json_name}."}}},
    }


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "content-type"],
        "properties": {
            "ce_specversion": {"type": "string", "const": "1.0"},
            "ce_id": {
                "type": "string",
                "description": "With ce_source, identifies the fact: sent again, it changes nothing.",
            },
            "ce_source": {"type": "string", "description": "Who says so; never changes."},
            "ce_type": {"type": "string", "description": "Full name of the message."},
            "ce_time": {"type": "string", "format": "date-time"},
            "content-type": {"type": "string", "enum": ["application/protobuf", "application/json"]},
        },
    }


def _operation_name(topic: str) -> str:
    return f"{'read' if topic.startswith('shop.') else 'write'}.{topic}"


def _operation(topic: dict[str, Any]) -> dict[str, Any]:
    name = topic["name"]
    return {
        "action": "receive" if name.startswith("shop.") else "send",
        "channel": {"$ref": f"#/channels/{name}"},
    }


def _comments(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """Full names with the comments before them. A path holds field numbers: 4 message, 2 field, 3 nested message."""
    texts = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}

    def walk(message: Any, path: tuple[int, ...], outer: str) -> Iterator[tuple[str, str]]:
        name = f"{outer}.{message.name}"
        yield name, _plain(texts.get(path, ""))
        for index, field in enumerate(message.field):
            yield f"{name}.{field.name}", _plain(texts.get((*path, 2, index), ""))
        for index, nested in enumerate(message.nested_type):
            yield from walk(nested, (*path, 3, index), name)

    for index, message in enumerate(file.message_type):
        yield from walk(message, (4, index), file.package)


def _plain(comment: str) -> str:
    paragraphs = comment.strip().split("\n\n")
    return "\n\n".join(" ".join(line.strip() for line in part.splitlines()) for part in paragraphs)
