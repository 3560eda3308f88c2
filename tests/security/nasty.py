"""Messages that a descriptor allows and nobody would write: a sound example, some of its values as bad as can be.

Every text carries `MARK`, so that whoever repeats a caller's words where they do not belong is found out. All of it
follows from the seed.
"""

import os
import random
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from tests.security.examples import example

MARK = "Mallory7"
EXAMPLES = int(os.environ.get("AFTERCARE_FUZZ", "4"))
"""Bad messages for each rpc and each type of record; set it higher for a long hunt."""

TEXTS = (
    "",
    f"{MARK}\x00",
    f"\x00{MARK}",
    MARK * 400,
    MARK * 1_000,
    f"\u202e{MARK}\u202c",
    f"\x1b[31m{MARK}\x07\r\n\x7f",
    f"'; DROP TABLE events; -- {MARK}",
    f"{{{{{MARK}}}}} %s %n ${{jndi:ldap://{MARK}}}",
    f"<script>{MARK}</script>",
    f"../../{MARK}",
    "🙂" * 60 + MARK,
    f"e\u0301\u0301\u0301{MARK}\ufffe\uffff",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "{01a20e88-0fc7-7352-9c58-fbdbd5166773}",
    "-1",
    "NaN",
    "9" * 400,
    f'order_id = "{MARK}',
    f'order_id = "{MARK}\x00"',
    f'customer_id = "\\{MARK}" AND state = "x"',
    "AAAA",
    "EUR",
    "ZZZ",
    "Europe/Berlin",
    f"Europe/{MARK}",
    "9999-12-31T23:59:59Z",
)
NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63), 2**64 - 1, 10**15)
SECONDS = (0, -1, 2**63 - 1, -(2**63), 253402300799, 253402300800, -62135596800, -62135596801, 10**12)
FLOATS = (0.0, -0.0, float("nan"), float("inf"), float("-inf"), 1e308, 5e-324, -1.5)


def nasty(of: Descriptor, rng: random.Random, given: Mapping[str, Any]) -> Message:
    """One bad message."""
    made = example(of, given)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        _spoil(made, rng, depth=0)
    return made


def _spoil(message: Message, rng: random.Random, depth: int) -> None:
    fields: Any = message.DESCRIPTOR.fields
    if not fields:
        return
    field: FieldDescriptor = rng.choice(fields)
    if field.is_repeated:
        into: Any = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return
        for _ in range(rng.choice((1, 1, 2, 300))):
            if field.message_type is not None:
                _spoil(into.add(), rng, depth + 1)
            else:
                into.append(_value(field, rng))
    elif field.message_type is not None:
        inner = getattr(message, field.name)
        inner.SetInParent()
        if depth < 4:
            _spoil(inner, rng, depth + 1)
    else:
        setattr(message, field.name, _value(field, rng))


def _value(field: FieldDescriptor, rng: random.Random) -> Any:
    if field.enum_type is not None:
        return rng.choice((0, 1, 2, 77, 2**31 - 1, -1))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return rng.randbytes(rng.choice((0, 1, 16, 7_000)))
    if field.type == FieldDescriptor.TYPE_STRING:
        return rng.choice(TEXTS)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return rng.choice(FLOATS)
    bits = 32 if field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32) else 64
    signed = field.cpp_type in (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    chosen = rng.choice(SECONDS if field.name == "seconds" else NUMBERS)
    return min(max(chosen, low), high)


def garbage(rng: random.Random, sound: Sequence[bytes]) -> bytes:
    """Bytes that are no message, or nearly one."""
    raw = bytearray(rng.choice(list(sound)) or b"\x0a")
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.choice((1, 7, 300)))
    if kind == 1:
        return bytes(raw[: rng.randrange(len(raw))])
    if kind == 2:
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return bytes(raw)
    return b"\x0a" + b"\xff" * 9 + bytes(raw)


def bad_json(message: Message, rng: random.Random) -> bytes:
    """The message as JSON, or what only looks like it."""
    kind = rng.randrange(6)
    if kind == 0:
        return ('{"a":' * 50_000 + "1" + "}" * 50_000).encode()
    if kind == 1:
        return b"[" * 90_000
    if kind == 2:
        return ('{"version": 1e400, "quantity": ' + "9" * 5000 + f', "note": "{MARK}"}}').encode()
    if kind == 3:
        return f'{{"shopId": {{"{MARK}": ["\\ud800"]}}}}'.encode()
    if kind == 4:
        return b"\xff\xfe" + MARK.encode()
    try:
        return json_format.MessageToJson(message).encode()
    except (json_format.SerializeToJsonError, ValueError, TypeError, OverflowError):
        return b"null"
