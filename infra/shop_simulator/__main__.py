"""``python -m infra.shop_simulator``: runs the shop's systems against Kafka until stopped.

Settings: AFTERCARE_KAFKA, AFTERCARE_TOPIC_PREFIX, AFTERCARE_SIMULATOR_DIR (the provider's books).
"""

import asyncio
import os
import random
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.shop_simulator.bus import Bus, unruly
from infra.shop_simulator.catalogue import person
from infra.shop_simulator.changes import Warehouse
from infra.shop_simulator.fulfilment import Fulfilment
from infra.shop_simulator.lives import live
from infra.shop_simulator.payments import PaymentSystem, Provider

app = typer.Typer(add_completion=False)


@app.command()
def main(
    seed: Annotated[int, typer.Option(help="Everything that is sold and happens follows from it.")] = 1,
    per_minute: Annotated[float, typer.Option(help="New orders a minute.")] = 6.0,
    orders: Annotated[int, typer.Option(help="Stop selling after so many; 0: never.")] = 0,
    flat_out: Annotated[bool, typer.Option(help="Publish as fast as the broker takes it; for load.")] = False,
    answers_only: Annotated[
        bool, typer.Option(help="Sell nothing: only answer requests for goods and refunds.")
    ] = False,
    shop: Annotated[str, typer.Option(help="The shop id on every record.")] = "demo-shop",
) -> None:
    """A shop with a warehouse, a carrier and a payment system, out of order, duplicated, late and sometimes silent."""
    kafka = os.environ.get("AFTERCARE_KAFKA")
    if not kafka:
        raise typer.BadParameter("AFTERCARE_KAFKA is not set: give the broker's address, for instance 127.0.0.1:9092")
    folder = Path(os.environ.get("AFTERCARE_SIMULATOR_DIR", ".local/simulator"))
    asyncio.run(_run(kafka, folder, seed, 0.0 if flat_out else 60 / per_minute, orders, answers_only, shop))


async def _run(kafka: str, folder: Path, seed: int, pause: float, orders: int, answers_only: bool, shop: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Bus(kafka, topic_prefix=os.environ.get("AFTERCARE_TOPIC_PREFIX", "")) as bus:
        work = [
            asyncio.create_task(PaymentSystem(bus, Provider(folder)).run(), name="payments"),
            asyncio.create_task(Fulfilment(bus, warehouse=Warehouse(folder)).run(), name="fulfilment"),
        ]
        if not answers_only:
            work.append(asyncio.create_task(_sell(bus, folder, seed, pause, orders, shop), name="orders"))
        end = asyncio.create_task(stopped.wait())
        try:
            while not end.done():
                await asyncio.wait([*work, end], return_when=asyncio.FIRST_COMPLETED)
                for task in [t for t in work if t.done()]:
                    task.result()  # an actor that fails ends the program
                    work.remove(task)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)


async def _sell(bus: Bus, folder: Path, seed: int, pause: float, orders: int, shop: str) -> None:
    """Goes on where an earlier run of this folder and seed left off."""
    rng = random.Random(f"{seed}/bus")
    counter = folder / f"sold-{seed}-{shop}"
    first = int(counter.read_text()) if counter.exists() else 0
    number = first
    while not orders or number < first + orders:
        number += 1
        told = live(number, seed, person(number, seed), shop_id=shop, now=datetime.now(UTC))
        await bus.publish(*unruly(told.facts, rng))
        counter.write_text(str(number))
        await asyncio.sleep(pause)


if __name__ == "__main__":
    app()
