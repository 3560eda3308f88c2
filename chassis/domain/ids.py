"""Ids that two processes compute alike, so that a business key names one aggregate."""

from functools import lru_cache
from hashlib import blake2b
from uuid import UUID


def derived_id_once(*parts: str) -> UUID:
    """The id of the thing that `parts` name, e.g. ``derived_id("returns.ledger", shop_id, order_id)``.

    Parts are length-prefixed, so ``("a", "bc")`` and ``("ab", "c")`` differ. The result is a version 8
    UUID (RFC 9562, custom). It is not remembered, as `derived_id` does: for what is hardly ever named again.
    """
    named = b""
    for part in parts:
        raw = part.encode()
        named += len(raw).to_bytes(4, "big") + raw
    value = int.from_bytes(blake2b(named, digest_size=16).digest(), "big")
    return UUID(int=value & _FREE | _VERSION_8)


_FREE = ~(0xF << 76 | 0x3 << 62)
_VERSION_8 = 8 << 76 | 0x2 << 62

derived_id = lru_cache(maxsize=8192)(derived_id_once)
"""The same, remembered: the same few thousand things are named over and over while a batch is decided."""


def numbered(number: int, incarnation: int) -> str:
    """The `number`-th of its kind, for a key that is seen outside this service.

    A log that was restored from a backup counts up again from where it was then; its incarnation tells what is counted
    now from what was counted in the lost time.
    """
    return str(number) if incarnation == 1 else f"{number}r{incarnation}"
