"""Makes what is made from the contracts.

python -m infra.proto             write gen/ and docs/asyncapi.yaml
python -m infra.proto --check     compare both with what would be written; exit 1 and name what differs
python -m infra.proto --release   write proto/base.binpb, which later contracts may not break
"""

from __future__ import annotations

import argparse
import sys

from infra.proto import asyncapi, stubs
from infra.proto.tools import PROTO, ToolFailed, run_tool


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.proto", description="Make what is made from the contracts.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="compare only; exit 1 when something is stale")
    mode.add_argument("--release", action="store_true", help="write the baseline that later contracts may not break")
    asked = parser.parse_args()
    try:
        if asked.check:
            stale = [*stubs.drift(), *asyncapi.drift()]
            print("\n".join([*stale, "run `make proto`"]) if stale else "everything matches the contracts")
            return 1 if stale else 0
        if asked.release:
            run_tool("buf", "build", "proto", "-o", str(PROTO / "base.binpb"), "--exclude-source-info")
            print("wrote proto/base.binpb")
            return 0
        print(f"gen/: {stubs.write()} files; docs/asyncapi.yaml: {asyncapi.write()} lines")
    except ToolFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
