"""A domain imports what is pure and nothing else, and reads neither clock nor chance: what it decides can be replayed.

import-linter holds the directions between our own packages; this holds what it cannot express.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from infra.check.files import python_modules

# Of the standard library: what reaches outside, waits, or differs from run to run.
IMPURE = frozenset(
    "asyncio concurrent ftplib glob http imaplib io logging multiprocessing os pathlib platform poplib random sched"
    " secrets select selectors shelve shutil signal smtplib socket socketserver sqlite3 ssl subprocess sys tempfile"
    " threading time urllib webbrowser xmlrpc".split()
)
# Calls that read clock or chance, by their last two names.
IMPURE_CALLS = frozenset(
    {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("uuid", "uuid1"),
        ("uuid", "uuid4"),
        ("uuid", "uuid6"),
        ("uuid", "uuid7"),
    }
)
IMPURE_NAMES = frozenset({"open", "print", "input", "uuid1", "uuid4", "uuid6", "uuid7", "breakpoint"})


def impurities(root: Path) -> list[str]:
    found = []
    for path in python_modules(root):
        allowed = _allowed(path.relative_to(root).parts)
        if allowed is not None:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            place = path.relative_to(root)
            found += [f"{place}:{line}: {what}" for line, what in sorted({*_imports(tree, allowed), *_calls(tree)})]
    return found


def _allowed(parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """What a pure module may import beside the standard library; None for a module that need not be pure."""
    match parts:
        case ("services", service, "domain", *_) | ("services", service, "domain.py"):
            return ("eventsourcing.domain", "chassis.domain", "casework", f"services.{service}.domain")
        case ("casework", *_):
            return ("eventsourcing.domain", "chassis.domain", "casework")
        case ("chassis", "domain", *_):
            # It is where the library's names for stored types are registered.
            return ("eventsourcing.domain", "eventsourcing.utils", "chassis.domain")
        case _:
            return None


def _imports(tree: ast.AST, allowed: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first = name.partition(".")[0]
            if first in sys.stdlib_module_names:
                if first in IMPURE:
                    yield node.lineno, f"imports {name}, which a domain may not: it does no I/O and knows no clock"
            elif not any(name == good or name.startswith(f"{good}.") for good in allowed):
                yield node.lineno, f"imports {name}, which a domain may not"


def _calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(attr=called, value=ast.Name(id=owner) | ast.Attribute(attr=owner)):
                if (owner, called) in IMPURE_CALLS:
                    yield node.lineno, f"calls {owner}.{called}: instants and ids come with the command"
            case ast.Name(id=called) if called in IMPURE_NAMES:
                yield node.lineno, f"calls {called}: a domain does no I/O, and ids come with the command"
