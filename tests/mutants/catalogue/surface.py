"""Mutants of "The surface"."""

from tests.mutants.catalogue.places import ACCESS_MATRIX, DATABASE_ROLES, FUZZED_RPCS, FUZZED_TOPICS, LIMITS, TOLD
from tests.mutants.mutant import Edit, Promise

LIMITS_PY = "chassis/grpc/limits.py"
STATUSES = "chassis/grpc/statuses.py"
SERVER = "chassis/grpc/server.py"
CERTIFICATES = "chassis/grpc/certificates.py"
TLS = "tests/unit/chassis/grpc/test_tls.py"

OPERATORS = Promise("an operator of some shops cannot reach the others' data")
FORESEEN = Promise("whatever a caller sends is answered by a status of the contract, which tells nothing of the inside")
PARKED = Promise("whatever a topic carries, no consumer stops, and a reason for parking repeats nothing of the payload")
CONFINED = Promise("a running service cannot change its tables, its server or its past, nor enter another's database")
SILENT = Promise("no secret and no personal word leaves a process by its output, its metrics or its health")
SEALED = Promise("outside of loopback nothing is told in the clear, and a renewed certificate needs no restart")
FAIR = Promise("no caller takes the server away from the others")

MUTANTS = (
    FORESEEN.mutant(
        "bytes that are no request end the call by themselves",
        Edit("chassis/grpc/validation.py", "    except DecodeError:\n", "    except KeyError:\n"),
        tests=(f"{FUZZED_RPCS}::test_no_request_is_answered_with_what_nobody_foresaw",),
    ),
    FORESEEN.mutant(
        "a text no column holds reaches the query",
        Edit("chassis/texts.py", 'if b"\\0" in raw else', "if raw is None else"),
        Edit(STATUSES, "    return isinstance(error, asyncpg.DataError)\n", "    return False\n"),
        Edit(STATUSES, "isinstance(error.orig and error.orig.__cause__, asyncpg.DataError)", "False"),
        tests=(f"{FUZZED_RPCS}::test_no_request_is_answered_with_what_nobody_foresaw",),
    ),
    PARKED.mutant(
        "a reason quotes what could not be read",
        Edit(
            "chassis/cloudevents.py",
            'f"{what} ({type(error).__name__})"',
            'f"{what} ({arrived.value!r})"',
        ),
        tests=(f"{FUZZED_TOPICS}::test_every_record_has_a_fate",),
    ),
    SILENT.mutant(
        "a stranger's words are told",
        Edit("chassis/told.py", "    return isinstance(error, _QUOTES_NOTHING) and not", "    return not"),
        tests=(f"{TOLD}::test_a_strangers_words_are_told_nowhere",),
    ),
    CONFINED.mutant(
        "the run-time role may delete what happened",
        Edit(
            "chassis/schema/__init__.py",
            "GRANT SELECT ON ALL TABLES",
            "GRANT SELECT, DELETE ON ALL TABLES",
        ),
        tests=(f"{DATABASE_ROLES}::test_the_run_time_role_changes_nothing_of_its_database",),
    ),
    OPERATORS.mutant(
        "a token of one shop operates all of them",
        Edit("chassis/grpc/access.py", "        if self.all_shops and principal.shops:\n", "        if False:\n"),
        tests=(f"{ACCESS_MATRIX}::test_only_whom_the_contract_names_is_answered",),
    ),
    SEALED.mutant(
        "a renewed certificate waits for a restart",
        Edit(CERTIFICATES, "            if seen == self._seen:\n", "            if True:\n"),
        tests=(f"{TLS}::test_a_renewed_pair_serves_the_next_connection_without_a_restart",),
    ),
    SEALED.mutant(
        "half a pair is served",
        Edit(CERTIFICATES, "    if not matches:\n", "    if False:\n"),
        tests=(
            f"{TLS}::test_half_a_renewed_pair_leaves_the_old_one_in_force_until_the_other_half_is_there",
            f"{TLS}::test_a_pair_that_cannot_be_served_prevents_the_start",
        ),
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
