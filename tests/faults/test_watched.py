"""What is read from the consumers' logs can say no: a gap, a repeat, and a record from before a seek are each found."""

import json
from pathlib import Path
from typing import Any

from tests.faults.watched import told


def log_of(folder: Path, name: str, *lines: dict[str, Any]) -> Path:
    """A consumer's log; its last line was cut off by a kill."""
    log = folder / f"{name}.log"
    log.write_text("".join(json.dumps({"topic": "t", **line}) + "\n" for line in lines) + '{"event":"records_ta')
    return log


def taken(at: str, first: int, last: int) -> dict[str, Any]:
    return {"timestamp": at, "event": "records_taken", "spans": {"0": [first, last]}}


def assigned(at: str, position: int) -> dict[str, Any]:
    return {"timestamp": at, "event": "partitions_assigned", "positions": {"0": position}}


def test_a_record_that_is_handed_over_twice_is_a_redelivery_and_no_gap(tmp_path: Path) -> None:
    """What one took and never stored is counted once more when another is handed it."""
    one = log_of(tmp_path, "one", taken("1", 0, 3), taken("2", 4, 9))
    other = log_of(tmp_path, "other", taken("3", 6, 12))
    found = told([one, other], "0")
    assert (found.redeliveries(), found.gaps()) == (4, [])


def test_a_record_that_is_left_out_is_a_gap(tmp_path: Path) -> None:
    """Also where the next one is handed to somebody else."""
    one, other = log_of(tmp_path, "one", taken("1", 0, 3)), log_of(tmp_path, "other", taken("2", 5, 6))
    assert told([one, other], "0").gaps() == ["t/0: 5 was handed over after 3"]


def test_what_was_before_the_mark_does_not_count(tmp_path: Path) -> None:
    """Offsets begin anywhere."""
    found = told([log_of(tmp_path, "one", taken("1", 0, 3), taken("2", 7, 8))], "2")
    assert (found.redeliveries(), found.gaps(), len(found.handed)) == (0, [], 1)


def test_a_record_between_a_failure_and_the_next_seek_is_found(tmp_path: Path) -> None:
    """And one that is not the first from the place on."""
    ended = {"timestamp": "2", "event": "consumer_ended"}
    right = log_of(tmp_path, "right", assigned("1", 0), taken("1", 0, 3), ended, assigned("3", 2), taken("4", 2, 5))
    early = log_of(tmp_path, "early", assigned("1", 0), taken("1", 0, 3), ended, taken("2", 4, 5), assigned("3", 6))
    astray = log_of(tmp_path, "astray", assigned("1", 4), taken("2", 5, 5))
    assert told([right], "0").not_after_a_seek() == []
    assert told([early], "0").not_after_a_seek() == ["('early', 't', 0) was handed 4, and its place was None"]
    assert told([astray], "0").not_after_a_seek() == ["('astray', 't', 0) was handed 5, and its place was 4"]
