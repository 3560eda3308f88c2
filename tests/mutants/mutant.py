"""A mutant is data: where it bites, what it puts there, and who must notice. It applies exactly once or not at all."""

from dataclasses import dataclass
from pathlib import Path


class DoesNotApply(Exception):
    """The code has moved on: the mutant would change nothing, or more than it says."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`old` becomes `new` in `file`; `old` stands there once."""

    file: str
    old: str
    new: str

    def made_in(self, text: str) -> str:
        """The changed text; DoesNotApply where `old` is not there exactly once."""
        found = text.count(self.old)
        if found != 1:
            raise DoesNotApply(f"{self.file}: {found} times instead of once: {self.old!r}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken mechanism. Each of `tests` must fail, by an assertion or by raising one of `shows`."""

    name: str
    promise: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    shows: tuple[str, ...] = ()

    def texts(self, root: Path) -> dict[str, str]:
        """The changed files as they would be."""
        texts: dict[str, str] = {}
        for edit in self.edits:
            before = texts.get(edit.file) or (root / edit.file).read_text()
            texts[edit.file] = edit.made_in(before)
        return texts


@dataclass(frozen=True, slots=True)
class Promise:
    """Makes the mutants that attack one line of docs/guarantees.md."""

    text: str

    def mutant(self, name: str, *edits: Edit, tests: tuple[str, ...], shows: tuple[str, ...] = ()) -> Mutant:
        return Mutant(name, self.text, edits, tests, shows)
