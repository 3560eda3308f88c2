"""How a figure's module runs by itself: real servers with fsync on, `measure`, one line per figure on record."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import uvloop

from bench.figure import Figure
from infra.local.parts import Parts, running

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"

FEWEST = 5
"""Rounds below which a figure says that it is not one."""

Measure = Callable[..., Awaitable[Sequence[Figure]]]


def run(id: str, measure: Measure, **sizes: int) -> None:
    """`measure(parts, rounds)` on servers started for it; the figures are printed and kept as `results/<id>.jsonl`.

    Each of `sizes` is an option of the command line with this default, and is given to `measure` by its name.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    for name, size in sizes.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=size)
    told = vars(parser.parse_args())
    rounds = told.pop("rounds")
    with (
        running(ROOT / ".local" / "bench", "demo", fresh=True) as parts,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        figures = runner.run(_measured(measure, parts, rounds, told))
    if rounds < FEWEST:
        figures = [replace(figure, note=f"only {rounds} rounds. {figure.note}".rstrip()) for figure in figures]
    RESULTS.mkdir(exist_ok=True)
    lines = [json.dumps(figure.as_json()) for figure in figures]
    (RESULTS / f"{id.lower()}.jsonl").write_text("\n".join(lines) + "\n")
    for figure in figures:
        mark = {True: "met", False: "missed", None: "stated"}[figure.met]
        print(
            f"  {figure.id:5} {figure.name}: {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}] {mark}",
            flush=True,
        )


async def _measured(measure: Measure, parts: Parts, rounds: int, sizes: dict[str, int]) -> Sequence[Figure]:
    return await measure(parts, rounds, **sizes)
