"""Becomes another program after writing down its own pid, so that no launched process is ever unrecorded.

Run as a script: `launch.py RECORD UID -- COMMAND...`. A launcher killed right after it started something would
otherwise leave a process nobody knows of. UID -1 keeps the account; another one is taken on, with its own group only.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    record, uid, dashes, *command = sys.argv[1:]
    if dashes != "--" or not command:
        sys.exit("launch.py RECORD UID -- COMMAND...")
    partial = Path(f"{record}.{os.getpid()}")
    partial.write_text(json.dumps({"pid": os.getpid(), "began": _began(), "command": command}))
    partial.replace(record)
    if uid != "-1":
        os.setgroups([])
        os.setgid(int(uid))
        os.setuid(int(uid))
    try:
        os.execvp(command[0], command)
    except OSError as failure:
        sys.exit(f"{command[0]}: {failure.strerror}")


def _began() -> str | None:
    from infra.local.identity import identity

    return identity(os.getpid())


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    main()
