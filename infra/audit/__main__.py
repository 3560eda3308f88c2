"""``python -m infra.audit``: exit 0 no known weakness, 1 some, 2 nobody could be asked. ``--sbom``: the bill alone."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from infra.audit.advisories import SERVICE, Unanswered, weaknesses
from infra.audit.locks import UnreadableLock, components
from infra.audit.sbom import document
from infra.local.layout import ROOT

ADVISORIES = "AFTERCARE_ADVISORIES"
"""Another service of the same schema, for instance a mirror inside a company."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.audit", description=__doc__)
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write what is in the delivery, and ask nobody")
    asked = parser.parse_args(arguments)
    try:
        found = components(ROOT / "requirements")
        if asked.sbom is not None:
            version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
            asked.sbom.parent.mkdir(parents=True, exist_ok=True)
            asked.sbom.write_text(json.dumps(document(version, found), indent=2) + "\n", encoding="utf-8")
            print(f"{asked.sbom}: {len(found)} components")
            return 0
        told = weaknesses(found, os.environ.get(ADVISORIES, SERVICE))
    except (Unanswered, UnreadableLock) as error:
        print(error, file=sys.stderr)
        return 2
    for one in told:
        print(f"{one.component.name} {one.component.version}: {one.id}")
    print(f"{len(found)} components, {len(told)} known weaknesses")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
