"""A message's JSON Schema accepts the JSON that protobuf's own mapping writes, and states the contract's rules.

Names are protobuf's JSON names (lowerCamelCase); readers accept the names of the contract as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

INTEGERS = {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32}
LONG_INTEGERS = {FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64}
FLOATS = {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}
WELL_KNOWN: dict[str, dict[str, Any]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time", "description": "UTC"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
    "google.protobuf.Struct": {"type": "object"},
}
# Which rule of the contract is which word of JSON Schema, by the kind of rule.
BOUNDS = {
    "min_len": "minLength",
    "max_len": "maxLength",
    "pattern": "pattern",
    "gt": "exclusiveMinimum",
    "gte": "minimum",
    "lt": "exclusiveMaximum",
    "lte": "maximum",
    "min_items": "minItems",
    "max_items": "maxItems",
    "unique": "uniqueItems",
}


class Schemas:
    """Collects the schema of every message that is asked for, and of those they consist of."""

    def __init__(self, rules: Callable[[FieldDescriptor], Message], comment: Callable[[str], str]) -> None:
        self._rules = rules
        self._comment = comment
        self.collected: dict[str, dict[str, Any]] = {}

    def reference(self, message: Descriptor) -> dict[str, Any]:
        name = message.full_name
        if name in WELL_KNOWN:
            return dict(WELL_KNOWN[name])
        if name not in self.collected:
            self.collected[name] = {}  # a message may contain itself
            self.collected[name] = self._message(message)
        return {"$ref": f"#/components/schemas/{name}"}

    def _message(self, message: Descriptor) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "object"}
        if text := self._comment(message.full_name):
            schema["description"] = text
        required = [field.json_name for field in message.fields if self._is_required(field)]
        if required:
            schema["required"] = required
        schema["properties"] = {field.json_name: self._field(field) for field in message.fields}
        return schema

    def _is_required(self, field: FieldDescriptor) -> bool:
        rules: Any = self._rules(field)
        if rules.required:
            return True
        kind = rules.WhichOneof("type")
        if not kind:
            return False
        bounds = getattr(rules, kind)
        # Without presence, an absent field is its zero value, and these refuse it.
        return bool(
            getattr(bounds, "min_len", 0)
            or getattr(bounds, "min_items", 0)
            or (kind == "string" and not rules.ignore and bounds.pattern and not re.search(bounds.pattern, ""))
            or (kind in {"int32", "int64"} and bounds.HasField("gt") and bounds.gt >= 0)
            or (kind == "enum" and 0 in bounds.not_in)
        )

    def _field(self, field: FieldDescriptor) -> dict[str, Any]:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            schema: dict[str, Any] = {
                "type": "object",
                "additionalProperties": self._single(field.message_type.fields_by_name["value"]),
            }
        elif field.is_repeated:
            schema = {"type": "array", "items": self._single(field)}
        else:
            schema = self._single(field)
        rules: Any = self._rules(field)
        kind = rules.WhichOneof("type")
        if kind:
            schema |= _bounds(getattr(rules, kind))
            if kind == "repeated" and rules.repeated.HasField("items"):
                items = rules.repeated.items
                if item_kind := items.WhichOneof("type"):
                    schema["items"] |= _bounds(getattr(items, item_kind))
        if text := self._comment(field.full_name):
            # A reference and a description beside it need a combination to be read by every tool.
            schema = {"allOf": [schema], "description": text} if "$ref" in schema else {**schema, "description": text}
        return schema

    def _single(self, field: FieldDescriptor) -> dict[str, Any]:
        if field.message_type is not None:
            return self.reference(field.message_type)
        if field.enum_type is not None:
            return _enum(field.enum_type)
        if field.cpp_type in INTEGERS:
            return {"type": "integer", "format": "int32"}
        if field.cpp_type in LONG_INTEGERS:
            return {"type": ["string", "integer"], "format": "int64"}
        if field.cpp_type in FLOATS:
            return {"type": "number"}
        if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
            return {"type": "boolean"}
        if field.type == FieldDescriptor.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        return {"type": "string"}


def _enum(enum: EnumDescriptor) -> dict[str, Any]:
    return {"type": "string", "enum": [value.name for value in enum.values]}


def _bounds(rules: Message) -> dict[str, Any]:
    found = {BOUNDS[field.name]: value for field, value in rules.ListFields() if field.name in BOUNDS}
    values = getattr(rules, "in", None)
    if values:
        found["enum"] = list(values)
    return found
