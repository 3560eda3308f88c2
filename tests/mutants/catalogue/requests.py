"""Mutants of what is asked over Kafka, in "Nothing happens twice"."""

from tests.mutants.mutant import Edit, Promise

ASKING = "services/returns/providers/asking.py"
TELLS = "tests/contract/returns/test_tells.py"

ONE_ID = Promise("what is asked over Kafka has one id for all its repeats, and a question about it an id of its own")

MUTANTS = (
    ONE_ID.mutant(
        "each sending of a request has an id of its own",
        Edit(
            ASKING,
            '            "request_id": attempt.key,\n',
            '            "request_id": f"{attempt.key}.{attempt.number}",\n',
        ),
        tests=(
            f"{TELLS}::test_a_refund_is_asked_under_the_transfers_own_key_every_time",
            f"{TELLS}::test_store_credit_is_asked_under_the_transfers_own_key",
            "tests/contract/returns/test_asks_for_remedies.py"
            "::test_a_remedy_is_asked_once_under_one_key_and_answered_under_it",
        ),
    ),
    ONE_ID.mutant(
        "a question is sent under the request's own id",
        Edit(
            "services/returns/providers/money.py",
            "        question = replace(attempt, idempotency_key=lookup_id)\n",
            "        question = attempt\n",
        ),
        tests=(f"{TELLS}::test_a_refund_is_asked_under_the_transfers_own_key_every_time",),
    ),
)
