"""What of a message's written rules can be told to hold at a glance: nine of ten are lengths and presence.

A message that is plainly valid is valid: `plainly_valid` says True only where the validation library would find
nothing, and False wherever it may find something or the class has a rule that is not among those compiled here. The
library is asked then, so that it alone decides what a violation is and what it is called.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

Check = Callable[[Any], bool]

_ANY_LENGTH = 1 << 62
_LETTERS = re.compile(r"\^((?:\[[A-Za-z0-9-]+\](?:\{\d+\})?)+)\$")
"""Patterns that mean the same to every engine: classes of letters, counted, from end to end."""


class _NotPlain(Exception):
    """A rule that only the library understands."""


def plainly_valid(message: Message) -> bool:
    """Whether every rule of the message's contract holds, as far as that can be told here."""
    check = _compiled(message.DESCRIPTOR)
    return check is not None and check(message)


@cache
def _compiled(descriptor: Descriptor) -> Check | None:
    try:
        return _check_of(descriptor, {})
    except _NotPlain:
        return None


def _check_of(descriptor: Descriptor, known: dict[Descriptor, Check]) -> Check:
    """One pass over the fields. A message may hold itself: its own check is known before it is made."""
    if descriptor in known:
        return known[descriptor]

    def later(message: Any) -> bool:
        return known[descriptor](message)

    known[descriptor] = later
    if descriptor.GetOptions().HasExtension(validate_pb2.message):
        raise _NotPlain
    if any(oneof.GetOptions().HasExtension(validate_pb2.oneof) for oneof in descriptor.oneofs):
        raise _NotPlain
    texts: list[tuple[str, int, int]] = []
    others: list[Check] = []
    for field in descriptor.fields:
        rules = field.GetOptions().Extensions[validate_pb2.field]
        said = {rule.name for rule, _ in rules.ListFields()}
        if said == {"string"} and not field.has_presence and _only(rules.string, "min_len", "max_len"):
            texts.append((field.name, rules.string.min_len, _most(rules.string)))
        else:
            others += _checks_of(field, rules, said, known)
    check = known[descriptor] = _all_of(tuple(texts), tuple(others)) if texts or others else _holds
    return check


def _holds(value: Any) -> bool:
    """The check of what has no rules, such as an instant."""
    return True


def _all_of(texts: tuple[tuple[str, int, int], ...], others: tuple[Check, ...]) -> Check:
    def check(message: Any) -> bool:
        for name, least, most in texts:
            if not least <= len(getattr(message, name)) <= most:
                return False
        return all(holds(message) for holds in others)

    return check


def _checks_of(
    field: FieldDescriptor, rules: validate_pb2.FieldRules, said: set[str], known: dict[Descriptor, Check]
) -> list[Check]:
    """The checks of a field's own rules and, where it holds messages, of theirs."""
    name = field.name
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        if said or any(part.message_type is not None for part in field.message_type.fields):
            raise _NotPlain
        return []
    checks: list[Check] = []
    if "required" in said:
        if not field.has_presence:
            raise _NotPlain
        checks.append(lambda m: bool(m.HasField(name)))
    if field.is_repeated:
        checks += _repeated(field, rules, said, known)
    elif field.message_type is not None:
        if said - {"required"}:
            raise _NotPlain
        inner = _check_of(field.message_type, known)
        if inner is not _holds:
            checks.append(lambda m: not m.HasField(name) or inner(getattr(m, name)))
    elif said - {"required"}:
        holds = _scalar(field, rules, said)
        if field.has_presence:
            checks.append(lambda m: not m.HasField(name) or holds(getattr(m, name)))
        else:
            checks.append(lambda m: holds(getattr(m, name)))
    return checks


def _repeated(
    field: FieldDescriptor, rules: validate_pb2.FieldRules, said: set[str], known: dict[Descriptor, Check]
) -> list[Check]:
    name, own = field.name, rules.repeated
    if said - {"repeated"} or not _only(own, "min_items", "max_items", "items"):
        raise _NotPlain
    checks: list[Check] = []
    least, most = own.min_items, own.max_items if own.HasField("max_items") else _ANY_LENGTH
    if "repeated" in said:
        checks.append(lambda m: least <= len(getattr(m, name)) <= most)
    of_each: Check | None = None
    if field.message_type is not None:
        if own.HasField("items"):
            raise _NotPlain
        of_each = _check_of(field.message_type, known)
    elif own.HasField("items"):
        of_each = _scalar(field, own.items, {rule.name for rule, _ in own.items.ListFields()})
    if (each := of_each) is not None and each is not _holds:
        checks.append(lambda m: all(map(each, getattr(m, name))))
    return checks


def _scalar(field: FieldDescriptor, rules: validate_pb2.FieldRules, said: set[str]) -> Check:
    """The check of one value."""
    said = said - {"required"}
    if said == {"string", "ignore"} and rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
        inner = _text(rules.string)
        return lambda value: not value or inner(value)
    if said == {"string"}:
        return _text(rules.string)
    if said == {"enum"} and field.enum_type is not None and _only(rules.enum, "defined_only", "not_in"):
        allowed = frozenset(field.enum_type.values_by_number) - frozenset(rules.enum.not_in)
        return allowed.__contains__
    if said == {"int32"} and _only(rules.int32, "gt", "gte", "lt", "lte"):
        return _number(rules.int32)
    if said == {"int64"} and _only(rules.int64, "gt", "gte", "lt", "lte"):
        return _number(rules.int64)
    raise _NotPlain


def _text(rules: validate_pb2.StringRules) -> Check:
    if not _only(rules, "min_len", "max_len", "pattern"):
        raise _NotPlain
    least, most = rules.min_len, _most(rules)
    if not rules.HasField("pattern"):
        return lambda value: least <= len(value) <= most
    letters = _LETTERS.fullmatch(rules.pattern)
    if letters is None:
        raise _NotPlain
    matches = re.compile(letters[1]).fullmatch
    return lambda value: least <= len(value) <= most and matches(value) is not None


def _number(rules: validate_pb2.Int32Rules | validate_pb2.Int64Rules) -> Check:
    least = rules.gt + 1 if rules.HasField("gt") else rules.gte if rules.HasField("gte") else -_ANY_LENGTH * 2
    most = rules.lt - 1 if rules.HasField("lt") else rules.lte if rules.HasField("lte") else _ANY_LENGTH * 2
    if least > most:  # the library reads crossed limits as "outside of"
        raise _NotPlain
    return lambda value: least <= value <= most


def _most(rules: validate_pb2.StringRules) -> int:
    return rules.max_len if rules.HasField("max_len") else _ANY_LENGTH


def _only(rules: Any, *names: str) -> bool:
    """Whether a set of rules holds no others than these."""
    return all(rule.name in names for rule, _ in rules.ListFields())
