"""A YAML text as nodes that know their line and column.

Guarantee: every value that is asked for is told with its place, and what is never asked for is found: a key that
nobody reads is a mistake, not a comment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column from 1, and the way to it, for instance ``clauses[3].days``."""

    line: int
    column: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, or may be meant otherwise. `reason` is stable, for programs."""

    place: Place
    reason: str
    text: str
    severity: str = "error"


@dataclass(slots=True)
class Problems:
    """All that is wrong with one text, in the order of the text."""

    found: list[Problem] = field(default_factory=list)

    def add(self, place: Place, reason: str, text: str, severity: str = "error") -> None:
        self.found.append(Problem(place, reason, text, severity))

    def ordered(self) -> tuple[Problem, ...]:
        """Each once, by its place."""
        return tuple(sorted(set(self.found), key=lambda p: (p.place.line, p.place.column, p.reason, p.text)))


class At:
    """One node of the text. Asked for something else than it is, it adds a problem and gives nothing."""

    def __init__(self, node: yaml.Node, path: str, problems: Problems) -> None:
        self._node, self._problems = node, problems
        self.place = Place(node.start_mark.line + 1, node.start_mark.column + 1, path)
        self._asked: set[str] = set()
        self._entries = self._read_entries() if isinstance(node, yaml.MappingNode) else {}

    def wrong(self, reason: str, text: str, severity: str = "error") -> None:
        """Say that something is wrong here."""
        self._problems.add(self.place, reason, text, severity)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    def entries(self) -> Iterator[tuple[str, "At"]]:
        """Every key with its value; a problem where this is no mapping."""
        if not self.is_mapping:
            self.wrong("NOT_A_MAPPING", "this is to be a mapping of names to values")
        self._asked.update(self._entries)
        yield from self._entries.items()

    def get(self, name: str) -> "At | None":
        """The value under a key; None where there is none."""
        self._asked.add(name)
        return self._entries.get(name)

    def need(self, name: str) -> "At | None":
        """The value under a key; a problem where there is none."""
        found = self.get(name)
        if found is None:
            self.wrong("MISSING", f"{name} is missing")
        return found

    def items(self) -> list["At"]:
        """The values of a list; a value that stands alone is a list of one."""
        if isinstance(self._node, yaml.SequenceNode):
            path = self.place.path
            return [At(node, f"{path}[{n}]", self._problems) for n, node in enumerate(self._node.value)]
        return [self]

    def text(self) -> str:
        """A word or sentence; a problem where this is a list or a mapping, or empty."""
        if not isinstance(self._node, yaml.ScalarNode):
            self.wrong("NOT_A_VALUE", "this is to be one value")
            return ""
        if not self._node.value.strip():
            self.wrong("EMPTY", "this is empty")
        return str(self._node.value)

    def must_know(self, what: str) -> None:
        """A problem for every key that was not asked for."""
        for name, value in self._entries.items():
            if name not in self._asked:
                known = ", ".join(sorted(self._asked))
                value.key_place_wrong("UNKNOWN_KEY", f"{what} knows no {name}; it knows {known}")

    def key_place_wrong(self, reason: str, text: str, severity: str = "error") -> None:
        """Say that the key of this value is wrong."""
        self._problems.add(self._key or self.place, reason, text, severity)

    _key: Place | None = None

    def _read_entries(self) -> dict[str, "At"]:
        found: dict[str, At] = {}
        for key, node in self._node.value:
            name = str(key.value)
            path = f"{self.place.path}.{name}" if self.place.path else name
            value = At(node, path, self._problems)
            value._key = Place(key.start_mark.line + 1, key.start_mark.column + 1, path)
            if name in found:
                value.key_place_wrong("TWICE", f"{name} is there twice")
            found[name] = value
        return found


def opened(text: str, problems: Problems) -> At | None:
    """The text as nodes; a problem with its place where it is no YAML or no mapping."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        problems.add(place, "NOT_YAML", str(error.problem or error.context or "this is no YAML"))
        return None
    except yaml.YAMLError as error:  # characters that YAML forbids have no mark
        problems.add(Place(1, 1), "NOT_YAML", str(error).splitlines()[0])
        return None
    if not isinstance(node, yaml.MappingNode):
        problems.add(Place(1, 1), "NOT_A_MAPPING", "a policy is a mapping")
        return None
    return At(node, "", problems)
