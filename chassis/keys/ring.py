"""Keys in memory, for a codec that cannot wait.

`seal` and `open` never touch the network: a person whose keys are not in memory raises KeysNeeded, and whoever may wait
loads them and tries again. What the ring remembers may be behind for as long as `keep`; that is harmless, because the
append refuses a unit sealed with an ended generation, and the unit is then built anew with the fresh state.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.errors import KernelError, KeysNeeded, StoreUnavailable
from chassis.keys.store import NONCE_BYTES, KeyStore, Stored
from chassis.log import UNREACHABLE

log = structlog.get_logger(__name__)

ERASED = 0
"""The generation that stands for "this person was forgotten"."""


class SealBroken(KernelError):
    """A sealed text does not open at the place it was found: it was copied there, or the key store was mixed up."""


@dataclass(frozen=True, slots=True)
class _Known:
    current: int
    ciphers: dict[int, AESGCM]
    until: float


class KeyRing:
    """The personal keys one process has in hand."""

    def __init__(
        self,
        pool: "asyncpg.Pool[Any]",
        store: KeyStore,
        *,
        size: int = 50_000,
        keep: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool, self._store = pool, store
        self._size, self._keep, self._monotonic = size, keep, monotonic
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def seal(self, subject: str, aad: bytes, text: str) -> tuple[int, bytes]:
        """The text under the person's current key; generation 0 and no bytes for one who was forgotten."""
        known = self._of(subject)
        if known.current == ERASED:
            return ERASED, b""
        nonce = os.urandom(NONCE_BYTES)
        return known.current, nonce + known.ciphers[known.current].encrypt(nonce, text.encode(), aad)

    def open(self, subject: str, generation: int, aad: bytes, sealed: bytes) -> str | None:
        """The text, or None once its key is gone."""
        cipher = self._of(subject).ciphers.get(generation)
        if cipher is None:
            return None
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad).decode()
        except InvalidTag:
            raise SealBroken(f"a text of generation {generation} does not open where it stands") from None

    async def load(self, subjects: frozenset[str]) -> None:
        """Bring the keys of `subjects` into memory; makes the first key of a person nobody knows yet."""
        asked = sorted(subjects)
        try:
            # the log's database first: a generation seen there had its key before, so a missing key is a lost one
            rows = await self._pool.fetch(
                "SELECT subject, max(generation) AS used, bool_or(ended_at IS NOT NULL) AS ended"
                " FROM personal_generations WHERE subject = ANY($1::text[]) GROUP BY subject",
                asked,
            )
        except UNREACHABLE as error:
            raise StoreUnavailable(f"the store cannot be read: {error!r}") from error
        ended = {row["subject"] for row in rows if row["ended"]}
        used = {row["subject"]: row["used"] for row in rows if not row["ended"]}
        stored = await self._store.find(asked)
        missing = [(s, self._next(s, stored.get(s), used.get(s, 0))) for s in asked if s not in ended]
        if wanted := [(subject, generation) for subject, generation in missing if generation]:
            stored |= await self._store.make(wanted)
        until = self._monotonic() + self._keep
        for subject in asked:
            held = stored.get(subject, Stored({}, False))
            gone = subject in ended or held.destroyed
            # from the asking on nothing is readable, though the key still waits for the job to destroy it
            ciphers = {} if gone else {generation: AESGCM(key) for generation, key in held.keys.items()}
            self._known[subject] = _Known(ERASED if gone else max(ciphers), ciphers, until)
            self._known.move_to_end(subject)
        while len(self._known) > max(self._size, len(asked)):
            self._known.popitem(last=False)

    def drop(self, subjects: frozenset[str]) -> None:
        """Forget what is known about `subjects`; it is loaded afresh when next needed."""
        for subject in subjects:
            self._known.pop(subject, None)

    @staticmethod
    def _next(subject: str, stored: Stored | None, used: int) -> int:
        """The generation to make a key for, or 0 where the person has a key or was forgotten."""
        if stored is not None and stored.destroyed:
            return 0
        newest = max(stored.keys, default=0) if stored else 0
        if newest >= used and newest > 0:
            return 0
        if used:
            # the key store lost it (an older backup was restored): what it sealed reads as erased from now on
            log.error("personal_key_lost", generation=used)
        return max(newest, used) + 1

    def _of(self, subject: str) -> _Known:
        known = self._known.get(subject)
        if known is None or known.until < self._monotonic():
            raise KeysNeeded(frozenset({subject}))
        self._known.move_to_end(subject)
        return known
