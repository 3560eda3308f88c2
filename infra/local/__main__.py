"""`python -m infra.local`: the embedded stack from the command line. A failure is one sentence and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from infra.local.failures import PartsFailed


def main() -> int:
    options = _arguments()
    try:
        return int(options.run(options) or 0)
    except PartsFailed as failure:
        print(f"{options.command}: {failure}", file=sys.stderr)
        return 2
    except OSError as failure:
        place = f" ({failure.filename})" if failure.filename else ""
        print(f"{options.command}: {failure.strerror or failure}{place}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{options.command}: interrupted; run it again to finish.", file=sys.stderr)
        return 130


def _arguments() -> argparse.Namespace:
    from infra.local import commands

    parser = argparse.ArgumentParser(prog="python -m infra.local", description="PostgreSQL, Kafka and the services.")
    parser.add_argument("--data", type=Path, help="folder of the stack (default: .local/up of this clone)")
    subcommands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (run, text) in commands.COMMANDS.items():
        sub = subcommands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if name == "up":
            sub.add_argument("--parts-only", action="store_true", help="only PostgreSQL and Kafka")
            sub.add_argument("--no-simulator", action="store_true", help="without the simulated shop")
        if name == "logs":
            sub.add_argument("names", nargs="*", metavar="NAME", help="whose (default: everybody's)")
            sub.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
            sub.add_argument("-n", "--lines", type=int, default=20, help="how many of the last lines (default 20)")
        if name == "token":
            sub.add_argument("--subject", required=True, help="who, for instance anna")
            sub.add_argument("--role", action="append", required=True, help="may be given several times")
            sub.add_argument("--shop", action="append", default=[], help="may be given several times; none means all")
            sub.add_argument("--customer", help="the customer's id, for role customer")
    return parser.parse_args()


if __name__ == "__main__":
    # A reader such as `head` that has had enough is no failure.
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)
