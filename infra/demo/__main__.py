"""``python -m infra.demo``: plays a shop's day on a fresh embedded stack; exit code 0 when every claim holds."""

import argparse
import asyncio
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta

from infra.demo import table
from infra.demo.scenes import (
    arrivals,
    complaints,
    dispute,
    exchange,
    limits,
    policy,
    refund,
    replay,
    reship,
    silence,
    withdrawal,
)
from infra.demo.stage import COMPONENTS, NeverHappened, Stage
from infra.demo.story import Story
from infra.local import parts
from infra.local.failures import PartsFailed
from infra.local.layout import LOCAL
from infra.local.supervisor import Stack

FOLDER = LOCAL / "demo"
SCENES = (arrivals, silence, reship, refund, limits, complaints, withdrawal, dispute, policy, exchange, replay)


def main() -> int:
    """Run and say how it went."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--until", type=int, default=len(SCENES), help="stop after this scene")
    parser.add_argument("--keep", action="store_true", help="leave the stack running afterwards")
    options = parser.parse_args()
    began = time.monotonic()
    try:
        story = asyncio.run(_play(options.until, keep=options.keep))
    except (NeverHappened, PartsFailed) as failure:
        print(f"\ndemo: {failure}\n      logs: {FOLDER / 'logs'}", file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            Stack(FOLDER, COMPONENTS).down()
    return _verdict(story, time.monotonic() - began)


async def _play(until: int, *, keep: bool) -> Story:
    Stack(FOLDER, COMPONENTS).down()
    parts.erase(FOLDER)
    shutil.rmtree(FOLDER, ignore_errors=True)  # the provider's books and the mailbox begin empty too
    stack = Stack(FOLDER, COMPONENTS, driven_clock=True, say=lambda text: print(f"demo: starting {text}", flush=True))
    async with Stage(stack, keep=keep) as stage:
        story = Story(stage)
        await stage.set_clock(_monday(datetime.now(UTC)), rate=1.0)
        for scene in SCENES[:until]:
            await scene.play(story)
        story.console.rule("[bold]What is stored now")
        await table.show(story)
        return story


def _monday(now: datetime) -> datetime:
    """Eight o'clock of next week's Monday: a driven clock never goes back."""
    day = now + timedelta(days=7 - now.weekday())
    return day.replace(hour=8, minute=0, second=0, microsecond=0)


def _verdict(story: Story, seconds: float) -> int:
    held = sum(claim.holds for claim in story.claims)
    story.table(
        "Claims",
        ("claim", "measured", "read from", ""),
        [(c.text, c.measured, c.read_from, "PASS" if c.holds else "FAIL") for c in story.claims],
    )
    passed = held == len(story.claims)
    print(f"{'PASS' if passed else 'FAIL'}: {held} of {len(story.claims)} claims hold, {seconds:.0f} s")
    print("Try next:  make up   |   .venv/bin/aftercare login --role agent   |   .venv/bin/aftercare cases list")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
