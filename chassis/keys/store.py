"""The key store: a database of its own, with a schema per service, that holds wrapped keys and tombstones.

Two processes that make a person's first key at once end up with the same one. A key that was destroyed is never made
again: the tombstone goes in with the destruction, and making a key looks for it under the same lock.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.errors import KernelError, StoreUnavailable
from chassis.log import UNREACHABLE, as_it_is

KEY_BYTES = 32
NONCE_BYTES = 12


class WrongKek(KernelError):
    """The keys in the store were wrapped with another key-encryption key: nothing may start with this one."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A person who was forgotten here, and when."""

    subject: str
    asked_by: str
    destroyed_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store knows of one person: keys by generation, or that they were destroyed."""

    keys: dict[int, bytes]
    destroyed: bool


class KeyStore:
    """One service's part of the key store."""

    def __init__(self, pool: "asyncpg.Pool[Any]", service: str, kek: bytes) -> None:
        self._pool, self._service = pool, service
        self._wrap = AESGCM(kek)
        self._kek_name = sha256(b"aftercare.kek" + kek).hexdigest()[:16]
        self._schema = '"' + service.replace('"', '""') + '"'

    async def install(self) -> None:
        """Make the tables; harmless when they are there. Run by the migrate job under the role that owns the schema."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", self._service)
            await connection.execute(
                f"CREATE TABLE IF NOT EXISTS {self._schema}.keys(subject text NOT NULL, generation int4 NOT NULL,"
                " kek text NOT NULL, wrapped bytea NOT NULL, made_at timestamptz NOT NULL DEFAULT now(),"
                " PRIMARY KEY (subject, generation));"
                f"CREATE TABLE IF NOT EXISTS {self._schema}.tombstones(subject text PRIMARY KEY,"
                " asked_by text NOT NULL, destroyed_at timestamptz NOT NULL DEFAULT now())"
            )

    async def check(self) -> None:
        """Raise WrongKek where this process could not open what is stored."""
        rows = await self._fetch(f"SELECT DISTINCT kek FROM {self._schema}.keys LIMIT 2")
        others = [row["kek"] for row in rows if row["kek"] != self._kek_name]
        if others:
            raise WrongKek(f"the store's keys are wrapped with KEK {others[0]}, this process has {self._kek_name}")

    async def find(self, subjects: Iterable[str]) -> dict[str, Stored]:
        """Every asked person's keys; no entry for one the store has never heard of."""
        asked = list(subjects)
        # one statement, one snapshot: a key and its tombstone are never both missing
        rows = await self._fetch(
            "SELECT s.subject, k.generation, k.kek, k.wrapped, t.subject IS NOT NULL AS destroyed"
            f" FROM unnest($1::text[]) s(subject) LEFT JOIN {self._schema}.keys k USING (subject)"
            f" LEFT JOIN {self._schema}.tombstones t USING (subject)"
            " WHERE k.subject IS NOT NULL OR t.subject IS NOT NULL",
            asked,
        )
        found: dict[str, Stored] = {}
        for row in rows:
            stored = found.setdefault(row["subject"], Stored({}, row["destroyed"]))
            if row["generation"] is not None:
                stored.keys[row["generation"]] = self._unwrap(
                    row["subject"], row["generation"], row["kek"], row["wrapped"]
                )
        return found

    async def make(self, wanted: Iterable[tuple[str, int]]) -> dict[str, Stored]:
        """Make these (person, generation) keys where they are missing and the person was not forgotten."""
        pairs = sorted(set(wanted))
        fresh = [self._wrapped(subject, generation, os.urandom(KEY_BYTES)) for subject, generation in pairs]
        subjects = [subject for subject, _ in pairs]
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                # sorted: two makers never wait for each other crosswise
                await connection.execute(_LOCK_EACH, subjects)
                await connection.execute(
                    f"INSERT INTO {self._schema}.keys(subject, generation, kek, wrapped)"
                    " SELECT n.subject, n.generation, $3, n.wrapped"
                    " FROM unnest($1::text[], $2::int4[], $4::bytea[]) n(subject, generation, wrapped)"
                    f" WHERE NOT EXISTS (SELECT FROM {self._schema}.tombstones t WHERE t.subject = n.subject)"
                    " ON CONFLICT DO NOTHING",
                    subjects,
                    [generation for _, generation in pairs],
                    self._kek_name,
                    fresh,
                )
        except UNREACHABLE as error:
            raise StoreUnavailable(f"the key store cannot be written: {error!r}") from error
        return await self.find(subjects)

    async def destroy(self, subject: str, *, asked_by: str) -> None:
        """Destroy every key of the person and leave the tombstone; harmless when repeated."""
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_LOCK_EACH, [subject])
                await connection.execute(
                    f"INSERT INTO {self._schema}.tombstones(subject, asked_by) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    subject,
                    asked_by,
                )
                await connection.execute(f"DELETE FROM {self._schema}.keys WHERE subject = $1", subject)
        except UNREACHABLE as error:
            raise StoreUnavailable(f"the key store cannot be written: {error!r}") from error

    async def tombstones(self, after: str = "", limit: int = 1000) -> list[Tombstone]:
        """Tombstones in order of their subject, a page at a time."""
        rows = await self._fetch(
            f"SELECT subject, asked_by, destroyed_at FROM {self._schema}.tombstones WHERE subject > $1"
            " ORDER BY subject LIMIT $2",
            after,
            limit,
        )
        return [Tombstone(row["subject"], row["asked_by"], row["destroyed_at"]) for row in rows]

    async def close(self) -> None:
        """Give the connections back."""
        await self._pool.close()

    async def _fetch(self, sql: str, *arguments: Any) -> list[Any]:
        try:
            return await self._pool.fetch(sql, *arguments)
        except UNREACHABLE as error:
            raise StoreUnavailable(f"the key store cannot be read: {error!r}") from error

    def _wrapped(self, subject: str, generation: int, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrap.encrypt(nonce, key, self._place(subject, generation))

    def _unwrap(self, subject: str, generation: int, kek: str, wrapped: bytes) -> bytes:
        try:
            return self._wrap.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], self._place(subject, generation))
        except InvalidTag:
            raise WrongKek(f"a key wrapped with KEK {kek} does not open with {self._kek_name}") from None

    def _place(self, subject: str, generation: int) -> bytes:
        return f"{self._service}\0{generation}\0{subject}".encode()


_LOCK_EACH = "SELECT pg_advisory_xact_lock(hashtextextended(s, 1)) FROM unnest($1::text[]) s"


async def open_key_store(dsn: str, service: str, kek: bytes, *, size: int = 4) -> KeyStore:
    """A pool of its own: the key store's outage must not eat the service's connections."""
    pool = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        command_timeout=10,
        reset=as_it_is,
        server_settings={"application_name": "aftercare-keys", "statement_timeout": "10000"},
    )
    return KeyStore(pool, service, kek)
