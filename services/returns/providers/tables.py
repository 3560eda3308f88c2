"""A file of one entry for each shop, as a setting names it.

Errors: a file that cannot be read is refused by the name of the setting; nothing of what it holds is told.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from chassis.settings import BadSettings

Entry = TypeVar("Entry")


def by_shop(path: Path | None, setting: str, entry_of: Callable[[str, object], Entry]) -> Mapping[str, Entry]:
    """Each shop's entry, as `entry_of` reads it of shop and JSON value; none without a file."""
    if path is None:
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BadSettings([f"{setting} names a file that is no JSON"]) from None
    if not isinstance(data, dict):
        raise BadSettings([f"{setting} names a file that is no table of shops"])
    return {str(shop): entry_of(str(shop), entry) for shop, entry in data.items()}
