"""What may be done next with a case, and why not.

Guarantee: the list never disagrees with the commands, because an action is tried on a private copy by the
very method that the command will call.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from casework.case import Case
from chassis.domain import Aggregate, DomainError, LimitExceeded

A = TypeVar("A", bound=Aggregate)
C = TypeVar("C", bound=Case)


@dataclass(frozen=True, slots=True)
class NextAction:
    """One thing that can be asked for. `rpc` is the command's name; `why` says why it is proposed or refused; `would`:
    what its receipt would say now, by name."""

    rpc: str
    label: str
    allowed: bool
    why: str
    reason: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    recommended: bool = False
    needs_approval: bool = False
    would: tuple[tuple[str, str], ...] = ()


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
    action = NextAction(rpc, label, True, why, "", arguments, recommended)
    try:
        attempt(case.clone())
    except DomainError as error:
        return refused(action, error)
    return action


def take(case: C, rpc: str, about: tuple[tuple[str, str], ...], *, by: str, at: datetime) -> list[NextAction]:
    """Make the case the caller's own; nothing where it is."""
    if case.assignee == by:
        return []
    known = (*about, ("assignee", by))
    why = f"{case.assignee} has it." if case.assignee else "Nobody has it."
    return [
        next_action(case, rpc, "Take the case", lambda copy: copy.assign(by, by=by, at=at), why=why, arguments=known)
    ]


def refused(action: NextAction, error: DomainError) -> NextAction:
    """The same action with why it is refused; above a limit it can still be asked for."""
    above = isinstance(error, LimitExceeded)
    return replace(
        action,
        allowed=above,
        why=error.message,
        reason=error.reason,
        recommended=action.recommended and above,
        needs_approval=above,
    )
