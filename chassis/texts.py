"""Texts that no PostgreSQL can hold are found before anybody decides on them.

Protobuf allows the character NUL in a text, a database does not. Bytes without a zero hold none, so nearly every
message costs one look at its bytes.
"""

from collections.abc import Iterator

from google.protobuf.message import Message


def nul_in(message: Message, raw: bytes) -> str:
    """The field that holds a NUL, empty when none does. `raw` is what the message was read from as protobuf."""
    return next(_fields(message), "") if b"\0" in raw else ""


def nul_in_any(message: Message) -> str:
    """The same for a message that was read from something else than protobuf."""
    return next(_fields(message), "")


def _fields(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            parts = [part for entry in value.items() for part in entry]
        elif field.is_repeated:
            parts = list(value)
        else:
            parts = [value]
        for part in parts:
            if isinstance(part, str) and "\0" in part:
                yield field.name
            elif isinstance(part, Message):
                yield from (f"{field.name}.{inner}" for inner in _fields(part))
