"""Mutants of "Nothing is lost"."""

# long: one mutant after the other, in the order of the promises

from tests.mutants.catalogue.places import (
    APPEND,
    APPLYING,
    ASSIGNMENT,
    CLOUDEVENTS,
    CRASHES,
    GOLDEN,
    OUTCOMES,
    PROJECTIONS,
    RELAY,
    TIMERS,
    UNITS,
)
from tests.mutants.mutant import Edit, Promise

SQL = "chassis/schema/append_sql.py"
WRITER = "chassis/writer.py"
RELAYING = "chassis/relay/relay.py"
SENDER = "chassis/relay/sender.py"
ENTRIES = "chassis/inbox/entries.py"

STORED = Promise("an acknowledged command is stored")
TOLD = Promise("a commit whose answer was lost is told rightly")
RECORD = Promise("a record that was read is applied, ignored by name, parked, or waited for")
LEAVES = Promise("a public event leaves, in order")
ROOM = Promise("a full disk loses nothing acknowledged and is outlived")
REFUSED = Promise("nothing of a key arrives before what the broker refused of it")
READERS = Promise("readers of the log skip nothing")
OLD_BUILD = Promise("an old build passes over nothing a newer one wrote")
TIMER = Promise("a timer fires once it is due")

MUTANTS = (
    ROOM.mutant(
        "a store without room is taken for a lost connection",
        Edit(WRITER, "if isinstance(error, asyncpg.InsufficientResourcesError) and self.connected:", "if False:"),
        tests=(f"{APPEND}::test_a_store_without_room_is_waited_for_and_takes_no_more_room",),
    ),
    REFUSED.mutant(
        "a batch does not wait for the one before it on its partition",
        Edit(SENDER, "        await asyncio.wait({before})\n        before.result()\n", "        pass\n"),
        tests=(f"{RELAY}::test_nothing_of_a_key_arrives_before_what_the_broker_refused_of_it",),
    ),
    REFUSED.mutant(
        "after a refusal the relay sends whole pages again",
        Edit(RELAYING, "            self._at_once = 1\n", ""),
        tests=(f"{RELAY}::test_a_record_the_broker_refuses_holds_back_itself_and_what_follows_alone",),
    ),
    STORED.mutant(
        "a lost connection counts as accepted",
        Edit(
            WRITER,
            "            return [UNTOLD] * len(units)\n",
            "            return [Judgement(Verdict.ACCEPTED, first_position=1)] * len(units)\n",
        ),
        tests=(f"{APPEND}::test_the_writer_survives_its_connection_and_loses_and_doubles_nothing",),
    ),
    STORED.mutant(
        "commits do not wait for the disk",
        Edit(WRITER, '    "jit": "off",\n', '    "jit": "off",\n    "synchronous_commit": "off",\n'),
        tests=(f"{APPEND}::test_an_append_is_answered_only_when_it_is_on_disk",),
    ),
    TOLD.mutant(
        "recovery does not burn the number",
        Edit(SQL, "UPDATE writers w SET seq = p_seq, base = NULL", "UPDATE writers w SET seq = w.seq, base = NULL"),
        tests=(f"{APPEND}::test_a_backend_that_wakes_up_after_recovery_refuses_itself",),
    ),
    TOLD.mutant(
        "the function does not check the writer's number",
        Edit(SQL, "IF last IS DISTINCT FROM p_seq - 1 THEN", "IF last IS NULL THEN"),
        tests=(f"{APPEND}::test_a_backend_that_wakes_up_after_recovery_refuses_itself",),
    ),
    TOLD.mutant(
        "recovery always says committed",
        Edit(SQL, "committed := last = p_seq AND base IS NOT NULL;", "committed := last >= p_seq - 1;"),
        tests=(
            f"{APPEND}::test_recovery_tells_the_truth_whenever_the_connection_dies",
            f"{APPEND}::test_a_backend_that_wakes_up_after_recovery_refuses_itself",
        ),
    ),
    TOLD.mutant(
        "a burnt number counts as committed when it is asked about again",
        Edit(SQL, "committed := last = p_seq AND base IS NOT NULL;", "committed := last = p_seq;"),
        tests=(f"{APPEND}::test_recovery_says_the_same_however_often_it_is_asked",),
    ),
    TOLD.mutant(
        "a batch of unknown outcome is sent again without asking",
        Edit(WRITER, 'if row is None or not row["committed"]:', "if True:"),
        tests=(f"{APPEND}::test_a_batch_whose_answer_is_lost_is_told_as_it_ended",),
    ),
    RECORD.mutant(
        "the group's offset decides where a partition resumes",
        Edit(
            "chassis/inbox/assignment.py",
            'position = resume_at(f"{tp.topic}/{tp.partition}", known, starts[tp], ends[tp])',
            "position = await kafka.committed(tp) or starts[tp]",
        ),
        tests=(f"{ASSIGNMENT}::test_the_groups_offset_decides_nothing",),
    ),
    RECORD.mutant(
        "records polled before the seek are taken after it",
        Edit(
            "chassis/inbox/consumer.py",
            "        if lease is None or lease is not self._poll_lease:\n",
            "        if lease is None:\n",
        ),
        Edit("chassis/inbox/consumer.py", " or place.term != self._poll_terms[record.partition]:\n", ":\n"),
        tests=(f"{ASSIGNMENT}::test_what_was_polled_before_the_partitions_own_seek_is_not_taken_after_it",),
    ),
    RECORD.mutant(
        "a partition resumes at its end",
        Edit("chassis/inbox/assignment.py", "    return stored\n", "    return end\n"),
        tests=(f"{APPLYING}::test_a_restart_goes_on_at_the_stored_position",),
    ),
    RECORD.mutant(
        "a position below the log's start is passed over in silence",
        Edit("chassis/inbox/assignment.py", "    if stored < start:\n", "    if stored < start and not start:\n"),
        tests=(f"{ASSIGNMENT}::test_a_position_below_the_logs_start_is_a_loud_stop",),
    ),
    RECORD.mutant(
        "the position is stored before the batch",
        Edit(
            "chassis/inbox/applying.py",
            "                    judgement = await self.units.submit(draft.work, draft.unit)\n",
            "                    judgement = await self.units.writer.submit(Unit(fences=draft.unit.fences))\n"
            "                    fences, draft.unit.fences = draft.unit.fences, ()\n"
            "                    judgement = await self.units.submit(draft.work, draft.unit)\n"
            "                    draft.unit.fences = fences\n",
        ),
        tests=(f"{CRASHES}::test_a_killed_consumer_leaves_each_record_applied_once",),
    ),
    RECORD.mutant(
        "a broken payload has no fate",
        Edit(
            ENTRIES,
            "            entry.fate = Fate.PARK\n            entry.refusal = Refusal(unreadable.reason",
            "            entry.refusal = Refusal(unreadable.reason",
        ),
        tests=(f"{CLOUDEVENTS}::test_whatever_arrives_has_a_fate",),
    ),
    LEAVES.mutant(
        "the relay's position is stored before the send",
        Edit(
            RELAYING,
            "        acknowledged, failed = len(rows), None\n        try:\n",
            "        acknowledged, failed = len(rows), None\n"
            '        await self._pool.execute(_STORE, rows[-1]["position"], rows[-1]["n"])\n        try:\n'
            "            await failpoint('after-publish')\n",
        ),
        tests=(f"{RELAY}::test_dying_between_publish_and_position_repeats_under_the_same_id",),
    ),
    LEAVES.mutant(
        "after a failed send the relay goes on behind the page",
        Edit(RELAYING, "acknowledged, failed = error.acknowledged, error", "acknowledged, failed = len(rows), error"),
        tests=(f"{RELAY}::test_after_a_failed_send_it_goes_on_from_the_acknowledged_prefix",),
    ),
    LEAVES.mutant(
        "whatever is acknowledged counts, not only the front",
        Edit(
            SENDER,
            "                return n\n        return self.size",
            "                continue\n        return self.size",
        ),
        tests=(f"{RELAY}::test_after_a_failed_send_it_goes_on_from_the_acknowledged_prefix",),
    ),
    LEAVES.mutant(
        "a page does not leave in the order of the log",
        Edit(SENDER, "for n, row in enumerate(page):", "for n, row in reversed(list(enumerate(page))):"),
        tests=(f"{RELAY}::test_a_backlog_leaves_in_order_once",),
    ),
    LEAVES.mutant(
        "a late leader moves the acknowledged position back",
        Edit(RELAYING, "WHERE (position, n) < ($1, $2)", "WHERE true OR (position, n) < ($1, $2)"),
        tests=(f"{RELAY}::test_the_acknowledged_position_never_goes_back",),
    ),
    READERS.mutant(
        "there is no lock",
        Edit(
            SQL,
            "  PERFORM pg_advisory_xact_lock({LOCK});\n  IF current_setting",
            "  PERFORM pg_advisory_xact_lock(p_seq, 1);\n  IF current_setting",
        ),
        tests=(f"{APPEND}::test_readers_that_tail_the_log_skip_nothing",),
        shows=("UnitRejected", "StoreUnavailable"),
    ),
    READERS.mutant(
        "positions of refused units stay empty",
        Edit(SQL, "SELECT base + e.o - sh[e.u], e.id", "SELECT base + e.o, e.id"),
        tests=(
            f"{APPEND}::test_readers_that_tail_the_log_skip_nothing",
            f"{APPEND}::test_one_stale_unit_of_a_batch_fails_alone_and_positions_stay_gapless",
        ),
    ),
    READERS.mutant(
        "a hole in the log is read over",
        Edit("chassis/projections.py", "        if position != n:\n", "        if position < n:\n"),
        tests=(f"{PROJECTIONS}::test_a_hole_in_the_log_stops_the_projection_loudly",),
    ),
    OLD_BUILD.mutant(
        "a newer version of an event is read as if it were known",
        Edit("chassis/codec.py", "        if version > compiled.version:\n", "        if version > 1_000_000:\n"),
        tests=(f"{GOLDEN}::test_an_event_of_a_newer_build_blocks",),
        shows=("ValidationError",),
    ),
    OLD_BUILD.mutant(
        "what only a newer build understands is parked",
        Edit(
            "chassis/inbox/deciding.py",
            "        except Blocked as error:\n            entry.fate, entry.blocked_by = Fate.BLOCK, str(error)\n"
            "            raise MustWait from error\n",
            "        except Blocked as error:\n            work.rollback()\n            return refusal_of(error)\n",
        ),
        tests=(f"{OUTCOMES}::test_a_stored_event_of_a_newer_build_blocks",),
    ),
    OLD_BUILD.mutant(
        "an unknown type on a topic of ours is passed over",
        Edit(
            ENTRIES,
            'entry.fate, entry.blocked_by = Fate.BLOCK, f"type {entry.ce_type} is unknown to this build"',
            "entry.fate = Fate.PASS",
        ),
        tests=(f"{OUTCOMES}::test_an_unknown_type_of_ours_blocks",),
    ),
    TIMER.mutant(
        "due is what is due on the real clock",
        Edit("chassis/timers/role.py", "_DUE, self._clock.now(),", "_DUE, self._clock.real_now(),"),
        tests=(
            f"{TIMERS}::test_the_role_fires_what_is_set_and_what_the_clock_reaches",
            f"{TIMERS}::test_a_due_timer_asks_its_aggregate_and_its_row_goes_with_the_answer",
        ),
    ),
    TIMER.mutant(
        "an earlier time does not move the row",
        Edit(
            "chassis/building.py",
            "        if (kind, key) not in before or t.due_at < before[kind, key].due_at\n",
            "        if (kind, key) not in before\n",
        ),
        tests=(
            f"{UNITS}::test_a_timer_row_moves_earlier_at_once_and_later_only_when_it_fires",
            f"{TIMERS}::test_an_earlier_time_arms_the_row_at_once",
        ),
    ),
    TIMER.mutant(
        "a postponed timer is cleared by its fire",
        Edit("chassis/building.py", "    if wanted is None or (", "    if True or ("),
        tests=(f"{TIMERS}::test_a_postponement_leaves_the_row_and_the_fire_arms_it_anew_with_a_higher_generation",),
    ),
    TIMER.mutant(
        "a fire that raises is not set aside",
        Edit(
            "chassis/timers/role.py",
            "            await self._set_aside(row, error)\n            return True\n",
            "            log.debug('timer_raised', error=repr(error))\n            return False\n",
        ),
        tests=(f"{TIMERS}::test_a_fire_that_raises_is_set_aside_and_the_others_go_on",),
    ),
    TIMER.mutant(
        "a timer is set aside because the store is away",
        Edit("chassis/timers/role.py", "        except WAITS as error:\n", "        except MemoryError as error:\n"),
        tests=(f"{TIMERS}::test_a_store_that_is_away_sets_nothing_aside",),
    ),
)
