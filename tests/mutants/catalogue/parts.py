"""Mutants of "Parts that die, leave or fall silent"."""

from tests.mutants.catalogue.places import ASSIGNMENT, SILENCE, STATUSES
from tests.mutants.mutant import Edit, Promise

WRITER = "chassis/writer.py"

SILENT = Promise("a server that is silent is told by readiness, kills nobody, and is survived unaided")
ROLLING = Promise("a rolling restart is not seen by callers that retry as documented")
REPLICAS = Promise("replicas may come and go; the order of each key stays")

MUTANTS = (
    SILENT.mutant(
        "callers wait as long as a silent store does not answer",
        Edit(WRITER, "        self._expire((*batch, *self._queue))\n", "        pass\n"),
        tests=(f"{SILENCE}::test_callers_of_a_silent_store_are_told_in_time_and_a_repeat_has_one_effect",),
        shows=("TimeoutError",),
    ),
    SILENT.mutant(
        "an append waits for ever for its answer",
        Edit(WRITER, "fetchrow(*arguments, timeout=APPEND_LIMIT)", "fetchrow(*arguments)"),
        tests=(f"{SILENCE}::test_a_connection_that_never_speaks_again_is_given_up",),
        shows=("TimeoutError",),
    ),
    SILENT.mutant(
        "readiness waits until a silent connection is given up",
        Edit(
            "chassis/runtime/watch.py",
            '                self._reason = "the database does not answer"\n',
            "                pass\n",
        ),
        tests=(f"{SILENCE}::test_readiness_tells_of_a_silent_store_and_of_its_return",),
    ),
    ROLLING.mutant(
        "a server that ends cuts running calls off",
        Edit("chassis/grpc/server.py", "await self._server.stop(grace)", "await self._server.stop(None)"),
        tests=(f"{STATUSES}::test_a_running_call_ends_well_while_the_server_drains",),
        shows=("AioRpcError", "CancelledError"),
    ),
    REPLICAS.mutant(
        "a revocation does not wait for the transaction in flight",
        Edit(
            "chassis/inbox/consumer.py",
            "            await asyncio.wait({self._running}, timeout=DRAIN_LIMIT)\n",
            "            await asyncio.sleep(0)\n",
        ),
        tests=(f"{ASSIGNMENT}::test_a_revocation_waits_for_the_transaction_in_flight",),
        shows=("TimeoutError",),
    ),
)
