"""Mutants of "The surface"."""

from tests.mutants.catalogue.places import ACCESS_MATRIX, LIMITS
from tests.mutants.mutant import Edit, Promise

LIMITS_PY = "chassis/grpc/limits.py"
SERVER = "chassis/grpc/server.py"

OPERATORS = Promise("an operator of some shops cannot reach the others' data")
FAIR = Promise("no caller takes the server away from the others")

MUTANTS = (
    OPERATORS.mutant(
        "a token of one shop operates all of them",
        Edit("chassis/grpc/access.py", "        if self.all_shops and principal.shops:\n", "        if False:\n"),
        tests=(f"{ACCESS_MATRIX}::test_only_whom_the_contract_names_is_answered",),
    ),
    FAIR.mutant(
        "a bucket is never empty",
        Edit(LIMITS_PY, "        if left < 1.0:\n", "        if left < -1e9:\n"),
        tests=(f"{LIMITS}::test_a_principal_has_a_seconds_worth_of_calls_and_gets_them_back_evenly",),
    ),
    FAIR.mutant(
        "each connection of a stranger has a bucket of its own",
        Edit(LIMITS_PY, "peer().rpartition(':')[0]", "peer()"),
        tests=(f"{LIMITS}::test_callers_without_a_token_share_a_bucket_by_their_address",),
    ),
    FAIR.mutant(
        "a caller allows a call any length",
        Edit("chassis/grpc/interceptor.py", "left is not None and left <= self._longest", "left is not None"),
        tests=(f"{LIMITS}::test_no_call_runs_longer_than_the_longest_whatever_its_caller_allows",),
    ),
    FAIR.mutant(
        "a connection may have any number of calls running",
        Edit(SERVER, '                ("grpc.max_concurrent_streams", calls_per_connection),\n', ""),
        tests=(f"{LIMITS}::test_a_connection_has_so_many_calls_running_and_no_more",),
    ),
)
