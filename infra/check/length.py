"""A module above 250 lines says why in its first lines, `# long: reason`, or is split."""

from __future__ import annotations

import re
from pathlib import Path

from infra.check.files import python_modules

LIMIT = 250
NEAR_THE_TOP = 40
REASON = re.compile(r"^# long: (\S.*)$", re.MULTILINE)


def long_modules(root: Path) -> tuple[list[str], list[str]]:
    """Those without a reason, and those with one."""
    problems, notes = [], []
    for path in python_modules(root):
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) <= LIMIT:
            continue
        reason = REASON.search("\n".join(lines[:NEAR_THE_TOP]))
        name = f"{path.relative_to(root)}: {len(lines)} lines"
        if reason:
            notes.append(f"{name}: {reason.group(1)}")
        else:
            problems.append(f"{name}: split it, or say why not near its top: # long: reason")
    return problems, notes
