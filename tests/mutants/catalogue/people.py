"""Mutants of "People"."""

from tests.mutants.catalogue.places import ACCESS, APPEND, ERASURE, KEYS
from tests.mutants.mutant import Edit, Promise

ACCESS_PY = "chassis/grpc/access.py"
ERASURE_PY = "chassis/keys/erasure.py"
RING = "chassis/keys/ring.py"
STORE = "chassis/keys/store.py"
SQL = "chassis/schema/append_sql.py"

SOMEONE_ELSE = Promise("someone else's case does not exist")
FORGOTTEN = Promise("a person can be forgotten")
WORDS = Promise("the log never holds personal words")

DESKS_OWN = Promise("what the desk notes on a file of the law, and who has it, is the desk's alone")
EVIDENCE = Promise(
    "a sold unit that comes back is one piece of evidence at most, and only while what is known speaks for a defect"
)
RETURNED = "services/quality_complaints/domain/returned_unit.py"
RETURNED_TESTS = "tests/unit/quality_complaints/test_returned.py::"

MUTANTS = (
    SOMEONE_ELSE.mutant(
        "customers see each other's cases",
        Edit(
            "chassis/work.py",
            "        return self.customer_id is None or self.customer_id == customer_id\n",
            "        return True\n",
        ),
        tests=(f"{ACCESS}::test_someone_elses_case_does_not_exist",),
    ),
    SOMEONE_ELSE.mutant(
        "a token of one shop sees every shop",
        Edit(
            "chassis/work.py", "        if self.shops and shop_id not in self.shops:\n", "        if shop_id is None:\n"
        ),
        tests=(f"{ACCESS}::test_another_shops_case_does_not_exist",),
    ),
    SOMEONE_ELSE.mutant(
        "another's case is told apart from none",
        Edit(
            ACCESS_PY,
            "            raise NotFound(what, id)\n",
            '            raise NotPermitted(f"{what} {id} is not yours")\n',
        ),
        tests=(f"{ACCESS}::test_someone_elses_case_does_not_exist",),
    ),
    SOMEONE_ELSE.mutant(
        "an rpc without a rule is for everybody",
        Edit(ACCESS_PY, "    if not declared.roles:\n", "    if method is None:\n"),
        tests=(f"{ACCESS}::test_an_rpc_without_a_declared_permission_prevents_the_start",),
        shows=("AttributeError",),
    ),
    SOMEONE_ELSE.mutant(
        "any role may call",
        Edit(ACCESS_PY, "        if not self.roles & principal.roles:\n", "        if not principal.roles:\n"),
        tests=(
            f"{ACCESS}::test_a_role_that_is_not_named_is_refused_before_the_handler",
            f"{ACCESS}::test_a_customer_cannot_call_what_is_for_agents",
        ),
    ),
    FORGOTTEN.mutant(
        "units under an ended key still commit",
        Edit(
            SQL, "p.generation >= g.generation AND p.ended_at IS NOT NULL;", "p.generation >= g.generation AND false;"
        ),
        tests=(
            f"{APPEND}::test_no_unit_commits_under_an_ended_key_generation",
            f"{ERASURE}::test_after_the_keys_ended_no_unit_sealed_with_one_commits",
        ),
    ),
    FORGOTTEN.mutant(
        "an erasure in the same batch is not reported",
        Edit(
            "chassis/packing.py",
            '            found.checks(n, ("person", subject), Verdict.ERASED)\n',
            "            pass\n",
        ),
        tests=(f"{ERASURE}::test_inside_one_batch_a_unit_after_the_erasure_is_refused_and_one_before_it_is_not",),
    ),
    FORGOTTEN.mutant(
        "two shops share their customers' keys",
        Edit(
            "chassis/domain/personal.py",
            """    return f"{shop_id.replace('%', '%25').replace('/', '%2F')}/{customer_id}"\n""",
            '    return f"{len(shop_id) * 0}/{customer_id}"\n',
        ),
        tests=(f"{ERASURE}::test_two_shops_with_the_same_customer_id_share_neither_key_nor_erasure",),
    ),
    FORGOTTEN.mutant(
        "the aggregates are not emptied",
        Edit(ERASURE_PY, '            await self._erase(subject, row["aggregate_id"])\n', "            pass\n"),
        tests=(f"{ERASURE}::test_erasure_empties_every_aggregate_of_the_person_and_nobody_elses",),
    ),
    FORGOTTEN.mutant(
        "the key is not destroyed",
        Edit(
            STORE,
            'f"DELETE FROM {self._schema}.keys WHERE subject = $1"',
            'f"DELETE FROM {self._schema}.keys WHERE subject = $1 AND false"',
        ),
        tests=(f"{ERASURE}::test_erasure_empties_every_aggregate_of_the_person_and_nobody_elses",),
    ),
    FORGOTTEN.mutant(
        "a destroyed key is made again",
        Edit(
            STORE,
            "WHERE NOT EXISTS (SELECT FROM {self._schema}.tombstones t WHERE t.subject = n.subject)",
            "WHERE n.subject IS NOT NULL",
        ),
        tests=(f"{KEYS}::test_a_destroyed_key_is_never_made_again",),
    ),
    FORGOTTEN.mutant(
        "a restore forgets who was forgotten",
        Edit(
            ERASURE_PY,
            "                if tombstone.subject not in have:\n",
            "                if tombstone.subject in have:\n",
        ),
        tests=(f"{ERASURE}::test_after_a_restore_the_tombstones_are_applied_again",),
    ),
    FORGOTTEN.mutant(
        "a rebuilt read model shows the text again",
        Edit("chassis/domain/aggregate.py", "        self.forget(event.subject)\n", "        pass\n"),
        Edit(
            RING,
            "ciphers = {} if gone else {generation: AESGCM(key)",
            "ciphers = {generation: AESGCM(key)",
        ),
        tests=(f"{ERASURE}::test_from_the_asking_on_nothing_is_readable",),
    ),
    WORDS.mutant(
        "personal text is stored as it is",
        Edit(
            RING,
            "return known.current, nonce + known.ciphers[known.current].encrypt(nonce, text.encode(), aad)",
            "return known.current, nonce + text.encode()",
        ),
        Edit(
            "chassis/codec.py",
            '"c": b64encode(sealed).decode()}',
            '"c": b64encode(sealed).decode(), "x": value.text}',
        ),
        Edit(
            RING,
            "return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad).decode()",
            "return sealed[NONCE_BYTES:].decode()",
        ),
        tests=(f"{ERASURE}::test_the_log_never_holds_the_words",),
    ),
    WORDS.mutant(
        "text is only encoded, not sealed",
        Edit(
            RING,
            "return known.current, nonce + known.ciphers[known.current].encrypt(nonce, text.encode(), aad)",
            "return known.current, nonce + text.encode()",
        ),
        Edit(
            RING,
            "return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad).decode()",
            "return sealed[NONCE_BYTES:].decode()",
        ),
        tests=(
            f"{KEYS}::test_a_sealed_text_opens_in_another_process_and_hides_its_words",
            f"{ERASURE}::test_the_log_never_holds_the_words",
        ),
    ),
    WORDS.mutant(
        "a sealed text does not know its place",
        Edit(RING, "encrypt(nonce, text.encode(), aad)", 'encrypt(nonce, text.encode(), b"")'),
        Edit(RING, "sealed[NONCE_BYTES:], aad).decode()", 'sealed[NONCE_BYTES:], b"").decode()'),
        tests=(f"{KEYS}::test_a_text_copied_to_another_place_does_not_open",),
    ),
    WORDS.mutant(
        "a wrapped key opens under any name",
        Edit(STORE, '        return f"{self._service}\\0{generation}\\0{subject}".encode()\n', '        return b""\n'),
        tests=(f"{KEYS}::test_a_wrapped_key_moved_to_another_person_does_not_open",),
    ),
    DESKS_OWN.mutant(
        "customers read what the desk noted",
        Edit("services/returns/presenting/shared.py", '    shown.ClearField("notes")\n', ""),
        tests=(
            "tests/unit/returns/test_law_at_the_desk.py::"
            "test_a_note_is_the_customers_personal_data_and_the_desks_alone",
        ),
    ),
    DESKS_OWN.mutant(
        "a note on a file of the law is no personal data",
        Edit(
            "casework/case.py", "note_id=note_id, text=self.personal(text)", 'note_id=note_id, text=Personal("", text)'
        ),
        Edit(
            "casework/case.py",
            "from uuid import UUID\n\n",
            "from uuid import UUID\n\nfrom chassis.domain import Personal\n",
        ),
        tests=(
            "tests/unit/returns/test_law_at_the_desk.py::"
            "test_a_note_is_the_customers_personal_data_and_the_desks_alone",
        ),
    ),
    EVIDENCE.mutant(
        "a unit of another lot stays in the investigation of the first",
        Edit(
            "services/quality_complaints/application/returned.py",
            "            (await work.get(Investigation, before)).let_go(known.id, at=work.now)\n",
            "",
        ),
        tests=(
            f"{RETURNED_TESTS}test_the_lot_that_is_read_off_the_goods_stands_above_picking",
            f"{RETURNED_TESTS}test_what_is_evidence_does_not_depend_on_the_order_or_on_repeats",
        ),
    ),
    EVIDENCE.mutant(
        "an older word about a unit is taken for the newest",
        Edit(RETURNED, "known is None or told.version > known.version", "known is None or told != known"),
        tests=(
            f"{RETURNED_TESTS}test_a_unit_counts_once_however_often_it_is_told_of",
            f"{RETURNED_TESTS}test_what_is_evidence_does_not_depend_on_the_order_or_on_repeats",
        ),
    ),
    EVIDENCE.mutant(
        "what was asked for and never came is evidence",
        Edit(RETURNED, " if told.received]", "]"),
        tests=(f"{RETURNED_TESTS}test_what_is_not_here_or_came_back_for_another_reason_is_no_evidence",),
    ),
)
