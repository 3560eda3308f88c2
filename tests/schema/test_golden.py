"""Every stored event ever released still loads, and today's writer still writes what today's release promised."""

import json
from pathlib import Path

import pytest

from chassis.errors import Blocked
from chassis.unit import StoredEvent
from tests.schema.corpus import AT, GOLDEN, ID, SERVICES, codec, event_classes, file_of, read

FILES = sorted(GOLDEN.glob("*/*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_event_ever_released_still_loads(path: Path) -> None:
    event = codec(path.parent.name).decode(read(path))
    assert (event.originator_id, event.originator_version, event.timestamp) == (ID, 1, AT)


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_class_has_its_golden_file(service: str) -> None:
    missing = [
        topic
        for topic, event_class in event_classes(service).items()
        if not file_of(service, topic, getattr(event_class, "class_version", 1)).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_written_today_is_what_the_golden_files_say(service: str) -> None:
    known = codec(service)
    for topic, event_class in event_classes(service).items():
        path = file_of(service, topic, getattr(event_class, "class_version", 1))
        again = known.encode(known.decode(read(path)), {"by": "someone", "cause": "golden"}).event
        assert json.loads(again.state) == json.loads(path.read_text()), topic


@pytest.mark.parametrize("service", SERVICES)
def test_an_event_of_a_newer_build_blocks(service: str) -> None:
    known = codec(service)
    with pytest.raises(Blocked, match="unknown to this build"):
        known.decode(StoredEvent(ID, 1, f"{service}.FromTheFuture", b"{}"))
    topic = next(iter(event_classes(service)))
    newer = json.dumps({"t": AT.isoformat(), "v": 99, "d": {}}).encode()
    with pytest.raises(Blocked, match="newer than this build"):
        known.decode(StoredEvent(ID, 1, topic, newer))
