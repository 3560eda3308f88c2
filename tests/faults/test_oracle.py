"""The oracle is believed only because it finds each of these: one thing is broken by hand, and one sentence says so.

Runs after the faults, on what they left; what is broken stays broken, so each breach is looked for by its own words.
"""

import asyncpg
import pytest

from infra.local.parts import parts_at
from tests.faults.world import World

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600)]

BREACHES = {
    "rows of shipments are not what the log says": "UPDATE shipments SET status = 'lost'"
    " WHERE id = (SELECT id FROM shipments ORDER BY id LIMIT 1)",
    "timers are wanted and not armed": "DELETE FROM timers"
    " WHERE (subject, kind, key) = (SELECT subject, kind, key FROM timers ORDER BY due_at DESC LIMIT 1)",
    "acknowledged commands are lost": "DELETE FROM requests",
    "published facts are lost": "DELETE FROM inbox",
    "partitions are not read to their end": "UPDATE tracking SET position = position - 1 WHERE position > 1",
    "keys have their public events out of order": "WITH two AS (SELECT min(position) a, max(position) b FROM"
    " (SELECT position FROM outbox WHERE (topic, key) = (SELECT topic, key FROM outbox GROUP BY 1, 2"
    " HAVING count(DISTINCT position) > 1 LIMIT 1) ORDER BY position LIMIT 2) first)"
    " UPDATE outbox SET position = CASE WHEN position = a THEN b + 1000000 ELSE position END FROM two"
    " WHERE position IN (a, b)",
    "records took effect after later ones of their partition": "WITH one AS (SELECT position, aggregate_id,"
    " substring(convert_from(state, 'UTF8') FROM '\"cause\":\"(record:[^/]+/[0-9]+)/') AS partition FROM events)"
    " UPDATE events SET state = convert_to(regexp_replace(convert_from(state, 'UTF8'),"
    " '(\"cause\":\"record:[^/]+/[0-9]+)/[0-9]+', '\\1/-1'), 'UTF8') WHERE position ="
    " (SELECT max(b.position) FROM one a JOIN one b USING (aggregate_id, partition) WHERE a.position < b.position)",
    "records were published that no event stands for": "DELETE FROM outbox"
    " WHERE position = (SELECT position FROM outbox ORDER BY position LIMIT 1 OFFSET 3)",
    "facts stand more than once": "INSERT INTO events SELECT (SELECT max(position) + 1 FROM events), aggregate_id,"
    " (SELECT max(version) + 1 FROM events m WHERE m.aggregate_id = e.aggregate_id), topic, state FROM events e"
    " WHERE topic = 'shipping_issues.DeliveryCase.RemedyDone' LIMIT 1",
    "aggregates have versions missing": "DELETE FROM events WHERE position ="
    " (SELECT position FROM events WHERE version = 2 ORDER BY position LIMIT 1)",
}


async def test_each_breach_is_found_and_named(world: World) -> None:
    """What its sentence says was not so before, and is so after."""
    stack = world.stage.stack
    broken = await asyncpg.connect(parts_at(stack.data_dir, stack.profile).postgres.url("shipping_issues"))
    before = await world.judged("shipping_issues")
    for words, breach in BREACHES.items():
        changed = await broken.execute(breach)
        after = await world.judged("shipping_issues")
        named = [sum(words in sentence for sentence in sentences) for sentences in (before, after)]
        assert (words, changed.rpartition(" ")[2] != "0", named) == (words, True, [0, 1])
        before = after
    await broken.close()
