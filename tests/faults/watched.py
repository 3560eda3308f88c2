"""What a process says to whoever asks from outside: readiness, liveness, figures, and the log of what it was handed."""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
LONGEST_LOOK = 20.0


@dataclass(frozen=True, slots=True)
class Look:
    """The answer of `/livez` or `/readyz`; code 0 where none came."""

    code: int
    reasons: dict[str, str]


def look(address: str, path: str) -> Look:
    """Ask a process how it is."""
    try:
        try:
            answer = _DIRECT.open(f"http://{address}{path}", timeout=LONGEST_LOOK)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            return Look(answer.status, json.load(answer)["reasons"])
    except OSError as error:
        return Look(0, {"look": repr(error)})


def figure(address: str, name: str, **labels: str) -> float:
    """One metric of a process; 0 where it was not counted yet."""
    with _DIRECT.open(f"http://{address}/metrics", timeout=LONGEST_LOOK) as answer:
        text = answer.read().decode()
    wanted = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    found = re.search(rf"^{re.escape(f'{name}{{{wanted}}}' if wanted else name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@dataclass(frozen=True, slots=True, order=True)
class Handed:
    """Records of one partition that a consumer was handed, as its log tells it."""

    at: str
    topic: str
    partition: int
    first: int
    last: int
    process: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """An assignment that a consumer took over: each partition's place to go on at."""

    at: str
    topic: str
    positions: dict[int, int]
    process: str


@dataclass(frozen=True, slots=True, order=True)
class Failed:
    """A consumer ended, to be started again by its host."""

    at: str
    topic: str
    process: str


@dataclass(frozen=True, slots=True)
class Told:
    """What some consumers' logs tell of the time since a mark, each list in order of time."""

    handed: Sequence[Handed]
    assigned: Sequence[Assigned]
    failed: Sequence[Failed]

    def redeliveries(self) -> int:
        """How many records were handed over more than once."""
        offsets = [(h.topic, h.partition, n) for h in self.handed for n in range(h.first, h.last + 1)]
        return len(offsets) - len(set(offsets))

    def gaps(self) -> list[str]:
        """Where a partition was handed over with something left out; repeats are no gap."""
        found, highest = [], dict[tuple[str, int], int]()
        for h in self.handed:
            place = (h.topic, h.partition)
            if h.first > highest.get(place, h.first - 1) + 1:
                found.append(f"{h.topic}/{h.partition}: {h.first} was handed over after {highest[place]}")
            highest[place] = max(highest.get(place, h.last), h.last)
        return found

    def not_after_a_seek(self) -> list[str]:
        """Records that a consumer was handed between its failure and its next assignment, or not from its place on."""
        found, place = [], dict[tuple[str, str, int], int | None]()
        steps: list[tuple[str, int, Any]] = [(f.at, 0, f) for f in self.failed]
        steps += [(a.at, 1, a) for a in self.assigned] + [(h.at, 2, h) for h in self.handed]
        for _, _, step in sorted(steps, key=lambda step: step[:2]):
            if isinstance(step, Failed):
                place |= dict.fromkeys((key for key in place if key[:2] == (step.process, step.topic)), None)
            elif isinstance(step, Assigned):
                place |= {(step.process, step.topic, n): at for n, at in step.positions.items()}
            else:
                key = (step.process, step.topic, step.partition)
                if key in place and (place[key] is None or step.first != place[key]):
                    found.append(f"{key} was handed {step.first}, and its place was {place[key]}")
                place[key] = step.last + 1
        return found


def told(logs: Iterable[Path], since: str) -> Told:
    """Read the logs of consumers from the mark on (an instant as the log writes it)."""
    handed: list[Handed] = []
    assigned: list[Assigned] = []
    failed: list[Failed] = []
    for log in logs:
        for line in _lines(log):
            at, topic = line.get("timestamp", ""), line.get("topic", "")
            if at < since:
                continue
            if line["event"] == "records_taken":
                handed += [Handed(at, topic, int(n), a, b, log.stem) for n, (a, b) in line["spans"].items()]
            elif line["event"] == "partitions_assigned":
                positions = {int(n): position for n, position in line["positions"].items()}
                assigned.append(Assigned(at, topic, positions, log.stem))
            elif line["event"] == "consumer_ended":
                failed.append(Failed(at, topic, log.stem))
    return Told(sorted(handed), sorted(assigned, key=lambda a: a.at), sorted(failed))


def _lines(log: Path) -> Iterable[dict[str, Any]]:
    if not log.exists():
        return
    with log.open(errors="replace") as file:
        for text in file:
            if text.startswith("{") and text.endswith("}\n"):  # the last line of one that was killed may be half
                line = json.loads(text)
                if "event" in line:
                    yield line
