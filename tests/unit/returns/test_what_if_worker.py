"""The process that decides a what-if: one that has ended is told as that, whether it is read from or written to."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from chassis.errors import WorkLost
from services.returns.what_if import job


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_worker_that_has_ended_is_one_error_whichever_way_it_is_met(
    loop: Callable[[], asyncio.AbstractEventLoop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event loop has an error of its own for a pipe that nobody reads; the caller gets one, with the exit code."""
    monkeypatch.setattr(job, "WORKER", ("-c", "raise SystemExit(3)"))

    async def met() -> None:
        async with job.begun_worker() as known:
            await known.process.wait()
            with pytest.raises(WorkLost, match="ended with 3"):
                while True:  # until the loop has seen that the pipe is closed
                    await known.tell([])
                    await asyncio.sleep(0)
            with pytest.raises(WorkLost, match="ended with 3"):
                await known.answer()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(met())
