"""Creates the topics of `infra/kafka/topics.yaml` that are missing; never deletes or changes one.

A topic that has another number of partitions than the file says is reported, as its keys already have their places.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from infra.local.failures import PartsFailed
from infra.local.layout import ROOT

FILE = ROOT / "infra" / "kafka" / "topics.yaml"
PATIENCE = 60
FIELDS = {"name", "description", "partitions", "config", "ordered"}


@dataclass(frozen=True, slots=True)
class Topic:
    """`ordered`: a record that could not be applied holds back later ones of its key."""

    name: str
    partitions: int
    config: Mapping[str, str]
    ordered: bool


@dataclass(frozen=True, slots=True)
class Different:
    name: str
    wanted: int
    found: int


@dataclass(frozen=True, slots=True)
class Outcome:
    created: tuple[str, ...]
    different: tuple[Different, ...]


class TopicsInvalid(PartsFailed):
    """The list of topics cannot be used."""


def read_topics(file: Path = FILE) -> list[Topic]:
    return parse_topics(file.read_text())


def parse_topics(text: str) -> list[Topic]:
    rows = yaml.safe_load(text)
    if not isinstance(rows, dict) or not isinstance(rows.get("topics"), list):
        raise TopicsInvalid("the file of topics must have a list under `topics`.")
    topics = [_topic(row) for row in rows["topics"]]
    names = [topic.name for topic in topics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TopicsInvalid(f"topics are listed twice: {', '.join(twice)}.")
    return topics


async def create_missing(
    bootstrap: str, topics: Iterable[Topic], prefix: str = "", partitions: int | None = None
) -> Outcome:
    """Creates them under a prefix and waits until each partition has a leader; `partitions` overrides the file's."""
    wanted = {f"{prefix}{topic.name}": topic for topic in topics}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        known = set(await admin.list_topics())
        missing = [
            NewTopic(name, partitions or topic.partitions, 1, topic_configs=dict(topic.config))
            for name, topic in wanted.items()
            if name not in known
        ]
        if missing:
            _refused(await admin.create_topics(missing))
        counted = await _counts(admin, list(wanted))
    finally:
        await admin.close()
    different = [
        Different(name, partitions or topic.partitions, counted[name])
        for name, topic in wanted.items()
        if counted[name] != (partitions or topic.partitions)
    ]
    return Outcome(tuple(topic.name for topic in missing), tuple(different))


def _topic(row: Any) -> Topic:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str) or set(row) - FIELDS:
        raise TopicsInvalid(f"a topic has name, description, partitions, config and ordered, but one entry is {row!r}.")
    partitions = row.get("partitions")
    if not isinstance(partitions, int) or isinstance(partitions, bool) or partitions < 1:
        raise TopicsInvalid(f"topic {row['name']} needs a positive number of partitions, not {partitions!r}.")
    config = row.get("config") or {}
    if not isinstance(config, dict):
        raise TopicsInvalid(f"the config of topic {row['name']} must be a mapping.")
    return Topic(row["name"], partitions, {str(k): _text(v) for k, v in config.items()}, row.get("ordered") is True)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refused(response: Any) -> None:
    for name, code, *message in response.topic_errors:
        # Somebody else may have created it a moment ago.
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise PartsFailed(f"Kafka refused to create topic {name}: {message[0] if message else for_code(code)}")


async def _counts(admin: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """Partitions per topic, once all of them can be written to."""
    deadline = time.monotonic() + PATIENCE
    while True:
        described = await admin.describe_topics(names)
        led = {
            topic["topic"]: len(topic["partitions"])
            for topic in described
            if not topic["error_code"] and topic["partitions"] and all(p["leader"] >= 0 for p in topic["partitions"])
        }
        if len(led) == len(names):
            return led
        if time.monotonic() > deadline:
            raise PartsFailed(f"topics have no leader after {PATIENCE} s: {', '.join(set(names) - set(led))}.")
        await asyncio.sleep(0.05)
