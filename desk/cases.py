"""What people write on any case and who has it, as use cases of every service that has cases.

Guarantee: a note may be written when a case has ended too; it is personal data of the case's customer, forgotten with
them. A case is given to somebody only while it is open.
"""

from collections.abc import Mapping

from casework import Case
from chassis.work import Work


def write_note(work: Work, case: Case, text: str) -> Mapping[str, str]:
    """Write something down, for the desk."""
    note_id = work.new_id()
    case.note(note_id, text, by=work.actor.id, at=work.now)
    return {"note_id": str(note_id)}


def give_to(work: Work, case: Case, assignee: str) -> Mapping[str, str]:
    """Give the case to somebody; to nobody puts it back in its queue."""
    if assignee:
        case.assign(assignee, by=work.actor.id, at=work.now)
    else:
        case.unassign(by=work.actor.id, at=work.now)
    return {"assignee": case.assignee}
