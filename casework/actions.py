"""What may be done next with a case, and why not.

Guarantee: the list never disagrees with the commands, because an action is tried on a private copy by the
very method that the command will call.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from chassis.domain import Aggregate, DomainError, LimitExceeded

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class NextAction:
    """One thing that can be asked for. `rpc` is the command's name; `why` says why it is proposed or refused."""

    rpc: str
    label: str
    allowed: bool
    why: str
    reason: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    recommended: bool = False
    needs_approval: bool = False


def next_action(
    case: A,
    rpc: str,
    label: str,
    attempt: Callable[[A], Any],
    *,
    why: str = "",
    arguments: tuple[tuple[str, str], ...] = (),
    recommended: bool = False,
) -> NextAction:
    """Try `attempt` on a copy of `case` and say what came of it."""
    try:
        attempt(case.clone())
    except LimitExceeded as error:
        return NextAction(
            rpc,
            label,
            True,
            error.message,
            error.reason,
            arguments,
            recommended,
            needs_approval=True,
        )
    except DomainError as error:
        return NextAction(rpc, label, False, error.message, error.reason, arguments)
    return NextAction(rpc, label, True, why, "", arguments, recommended)
