"""Mutants of "Decisions rest on what was so"."""

# long: one mutant after the other, in the order of the promises

from tests.mutants.catalogue.places import (
    APPEND,
    CLOCK,
    COMMANDS,
    DOMAIN,
    MAINTAIN,
    OUTCOMES,
    PACKING,
    PARKING,
    UNITS,
)
from tests.mutants.mutant import Edit, Promise

SQL = "chassis/schema/append_sql.py"
SCHEMA = "chassis/schema/__init__.py"
WRITER = "chassis/writer.py"
UNITS_PY = "chassis/units.py"
WORK = "chassis/work.py"
PACKING_PY = "chassis/packing.py"
DECIDING = "chassis/inbox/deciding.py"
REDRIVE = "chassis/inbox/redrive.py"

MEANWHILE = Promise("no decision rests on something that changed meanwhile")
REFUSAL_TRUE = Promise("a refusal is true when it is told")
REFUSAL_WRITES = Promise("a refusal writes nothing")
NOBODY_ELSE = Promise("nobody but the append writes the log")
LOCK_FREED = Promise("who stops with the log's lock in hand stops nobody else for long")
POISON = Promise("a poison record stops nobody else")
CLOCKS = Promise("business time only goes forward, and what is kept for repeats is kept by real time")

MUTANTS = (
    LOCK_FREED.mutant(
        "nothing ends a writer's transaction that stops",
        Edit(WRITER, '"transaction_timeout": "10000"', '"transaction_timeout": "0"'),
        tests=(f"{APPEND}::test_the_writers_own_session_ends_a_transaction_that_stops",),
    ),
    MEANWHILE.mutant(
        "the read set is not checked",
        Edit(
            SQL,
            "      WHERE coalesce(h.version, 0) <> r.v;",
            "      WHERE coalesce(h.version, 0) <> r.v AND false;",
        ),
        tests=(f"{APPEND}::test_absence_is_part_of_what_a_decision_rests_on",),
    ),
    MEANWHILE.mutant(
        "absence is not checked",
        Edit(
            SQL,
            "      WHERE coalesce(h.version, 0) <> r.v;",
            "      WHERE coalesce(h.version, 0) <> r.v AND r.v > 0;",
        ),
        tests=(f"{APPEND}::test_absence_is_part_of_what_a_decision_rests_on",),
    ),
    MEANWHILE.mutant(
        "what was looked for and not found is not part of the decision",
        Edit(
            WORK,
            "        return {id: held.version for id, held in self._held.items()}\n",
            "        return {id: held.version for id, held in self._held.items() if held.aggregate is not None}\n",
        ),
        tests=(f"{UNITS}::test_a_decision_on_an_absence_is_taken_again_when_it_ended_meanwhile",),
    ),
    MEANWHILE.mutant(
        "only what is written is part of the decision",
        Edit(
            WORK,
            "        return {id: held.version for id, held in self._held.items()}\n",
            "        return {\n            id: held.version\n            for id, held in self._held.items()\n"
            "            if held.aggregate is None or held.aggregate.pending_events\n        }\n",
        ),
        tests=(f"{UNITS}::test_a_decision_on_another_aggregate_is_taken_again_when_that_one_moved_meanwhile",),
    ),
    MEANWHILE.mutant(
        "overlaps inside a batch are not reported",
        Edit(PACKING_PY, "            found.checks(n, aggregate, Verdict.OVERTAKEN)\n", "            pass\n"),
        tests=(
            f"{APPEND}::test_a_decision_never_rests_on_what_an_earlier_unit_of_its_batch_changed",
            f"{PACKING}::test_a_batch_is_judged_as_if_its_units_ran_one_after_another",
        ),
        shows=("UnitRejected",),
    ),
    MEANWHILE.mutant(
        "a refused unit still breaks those after it",
        Edit(
            SQL,
            "    IF st[d_u[k]] = 0 THEN\n      IF d_k[k] = -1 THEN taken[d_g[k]] := true;",
            "    IF st[d_u[k]] = 0 OR d_k[k] = -1 THEN\n      IF d_k[k] = -1 THEN taken[d_g[k]] := true;",
        ),
        tests=(f"{APPEND}::test_a_refused_unit_does_not_break_the_one_after_it",),
    ),
    MEANWHILE.mutant(
        "a repeatable read session may append",
        Edit(
            SQL,
            "IF current_setting('transaction_isolation') <> 'read committed' THEN",
            "IF current_setting('transaction_isolation') = 'serializable' THEN",
        ),
        tests=(f"{APPEND}::test_a_repeatable_read_session_is_refused",),
    ),
    MEANWHILE.mutant(
        "the cache moves before the commit",
        Edit(
            UNITS_PY,
            "        try:\n            judged = asyncio.ensure_future(self.writer.submit(unit))\n"
            "        except BaseException:\n",
            "        for early, _ in work.changed():\n"
            "            ahead = early.clone()\n"
            "            ahead.collect_events()\n"
            "            self.aggregates.remember(ahead)\n"
            "        try:\n            judged = asyncio.ensure_future(self.writer.submit(unit))\n"
            "        except BaseException:\n",
        ),
        tests=(f"{UNITS}::test_nothing_is_decided_on_what_is_not_committed",),
    ),
    MEANWHILE.mutant(
        "what was refused stays in the cache",
        Edit(UNITS_PY, "        self.aggregates.evict(judgement.heads or unit.reads)\n", ""),
        tests=(f"{UNITS}::test_concurrent_commands_on_one_aggregate_all_happen_once",),
        shows=("Contended",),
    ),
    MEANWHILE.mutant(
        "decisions are taken on the shared copy",
        Edit(
            WORK,
            "self.aggregate = None if before is None else before.clone()",
            "self.aggregate = before",
        ),
        tests=(f"{UNITS}::test_a_dry_run_decides_and_writes_nothing",),
    ),
    MEANWHILE.mutant(
        "a private copy shares its lists",
        Edit(
            "chassis/domain/aggregate.py",
            "                state[name] = value.copy()\n",
            "                state[name] = value\n",
        ),
        tests=(f"{DOMAIN}::test_a_clone_is_private",),
    ),
    MEANWHILE.mutant(
        "an etag is not compared",
        Edit(
            "chassis/grpc/commands.py",
            "        must_be_current(etag, on, work.reads()[on])\n",
            "        must_be_current('', on, work.reads()[on])\n",
        ),
        tests=(f"{COMMANDS}::test_an_etag_of_an_older_state_is_refused",),
    ),
    REFUSAL_TRUE.mutant(
        "a refusal on a stale cache is told as it is",
        Edit(
            UNITS_PY,
            "                        if await self.is_current(work):\n                            raise\n",
            "                        if work:\n                            raise\n",
        ),
        tests=(f"{UNITS}::test_a_refusal_on_a_stale_cache_is_held_against_the_log_first",),
        shows=("OverLimit",),
    ),
    REFUSAL_TRUE.mutant(
        "nothing to do on a stale cache is told as it is",
        Edit(
            UNITS_PY,
            "                        if await self.is_current(work):\n                            return result\n",
            "                        if work:\n                            return result\n",
        ),
        tests=(f"{UNITS}::test_nothing_to_do_on_a_stale_cache_is_held_against_the_log_first",),
    ),
    REFUSAL_WRITES.mutant(
        "a refusal is stored like an answer",
        Edit(
            UNITS_PY,
            "                    except DomainError:\n",
            "                    except DomainError:\n"
            '                        refused = Unit(request=request and RequestRow(*request, b\'{"id":""}\'))\n'
            "                        await self.writer.submit(refused)\n",
        ),
        tests=(f"{COMMANDS}::test_a_refusal_writes_nothing_and_is_decided_afresh",),
    ),
    REFUSAL_WRITES.mutant(
        "what was decided before the refusal is written",
        Edit(
            UNITS_PY,
            "                    except DomainError:\n",
            "                    except DomainError:\n"
            "                        await self.submit(work, await self.build(work))\n",
        ),
        tests=(f"{UNITS}::test_what_was_decided_before_a_refusal_is_not_written",),
        shows=("Contended",),
    ),
    NOBODY_ELSE.mutant(
        "the run-time role may insert",
        Edit(SCHEMA, "GRANT SELECT ON ALL TABLES", "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"),
        tests=(f"{APPEND}::test_only_the_function_writes_and_the_run_time_role_has_no_ddl",),
    ),
    NOBODY_ELSE.mutant(
        "the run-time role may create tables",
        Edit(SCHEMA, "GRANT USAGE ON SCHEMA public TO {role}", "GRANT USAGE, CREATE ON SCHEMA public TO {role}"),
        tests=(f"{APPEND}::test_only_the_function_writes_and_the_run_time_role_has_no_ddl",),
    ),
    POISON.mutant(
        "data the database refuses fails its whole batch",
        Edit(
            WRITER,
            "        middle = len(batch) // 2\n        await self._send(batch[:middle])\n"
            "        await self._send(batch[middle:])\n",
            "        for _, future, _ in batch:\n            future.set_exception(UnitRejected(str(error)))\n",
        ),
        tests=(f"{APPEND}::test_data_the_database_refuses_costs_only_its_own_unit",),
    ),
    POISON.mutant(
        "a failed decision leaves its changes to its neighbours",
        Edit(
            DECIDING,
            "        except BLOCKING:\n            raise\n        except Exception as error:\n"
            "            work.rollback()\n            return refusal_of(error)\n",
            "        except BLOCKING:\n            raise\n        except Exception as error:\n"
            "            return refusal_of(error)\n",
        ),
        tests=(f"{OUTCOMES}::test_a_failed_decision_leaves_no_trace_on_its_neighbours",),
    ),
    POISON.mutant(
        "a parked key does not hold back what follows",
        Edit(
            DECIDING,
            "        elif index.holds(entry.ordered_key) or entry.ordered_key in batch.keys_parked:\n"
            "            self._park(entry, BEHIND, batch)\n",
            "",
        ),
        Edit(DECIDING, "        unit.not_behind = list(batch.keys_applied)\n", ""),
        tests=(f"{PARKING}::test_on_an_ordered_topic_a_parked_key_holds_back_what_follows",),
    ),
    POISON.mutant(
        "the append does not check parked keys",
        Edit(
            SQL, "JOIN parked_keys p ON p.ordered_key = c.id;", "JOIN parked_keys p ON p.ordered_key = c.id AND false;"
        ),
        tests=(
            f"{PARKING}::test_the_append_itself_checks_the_parked_key",
            f"{APPEND}::test_a_parked_key_holds_back_what_follows_until_its_last_record_is_settled",
        ),
    ),
    POISON.mutant(
        "a key parked by an earlier unit of the batch is not reported",
        Edit(
            PACKING_PY, '                found.takes(n, ("parked key", parked.ordered_key))\n', "                pass\n"
        ),
        tests=(f"{APPEND}::test_a_key_parked_by_an_earlier_unit_of_the_batch_holds_back_too",),
    ),
    POISON.mutant(
        "the first settled record frees its key",
        Edit(
            SQL,
            "DELETE FROM parked_keys k WHERE NOT EXISTS (SELECT 1 FROM parked p WHERE p.ordered_key = k.ordered_key);",
            "DELETE FROM parked_keys k;",
        ),
        tests=(f"{APPEND}::test_a_parked_key_holds_back_what_follows_until_its_last_record_is_settled",),
    ),
    POISON.mutant(
        "on a topic of the shop the whole key parks",
        Edit(
            "chassis/inbox/entries.py",
            "ordered_key=self._ordered_key(arrived) if subscription.ordered else None,",
            "ordered_key=self._ordered_key(arrived),",
        ),
        tests=(f"{PARKING}::test_on_an_unordered_topic_only_the_record_parks",),
    ),
    POISON.mutant(
        "any record of a parked key can be redriven",
        Edit(
            REDRIVE,
            "if record.ordered_key is not None and (head := await self._store.head(record.ordered_key)) != record.id:",
            "if record.ordered_key is not None and (head := await self._store.head(record.ordered_key)) is None:",
        ),
        tests=(f"{PARKING}::test_only_the_first_of_a_key_can_be_redriven",),
    ),
    POISON.mutant(
        "what waited behind a parked record comes back out of order",
        Edit(
            "chassis/inbox/store.py",
            "b.ordered_key = p.ordered_key AND b.seq < p.seq)",
            "b.id = p.id AND b.seq < p.seq)",
        ),
        Edit("chassis/inbox/store.py", '" ORDER BY seq LIMIT 100"', '" ORDER BY seq DESC LIMIT 100"'),
        tests=(f"{PARKING}::test_a_redrive_restores_the_order_of_its_key",),
    ),
    CLOCKS.mutant(
        "the clock can be set back",
        Edit(
            "chassis/clock.py",
            "            if to is not None and to < stands:\n",
            "            if to is not None and to == stands:\n",
        ),
        tests=(f"{CLOCK}::test_the_clock_never_goes_back",),
    ),
    CLOCKS.mutant(
        "driving the clock moves real time too",
        Edit(
            "chassis/clock.py",
            "    def real_now(self) -> datetime:\n        return self._real_now()\n",
            "    def real_now(self) -> datetime:\n        return self.now()\n",
        ),
        tests=(f"{CLOCK}::test_driving_moves_business_time_only_and_keeps_the_rate",),
    ),
    CLOCKS.mutant(
        "production may drive its clock",
        Edit(
            "chassis/clock.py",
            '    if driven and environment == "production":\n',
            '    if driven and environment == "":\n',
        ),
        tests=(f"{CLOCK}::test_production_has_no_driven_clock",),
    ),
    CLOCKS.mutant(
        "results are dropped by the day of the business clock",
        Edit(
            "chassis/maintain.py",
            "            today, made, dropped = self._real_now().date(), list[str](), list[str]()\n",
            '            business = await connection.fetchval("SELECT max(origin) FROM clock")\n'
            "            today = (business or self._real_now()).date()\n"
            "            made, dropped = list[str](), list[str]()\n",
        ),
        tests=(f"{MAINTAIN}::test_a_driven_clock_lets_nothing_expire",),
    ),
    CLOCKS.mutant(
        "results of commands are dropped too early",
        Edit("chassis/maintain.py", "RESULTS_KEPT = timedelta(days=30)", "RESULTS_KEPT = timedelta(days=1)"),
        tests=(f"{MAINTAIN}::test_results_and_ids_are_kept_30_to_60_days",),
    ),
)
