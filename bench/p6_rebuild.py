"""P6: a read model rebuilt from the log, an event, against the projection of the `eventsourcing` library on its log.

Ours is the job as an operator starts it, on the log of a real service: every event is decoded, every aggregate folded,
its rows written into shadow tables and swapped in. The library's is a `ProjectionRunner` over the stock application on
its PostgreSQL recorder: it folds nothing, but writes one row and its position for each event in a transaction of its
own, which is the way its documentation shows.
"""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from statistics import median
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from eventsourcing.application import Application as StockApplication
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate as StockAggregate
from eventsourcing.domain import event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from bench.consuming import consume
from bench.figure import Figure, ratio_figure
from bench.meter import Meter
from bench.place import Place, place, stores_of
from bench.run import run
from bench.shipments import SCANS, lives
from chassis.rebuild import Rebuild
from chassis.runtime.stores import Stores
from infra.local.databases import with_database
from infra.local.parts import Parts

LARGE = False
PARCELS = 1_500
STOCK_PARCELS = 250
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Took:
    """One pass: seconds, and microseconds of this process's processor, an event."""

    seconds: float
    own: float


class StockParcel(StockAggregate):
    """The life of a parcel that our log holds, written as the library's documentation writes one."""

    @event("Registered")
    def __init__(self, *, shop_id: str, order_id: str, shipment_id: str, carrier: str) -> None:
        self.shop_id, self.order_id, self.shipment_id, self.carrier = shop_id, order_id, shipment_id, carrier
        self.status, self.at = "created", datetime.now(UTC)

    @event("Told")
    def tell(self, status: str, at: datetime, place: str, sign_key: str) -> None:
        self.status, self.at = status, at


class StockParcels(StockApplication[UUID]):
    """Holds them."""

    def fill(self, parcels: int) -> int:
        """That many lives; the position of the last event."""
        now, last = datetime.now(UTC), 0
        for n in range(parcels):
            parcel = StockParcel(shop_id="shop", order_id=f"O-{n}", shipment_id=f"S-{n}", carrier="dhl")
            parcel.tell("handed_over", now, "", "handed")
            for scan in range(SCANS):
                parcel.tell("in_transit", now, f"Hub {scan}", f"S-{n}-{scan}")
            parcel.tell("delivered", now, "", "delivered")
            last = self.save(parcel)[-1].notification.id
        return last


class ParcelView(PostgresTrackingRecorder):
    """The rows, each written together with the position of its event."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.check_identifier_length("stock_parcels")
        self._table = Identifier(self.datastore.schema), Identifier("stock_parcels")
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {0}.{1} (id uuid PRIMARY KEY, version bigint, shop_id text, order_id text,"
                " shipment_id text, carrier text, status text, updated_at timestamptz)"
            ).format(*self._table)
        )
        self._insert = SQL("INSERT INTO {0}.{1} VALUES (%s, %s, %s, %s, %s, %s, 'created', %s)").format(*self._table)
        self._update = SQL("UPDATE {0}.{1} SET version = %s, status = %s, updated_at = %s WHERE id = %s").format(
            *self._table
        )

    def add(self, row: tuple[Any, ...], tracking: Tracking) -> None:
        self._both(self._insert, row, tracking)

    def change(self, row: tuple[Any, ...], tracking: Tracking) -> None:
        self._both(self._update, row, tracking)

    def _both(self, statement: Any, row: tuple[Any, ...], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(statement, row, prepare=True)


class ParcelProjection(Projection[ParcelView]):
    """What each event does to its row."""

    last: ClassVar[int] = 0
    ended: ClassVar[threading.Event] = threading.Event()

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        raise TypeError(domain_event)

    @process_event.register
    def _(self, e: StockParcel.Registered, tracking: Tracking) -> None:  # type: ignore[name-defined]  # the decorator makes it
        row = (e.originator_id, e.originator_version, e.shop_id, e.order_id, e.shipment_id, e.carrier, e.timestamp)
        self.view.add(row, tracking)

    @process_event.register
    def _(self, e: StockParcel.Told, tracking: Tracking) -> None:  # type: ignore[name-defined]  # the decorator makes it
        self.view.change((e.originator_version, e.status, e.at, e.originator_id), tracking)
        if tracking.notification_id == self.last:
            self.ended.set()


async def measure(parts: Parts, rounds: int) -> Sequence[Figure]:
    """The same two logs in every round; both read models are made anew each time."""
    async with place(parts, "shipping_issues") as here, stores_of(here) as stores:
        await consume(here, stores, lives(PARCELS, 1, now=datetime.now(UTC)))
        admin = await asyncpg.connect(with_database(parts.postgres_url, here.database.name))
        try:
            await admin.execute("CREATE SCHEMA stock")
            await admin.execute("VACUUM ANALYZE events")
            count = await admin.fetchval("SELECT count(*) FROM events")
            env = _environment(parts, here)
            stock = StockParcels(env=env)
            ParcelProjection.last = theirs = await asyncio.to_thread(stock.fill, STOCK_PARCELS)
            stock.close()
            await _ours(here, stores, count)
            measured = []
            for _ in range(rounds):
                floor = await asyncio.to_thread(_library, env, theirs)
                await _forget(admin)
                measured.append((await _ours(here, stores, count), floor))
        finally:
            await admin.close()
    return [
        ratio_figure(
            "P6", "rebuild of a read model, events a second / the library's projection",
            [floor.seconds / ours.seconds for ours, floor in measured], [1 / ours.seconds for ours, _ in measured],
            unit="events/s", goal=4, stretch=8,
            floor="ProjectionRunner on the PostgreSQL recorder: one row and its position an event, one commit an event",
            parts=[
                ("our µs an event", median(ours.own for ours, _ in measured)),
                ("the library's µs an event", median(floor.own for _, floor in measured)),
                ("the library's events/s", median(1 / floor.seconds for _, floor in measured)),
            ],
            note=f"{count} events of ours, {theirs} of theirs a round",
        )
    ]  # fmt: skip


async def _ours(here: Place, stores: Stores, count: int) -> Took:
    """Every table that is filled from aggregates, to the swap."""
    connect = partial(asyncpg.connect, here.database.migration_url)
    job = Rebuild(connect, here.definition.model, stores.log, stores.aggregates)
    meter = Meter()
    done = await job.rows()
    took = Took(meter.seconds() / count, meter.own() / count * 1e6)
    assert done.position == count
    return took


def _library(env: dict[str, str], count: int) -> Took:
    """From the runner's start to its last event's commit."""
    ParcelProjection.ended.clear()
    meter = Meter()
    with ProjectionRunner(
        application_class=StockParcels, projection_class=ParcelProjection, view_class=ParcelView, env=env
    ):
        if not ParcelProjection.ended.wait(PATIENCE):
            raise TimeoutError("the library's projection did not reach the end of its log")
        return Took(meter.seconds() / count, meter.own() / count * 1e6)


async def _forget(admin: "asyncpg.Connection[Any]") -> None:
    """The library's view back to nothing, and its position to the beginning."""
    assert await admin.fetchval("SELECT count(*) FROM stock.stock_parcels WHERE status = 'delivered'") == STOCK_PARCELS
    await admin.execute("TRUNCATE stock.stock_parcels")
    await admin.execute("DELETE FROM stock.parcelprojection_tracking WHERE application_name = $1", StockParcels.name)


def _environment(parts: Parts, here: Place) -> dict[str, str]:
    url = urlsplit(parts.postgres_url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": here.database.name,
        "POSTGRES_SCHEMA": "stock",
        "POSTGRES_HOST": url.hostname or "127.0.0.1",
        "POSTGRES_PORT": str(url.port),
        "POSTGRES_USER": url.username or "",
        "POSTGRES_PASSWORD": url.password or "",
    }


if __name__ == "__main__":
    run("P6", measure)
