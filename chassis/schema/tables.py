"""The kernel's own tables, one set in each service's database.

Rows of `events`, `outbox`, `requests`, `inbox`, `tracking`, `timers`, `parked` and of every read model come
into being through the append function only; the run-time role has no INSERT there. What a running process
may change directly is listed in `RUNTIME_GRANTS`.
"""

from datetime import date, timedelta

import sqlalchemy as sa

PERIOD_DAYS = {"requests": 30, "inbox": 30, "outbox": 7}
"""Length of a partition, in days. Two periods are kept: a look-up by key probes every partition."""

metadata = sa.MetaData()
"""Kernel tables that are filled like read models, from aggregates."""

effects = sa.Table(
    "effects",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("subject", sa.Uuid, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column(
        "answer_by", sa.DateTime(timezone=True)
    ),  # business clock: a submitted request without answer is unknown then
    sa.Column(
        "wake_at", sa.DateTime(timezone=True)
    ),  # real time: end of an attempt's lease, or of a pause between tries
    sa.Column(
        "untold", sa.Text, nullable=False
    ),  # why the owner's handler raised; empty when the owner knows the state
    sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    sa.Index("effects_answer_by", "answer_by", postgresql_where=sa.text("answer_by is not null")),
    sa.Index("effects_wake_at", "wake_at", postgresql_where=sa.text("wake_at is not null")),
    sa.Index("effects_subject", "subject"),
    sa.Index("effects_state", "state", "kind", postgresql_where=sa.text("state in ('unknown', 'held')")),
)

DDL = """
CREATE TABLE events(
  position int8 PRIMARY KEY, aggregate_id uuid NOT NULL, version int4 NOT NULL, topic text NOT NULL,
  state bytea NOT NULL);
CREATE UNIQUE INDEX events_aggregate ON events(aggregate_id, version);
ALTER TABLE events ALTER state SET STORAGE EXTERNAL;
CREATE TABLE writers(
  writer uuid PRIMARY KEY, seq int8 NOT NULL, base int8, status int2[], started_at timestamptz NOT NULL DEFAULT now())
  WITH (fillfactor=20);
CREATE TABLE requests(
  key uuid NOT NULL, body uuid NOT NULL, result bytea NOT NULL, day date NOT NULL, PRIMARY KEY (key, day))
  PARTITION BY RANGE (day);
CREATE TABLE inbox(id uuid NOT NULL, day date NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE outbox(
  position int8 NOT NULL, n int2 NOT NULL, topic text NOT NULL, key bytea, headers bytea NOT NULL, value bytea NOT NULL,
  day date NOT NULL, PRIMARY KEY (position, n, day)) PARTITION BY RANGE (day);
CREATE TABLE requests_rest PARTITION OF requests DEFAULT;
CREATE TABLE inbox_rest PARTITION OF inbox DEFAULT;
CREATE TABLE outbox_rest PARTITION OF outbox DEFAULT;
CREATE TABLE relay(
  only_row bool PRIMARY KEY DEFAULT true CHECK (only_row), position int8 NOT NULL, n int2 NOT NULL DEFAULT 0);
INSERT INTO relay(position) VALUES (0);
CREATE TABLE incarnation(only_row bool PRIMARY KEY DEFAULT true CHECK (only_row), number int4 NOT NULL);
INSERT INTO incarnation(number) VALUES (1);
CREATE TABLE tracking(
  source text NOT NULL, partition int4 NOT NULL, position int8 NOT NULL, PRIMARY KEY (source, partition))
  WITH (fillfactor=20);
CREATE TABLE timers(
  kind text NOT NULL, subject uuid NOT NULL, key text NOT NULL, due_at timestamptz NOT NULL, generation int8 NOT NULL,
  PRIMARY KEY (subject, kind, key)) WITH (fillfactor=70);
CREATE INDEX timers_due ON timers(due_at);
CREATE TABLE failed_timers(
  kind text NOT NULL, subject uuid NOT NULL, key text NOT NULL, generation int8 NOT NULL, due_at timestamptz NOT NULL,
  reason text NOT NULL, detail text NOT NULL, failed_at timestamptz NOT NULL, PRIMARY KEY (subject, kind, key));
CREATE TABLE parked(
  id uuid PRIMARY KEY, topic text NOT NULL, partition int4 NOT NULL, "offset" int8 NOT NULL, key bytea,
  ordered_key uuid, inbox_id uuid, ce_type text NOT NULL,
  shop_id text NOT NULL, reason text NOT NULL, detail text NOT NULL,
  headers bytea NOT NULL, value bytea, parked_at timestamptz NOT NULL, seq int8 GENERATED ALWAYS AS IDENTITY);
CREATE INDEX parked_ordered ON parked(ordered_key, seq) WHERE ordered_key IS NOT NULL;
CREATE INDEX parked_inbox ON parked(inbox_id) WHERE inbox_id IS NOT NULL;
CREATE INDEX parked_place ON parked(topic, partition, "offset");
CREATE TABLE parked_keys(ordered_key uuid PRIMARY KEY);
CREATE TABLE redrives(
  parked_id uuid PRIMARY KEY, action text NOT NULL CHECK (action IN ('redrive', 'discard')), replacement bytea,
  replacement_content_type text NOT NULL DEFAULT '',
  asked_by text NOT NULL, reason text NOT NULL, asked_at timestamptz NOT NULL DEFAULT now(),
  asked_times int4 NOT NULL DEFAULT 1,
  outcome text NOT NULL DEFAULT '', detail text NOT NULL DEFAULT '');
CREATE TABLE settled_parked(
  id uuid PRIMARY KEY, topic text NOT NULL, partition int4 NOT NULL, "offset" int8 NOT NULL, reason text NOT NULL,
  how text NOT NULL, settled_by text NOT NULL, settled_reason text NOT NULL,
  settled_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE ignored_types(
  topic text NOT NULL, ce_type text NOT NULL, seen int8 NOT NULL, first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (topic, ce_type));
CREATE TABLE paused_topics(
  topic text PRIMARY KEY, reason text NOT NULL, paused_by text NOT NULL, paused_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE paused_effects(
  kind text PRIMARY KEY, reason text NOT NULL, paused_by text NOT NULL, paused_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE personal_generations(
  subject text NOT NULL, generation int4 NOT NULL, ended_at timestamptz, PRIMARY KEY (subject, generation));
CREATE TABLE personal_mentions(subject text NOT NULL, aggregate_id uuid NOT NULL, PRIMARY KEY (subject, aggregate_id));
CREATE TABLE erasures(
  subject text PRIMARY KEY, asked_by text NOT NULL, asked_at timestamptz NOT NULL DEFAULT now(),
  aggregates_done int8 NOT NULL DEFAULT 0, finished_at timestamptz);
CREATE TABLE projections(name text PRIMARY KEY, position int8 NOT NULL);
CREATE TABLE clock(
  only_row bool PRIMARY KEY DEFAULT true CHECK (only_row), origin timestamptz NOT NULL, set_at timestamptz NOT NULL,
  rate float8 NOT NULL CHECK (rate >= 0));
"""

RECOVERY = """
CREATE TABLE IF NOT EXISTS recoveries(
  incarnation int4 PRIMARY KEY, backup_at timestamptz NOT NULL, clock_at timestamptz NOT NULL, ends jsonb NOT NULL,
  restored_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz);
CREATE TABLE IF NOT EXISTS lost_records(
  incarnation int4 NOT NULL, topic text NOT NULL, partition int4 NOT NULL, "offset" int8 NOT NULL, ce_id text NOT NULL,
  ce_type text NOT NULL, at text NOT NULL, key text NOT NULL, cause text NOT NULL, by text NOT NULL,
  PRIMARY KEY (incarnation, topic, partition, "offset"));
CREATE TABLE IF NOT EXISTS topic_sources(
  topic text NOT NULL, source text NOT NULL, first_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (topic, source));
"""
"""Since migration 0002: recoveries, what each found lost, and under which ids a topic was ever read."""

CIRCUITS = """
CREATE TABLE IF NOT EXISTS effect_circuits(
  kind text PRIMARY KEY, opened int4 NOT NULL, open_until timestamptz NOT NULL, reason text NOT NULL,
  since timestamptz NOT NULL, trying bool NOT NULL);
"""
"""Since 2026-11-25: kinds of effects whose provider keeps failing."""

RUNTIME_GRANTS = {
    "relay": "SELECT, UPDATE",
    "failed_timers": "SELECT, INSERT, UPDATE, DELETE",
    "redrives": "SELECT, INSERT, UPDATE, DELETE",
    "settled_parked": "SELECT, INSERT",
    "paused_topics": "SELECT, INSERT, UPDATE, DELETE",
    "paused_effects": "SELECT, INSERT, UPDATE, DELETE",
    "effect_circuits": "SELECT, INSERT, UPDATE, DELETE",
    "erasures": "SELECT, INSERT, UPDATE",
    "projections": "SELECT, INSERT, UPDATE",
    "topic_sources": "SELECT, INSERT",
    "clock": "SELECT, INSERT, UPDATE, DELETE",
}
"""What the run-time role may do beside SELECT on every table and EXECUTE of the append functions."""


def period_start(table: str, day: date) -> date:
    """First day of the partition of `table` that holds `day`."""
    length = PERIOD_DAYS[table]
    return date.fromordinal(day.toordinal() - day.toordinal() % length)


def create_partition(table: str, start: date) -> str:
    """The statement that makes the partition of `table` beginning at `start`; harmless when it exists."""
    end = start + timedelta(days=PERIOD_DAYS[table])
    name = f"{table}_{start:%Y%m%d}"
    return f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ('{start}') TO ('{end}')"
