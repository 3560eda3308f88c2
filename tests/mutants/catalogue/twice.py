"""Mutants of "Nothing happens twice"."""

# long: one mutant after the other, in the order of the promises

from tests.mutants.catalogue.places import (
    APPEND,
    APPLYING,
    BULK,
    COMMANDS,
    EFFECT,
    EFFECT_MACHINE,
    EFFECTS,
    ORDER_FACTS,
    PACKING,
    POSITIONS,
    TIMERS,
    UNITS,
)
from tests.mutants.mutant import Edit, Promise

SQL = "chassis/schema/append_sql.py"
UNITS_PY = "chassis/units.py"
PACKING_PY = "chassis/packing.py"
COMMANDS_PY = "chassis/grpc/commands.py"
BULK_PY = "chassis/grpc/bulk.py"
EFFECT_PY = "chassis/effects/effect.py"
CARRIER = "chassis/effects/carrier.py"
ORDER = "services/returns/domain/order/order.py"

COMMAND = Promise("a command sent twice has one effect and one answer")
IN_BULK = Promise("a command carried in a batch or a stream is answered as its own rpc would, and fails no neighbour")
ZOMBIE = Promise("a record delivered twice, or to a zombie, has no second effect")
SAME_FACT = Promise("the same fact at two offsets has no second effect")
NEW_ID = Promise("the same fact under a new id has no second effect")
GENERATION = Promise("the same timer generation never fires twice")
OUTSIDE = Promise("the outside is asked at most once where it cannot tell a repeat")

MUTANTS = (
    COMMAND.mutant(
        "the result of a command is not stored",
        Edit(
            UNITS_PY,
            "unit.request = RequestRow(*request, msgspec.json.encode(result))",
            "unit.request = None",
        ),
        tests=(
            f"{UNITS}::test_a_repeat_receives_the_first_answer_and_has_no_effect",
            f"{UNITS}::test_two_racers_of_one_request_get_one_answer",
        ),
        shows=("OverLimit",),
    ),
    COMMAND.mutant(
        "a stored request key is not looked for",
        Edit(
            SQL,
            "FROM unnest(q_u, q_key, q_body) q(u, key, body) JOIN requests b ON b.key = q.key;",
            "FROM unnest(q_u, q_key, q_body) q(u, key, body) JOIN requests b ON b.key = q.key AND false;",
        ),
        Edit(
            SQL,
            "SELECT q.key, q.body, q.result, p_day FROM unnest(q_u, q_key, q_body, q_result) q(u, key, body, result)\n"
            "      WHERE st[q.u] = 0;",
            "SELECT q.key, q.body, q.result, p_day FROM unnest(q_u, q_key, q_body, q_result) q(u, key, body, result)\n"
            "      WHERE st[q.u] = 0 ON CONFLICT DO NOTHING;",
        ),
        tests=(
            f"{APPEND}::test_a_request_has_one_effect_in_two_processes",
            f"{APPEND}::test_a_repeat_gets_its_result_even_when_the_aggregate_has_moved",
        ),
    ),
    COMMAND.mutant(
        "two racers of one batch are not told apart",
        Edit(
            PACKING_PY,
            '            found.owns(n, ("request", unit.request.key), Verdict.REPLAYED)\n',
            "            pass\n",
        ),
        Edit(
            SQL,
            "q(u, key, body, result)\n      WHERE st[q.u] = 0;",
            "q(u, key, body, result)\n      WHERE st[q.u] = 0 ON CONFLICT DO NOTHING;",
        ),
        tests=(
            f"{APPEND}::test_a_request_has_one_effect_in_one_batch",
            f"{PACKING}::test_a_batch_is_judged_as_if_its_units_ran_one_after_another",
        ),
    ),
    COMMAND.mutant(
        "the body's hash is not compared",
        Edit(SQL, "array_agg(b.body = q.body)", "array_agg(true)"),
        Edit(UNITS_PY, "        if known[0] != request[1]:\n", "        if known[0] is None:\n"),
        tests=(f"{UNITS}::test_a_request_id_with_another_body_is_refused_and_writes_nothing",),
    ),
    COMMAND.mutant(
        "what is asked does not enter the hash",
        Edit(COMMANDS_PY, "    body.CopyFrom(request)\n", ""),
        tests=(f"{COMMANDS}::test_a_request_id_with_another_body_is_refused_by_name",),
    ),
    COMMAND.mutant(
        "the request key does not name who asks",
        Edit(
            COMMANDS_PY,
            "for part in (call.principal.subject, call.method, call.request_id):",
            "for part in (call.method, call.request_id):",
        ),
        tests=(f"{COMMANDS}::test_another_persons_request_id_is_another_request",),
    ),
    COMMAND.mutant(
        "a repeat that would be refused now is refused",
        Edit(
            UNITS_PY,
            "if request is not None and (known := await self._repeat(request)) is not None:",
            "if request is None and (known := await self._repeat((on, on))) is not None:",
        ),
        tests=(f"{UNITS}::test_a_repeat_that_would_be_refused_now_still_receives_the_first_answer",),
        shows=("OverLimit",),
    ),
    IN_BULK.mutant(
        "a stream is read on without bound",
        Edit(BULK_PY, "                await room.acquire()\n", "                await asyncio.sleep(0)\n"),
        tests=(f"{BULK}::test_a_stream_is_not_read_on_while_too_many_of_its_commands_wait",),
    ),
    IN_BULK.mutant(
        "a process that ends drops what its streams have begun",
        Edit(
            BULK_PY,
            "            while running:\n                await asyncio.wait(set(running))\n",
            "            for begun in running:\n                begun.cancel()\n",
        ),
        tests=(f"{BULK}::test_a_process_that_ends_answers_what_it_has_begun_and_ends_the_stream",),
        shows=("AioRpcError",),
    ),
    ZOMBIE.mutant(
        "the fence is <= instead of equality",
        Edit(SQL, "WHERE coalesce(s.position, 0) <> g.pos);", "WHERE coalesce(s.position, 0) > g.pos);"),
        tests=(f"{APPEND}::test_a_partition_moves_only_from_where_its_consumer_knew_it",),
    ),
    ZOMBIE.mutant(
        "the fence is off",
        Edit(SQL, "WHERE coalesce(s.position, 0) <> g.pos);", "WHERE coalesce(s.position, 0) <> g.pos AND false);"),
        tests=(
            f"{POSITIONS}::test_a_zombie_can_move_nothing",
            f"{APPEND}::test_a_partition_moves_only_from_where_its_consumer_knew_it",
        ),
    ),
    ZOMBIE.mutant(
        "the position does not move with the batch",
        Edit(
            SQL,
            "f(u, source, part, pos) WHERE st[f.u] = 0\n"
            "      ON CONFLICT (source, partition) DO UPDATE SET position = excluded.position;",
            "f(u, source, part, pos) WHERE st[f.u] = 0\n"
            "      ON CONFLICT (source, partition) DO UPDATE SET position = x.position;",
        ),
        tests=(f"{APPEND}::test_a_partition_moves_from_batch_to_batch",),
    ),
    ZOMBIE.mutant(
        "two batches of one partition travel together",
        Edit(
            PACKING_PY,
            '            found.owns(n, ("fence", fence.source, fence.partition), Verdict.FENCE)\n',
            "            found.takes(n, None)\n",
        ),
        tests=(f"{PACKING}::test_a_batch_is_judged_as_if_its_units_ran_one_after_another",),
    ),
    ZOMBIE.mutant(
        "a refused fence skips the batch",
        Edit(
            "chassis/inbox/applying.py",
            "            place.stored = position\n        await self.load(lease)\n",
            "            place.stored = max(position, fence.position)\n        await self.load(lease)\n",
        ),
        tests=(f"{APPLYING}::test_a_batch_that_was_passed_half_way_keeps_its_rest",),
    ),
    ZOMBIE.mutant(
        "a refused fence applies what others have passed",
        Edit(
            "chassis/inbox/lease.py",
            "            if e.arrived.offset >= (place := places[e.arrived.partition]).stored"
            " and e.term == place.term\n",
            "            if e.term == places[e.arrived.partition].term\n",
        ),
        tests=(f"{APPLYING}::test_a_batch_that_was_passed_half_way_keeps_its_rest",),
    ),
    SAME_FACT.mutant(
        "inbox ids are not remembered",
        Edit("chassis/inbox/deciding.py", "        unit.inbox = list(batch.inbox)\n", "        unit.inbox = []\n"),
        tests=(f"{APPLYING}::test_the_same_fact_at_two_offsets_has_one_effect",),
    ),
    SAME_FACT.mutant(
        "a stored inbox id is not looked for",
        Edit(
            SQL,
            "WHERE EXISTS (SELECT 1 FROM inbox b WHERE b.id = i.id);",
            "WHERE false;",
        ),
        Edit(
            SQL,
            "SELECT i.id, p_day FROM unnest(i_u, i_id) i(u, id) WHERE st[i.u] = 0;",
            "SELECT i.id, p_day FROM unnest(i_u, i_id) i(u, id) WHERE st[i.u] = 0 ON CONFLICT DO NOTHING;",
        ),
        tests=(
            f"{APPEND}::test_the_same_fact_at_two_offsets_has_no_second_effect",
            f"{APPLYING}::test_the_same_fact_at_two_offsets_has_one_effect",
        ),
    ),
    SAME_FACT.mutant(
        "a fact that comes twice in one poll is applied twice",
        Edit(
            "chassis/inbox/deciding.py",
            "    if entry.inbox_id in known or entry.inbox_id in batch.inbox:\n",
            "    if entry.inbox_id in known:\n",
        ),
        tests=(f"{APPLYING}::test_the_same_fact_at_two_offsets_has_one_effect",),
    ),
    SAME_FACT.mutant(
        "two units of one batch may apply one fact",
        Edit(PACKING_PY, '            found.owns(n, ("inbox", known), Verdict.KNOWN)\n', "            pass\n"),
        Edit(
            SQL,
            "SELECT i.id, p_day FROM unnest(i_u, i_id) i(u, id) WHERE st[i.u] = 0;",
            "SELECT i.id, p_day FROM unnest(i_u, i_id) i(u, id) WHERE st[i.u] = 0 ON CONFLICT DO NOTHING;",
        ),
        tests=(f"{PACKING}::test_a_batch_is_judged_as_if_its_units_ran_one_after_another",),
    ),
    SAME_FACT.mutant(
        "a discarded record may come again",
        Edit(
            "chassis/inbox/deciding.py",
            "unit.inbox = [] if settling.inbox_id is None else [settling.inbox_id]",
            "unit.inbox = [] if settling.entry is None or settling.inbox_id is None else [settling.inbox_id]",
        ),
        tests=("tests/integration/chassis/inbox/test_parking.py::test_a_discard_is_named_frees_the_key_and_is_final",),
    ),
    NEW_ID.mutant(
        "a payment counts once per telling",
        Edit(ORDER, "        if fact.key in self.payments:\n", "        if fact.key in self.receipts:\n"),
        tests=(f"{ORDER_FACTS}::test_a_known_fact_records_nothing",),
    ),
    NEW_ID.mutant(
        "the last telling of a parcel holds, however old it is",
        Edit(ORDER, "known is not None and shipment.telling <= known.telling", "known == shipment"),
        tests=(f"{ORDER_FACTS}::test_any_order_of_facts_with_any_repeats_gives_one_state",),
    ),
    GENERATION.mutant(
        "a fire has no request id",
        Edit("chassis/timers/role.py", "                request=(request, request),\n", ""),
        tests=(f"{TIMERS}::test_a_generation_that_fired_never_fires_again",),
    ),
    GENERATION.mutant(
        "re-arming does not raise the generation",
        Edit(SQL, "generation = greatest(excluded.generation, x.generation + 1)", "generation = x.generation"),
        tests=(
            f"{APPEND}::test_rearming_a_timer_raises_its_generation_and_clearing_removes_it",
            f"{TIMERS}::test_a_postponement_leaves_the_row_and_the_fire_arms_it_anew_with_a_higher_generation",
        ),
    ),
    GENERATION.mutant(
        "each leader has request ids of its own",
        Edit(
            "chassis/timers/role.py",
            'fired.key, str(row["generation"])\n',
            'fired.key, str(row["generation"]), str(id(self))\n',
        ),
        tests=(f"{TIMERS}::test_a_generation_that_fired_never_fires_again",),
    ),
    OUTSIDE.mutant(
        "the attempt is committed after the call",
        Edit(
            CARRIER,
            "        told = await self._commit(id, kind, begin, otherwise=hold_instead)\n",
            "        early = await self._units.aggregates.load(id)\n"
            "        now, work = self._clock.now(), self._units.work(actor=SYSTEM, cause='early')\n"
            "        if isinstance(early, Effect) and early.next_step(terms, at=now, real_ms=self._real_ms())"
            " is Step.ATTEMPT:\n"
            "            await provider.perform(_attempt(early, work))\n"
            "        told = await self._commit(id, kind, begin, otherwise=hold_instead)\n",
        ),
        tests=(f"{EFFECTS}::test_the_attempt_is_committed_before_the_provider_is_called",),
    ),
    OUTSIDE.mutant(
        "what is unknown is tried again without a key",
        Edit(
            EFFECT_PY,
            "        return not self._in_doubt or self._key_is_honoured(terms, real_ms)\n",
            "        return True\n",
        ),
        tests=(
            f"{EFFECTS}::test_a_worker_that_dies_in_the_call_leaves_an_unknown_outcome_and_no_second_call",
            f"{EFFECT_MACHINE}::TestKeylessWorld",
        ),
    ),
    OUTSIDE.mutant(
        "a key is trusted beyond its validity",
        Edit(
            EFFECT_PY,
            "return real_ms + _ms(terms.lease) < self.first_ms + _ms(terms.idempotency)",
            "return terms.idempotency is not None",
        ),
        tests=(f"{EFFECT}::test_a_key_that_would_expire_during_the_lease_is_not_used",),
    ),
    OUTSIDE.mutant(
        "an attempt begins without being written",
        Edit(
            CARRIER,
            "        return effect.begin(terms, at=work.now, real_ms=real_ms)\n",
            "        return True\n",
        ),
        tests=(f"{EFFECTS}::test_the_attempt_is_committed_before_the_provider_is_called",),
    ),
    OUTSIDE.mutant(
        "an attempt that another worker began is begun again",
        Edit(
            EFFECT_PY,
            "        if self.state is State.ATTEMPTING:\n            return Step.LAPSE\n",
            "        if self.state is State.ATTEMPTING:\n            return Step.ATTEMPT\n",
        ),
        Edit(
            EFFECT_PY,
            "        if self.wake_ms is None or real_ms < self.wake_ms:\n",
            "        if self.wake_ms is None:\n",
        ),
        Edit(
            EFFECT_PY, "        return bool(self.unproven) or self.state is State.UNKNOWN\n", "        return False\n"
        ),
        tests=(f"{EFFECTS}::test_a_worker_that_took_it_up_late_finds_it_begun", f"{EFFECT_MACHINE}::TestKeylessWorld"),
    ),
    OUTSIDE.mutant(
        '"absent" from a look-up counts as proof',
        Edit(
            EFFECT_PY,
            "        why = self.why if answer is None else answer.reason\n",
            "        if isinstance(answer, NotDone):\n"
            "            return self._fail(0, Failed(answer.reason), at)\n"
            "        why = self.why if answer is None else answer.reason\n",
        ),
        tests=(f"{EFFECT_MACHINE}::TestKeylessWorld",),
    ),
    OUTSIDE.mutant(
        "after a restore an effect is trusted",
        Edit(EFFECT_PY, '        if self.state in FINAL or self.why == "RESTORED":\n', "        if self.kind:\n"),
        tests=(f"{EFFECTS}::test_after_a_restore_every_open_effect_is_unknown_and_told_so",),
    ),
)
