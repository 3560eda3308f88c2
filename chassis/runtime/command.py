"""``python -m services.<name> <role or job>``: the whole of a service's `__main__`.

Exit codes: 0 ended as asked, 1 a part failed (start it again), 2 it cannot start like this (it says what to do).
"""

import argparse
import asyncio
import gc
import sys
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from chassis.runtime.definition import ServiceDefinition
from chassis.runtime.jobs import JOBS, WITH_NAMES
from chassis.runtime.process import ROLES, serve
from chassis.runtime.stores import CannotStart
from chassis.settings import BadSettings, Settings, load
from chassis.telemetry import configure_logging, configure_tracing

log = structlog.get_logger(__name__)


def main(definition: ServiceDefinition, arguments: Sequence[str] | None = None) -> None:
    """Run one role or job of the service and exit."""
    parser = _parser(definition)
    asked = parser.parse_args(arguments)
    if asked.names and asked.what not in WITH_NAMES:
        parser.error(f"{asked.what} takes no names")
    try:
        settings = load(definition.settings)
    except BadSettings as bad:
        _refuse(definition, bad.problems)
    configure_logging(settings.log_level, service=definition.model.name, role=asked.what)
    configure_tracing(definition.model.name)
    try:
        sys.exit(_run(definition, settings, asked.what, asked.names))
    except CannotStart as cannot:
        _refuse(definition, [str(cannot)])
    except Exception as error:  # the interpreter's own last words would quote it
        log.error("failed", exc_info=error)
        sys.exit(1)


def _run(definition: ServiceDefinition, settings: Settings, what: str, names: Sequence[str]) -> int:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.get_loop().set_exception_handler(_tell_forgotten)
        if what in JOBS:
            return runner.run(JOBS[what](definition, settings, names))
        gc.set_threshold(20_000, 20, 50)  # a cycle here is rare, and a pause is felt by every caller
        return runner.run(serve(definition, settings, what))


def _tell_forgotten(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio itself would print the task, and with it the words of its error."""
    log.error("forgotten_error", what=context.get("message"), exc_info=context.get("exception"))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _parser(definition: ServiceDefinition) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {definition.package}",
        description=f"Run a part of {definition.model.name}. Settings come from AFTERCARE_* variables.",
        epilog="roles:\n"
        + "".join(f"  {name:<12} {text}\n" for name, text in ROLES.items())
        + "jobs:\n"
        + "".join(f"  {name:<12} {(job.__doc__ or '').splitlines()[0]}\n" for name, job in JOBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", metavar="role-or-job", choices=[*ROLES, *JOBS], help="one of those listed below")
    names = "for rebuild: tables and projections; restored: the instant of the backup, a file; reread: topics"
    parser.add_argument("names", metavar="name", nargs="*", help=names)
    return parser


def _refuse(definition: ServiceDefinition, problems: Sequence[str]) -> None:
    print(f"{definition.model.name} cannot start:", *(f"  {one}" for one in problems), sep="\n", file=sys.stderr)
    sys.exit(2)
