"""Handing authority on, and being away, as use cases of any service that has approvals.

Guarantee: nobody hands on what they have not themselves: only the caller's own roles and shops go into it, and what
others let the caller do is not among them. What is handed on can be taken back by whoever gave it, and by a
supervisor.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from casework import Deputy, StaffMember
from casework.delegations import Absence, Bounds, Delegation
from casework.errors import MayNotApprove
from chassis.domain import Invalid, NotFound, NotPermitted
from chassis.service import Receipt
from chassis.work import Actor, Work
from desk.approvals import APPROVERS, approving_roles

LEADS = frozenset({"supervisor"})
"""Roles that say who covers for others, and take back what others handed on."""

BELOW = {"supervisor": frozenset({"senior_agent"})}
"""What a role may let somebody act as, beside itself."""


@dataclass(frozen=True, slots=True)
class Term:
    """From when until when, and why."""

    starts_at: datetime
    ends_at: datetime
    reason: str


async def hand_on(work: Work, deputy: str, bounds: Bounds, term: Term, actions: Collection[str]) -> Receipt:
    """Let `deputy` approve in the caller's place. `actions` are those that can be asked for."""
    known = await _member(work, work.actor.id)
    bounds = replace(
        bounds, roles=tuple(sorted(approving_roles(work.actor))), shops=_own_shops(work.actor, bounds.shops)
    )
    if unknown := sorted(set(bounds.actions) - set(actions)):
        raise Invalid("actions", f"{', '.join(unknown)} needs no approval; these do: {', '.join(sorted(actions))}")
    made = await _hand_on(work, known, deputy, bounds, term)
    return _receipt(known, delegation_id=str(made.id))


async def take_back(work: Work, giver: str, delegation_id: UUID) -> Receipt:
    """End what was handed on: by who gave it, who stands behind it, or a supervisor of its shops."""
    giver = giver or work.actor.id
    known = await work.find(StaffMember, StaffMember.id_of(giver))
    if known is None:
        raise NotFound("delegation", delegation_id)
    found = known.delegation(delegation_id)
    if work.actor.id not in (giver, found.backed_by):
        if not _sees(work.actor, found.bounds.shops):
            raise NotFound("delegation", delegation_id)
        if not work.actor.roles & LEADS:
            raise NotPermitted(f"what {giver} handed on is taken back by {giver} or a supervisor", person=giver)
    known.take_back(delegation_id, by=work.actor.id, at=work.now)
    return _receipt(known, delegation_id=str(delegation_id))


async def go_away(work: Work, person: str, cover: str, term: Term, roles: Sequence[str] = ()) -> Receipt:
    """Somebody is away and another covers. A lead who records it for somebody says by `roles` what the cover may decide
    as, out of what the lead has; it counts on the lead's limit."""
    person = person or work.actor.id
    known = await _member(work, person)
    lent = _lent(work.actor, person, roles)
    delegation_id = None
    if lent:
        bounds = Bounds(tuple(sorted(lent)), tuple(sorted(work.actor.shops)))
        delegation_id = (await _hand_on(work, known, cover, bounds, term)).id
    absence = known.go_away(
        work.new_id(),
        cover,
        starts_at=term.starts_at,
        ends_at=term.ends_at,
        reason=term.reason,
        delegation_id=delegation_id,
        by=work.actor.id,
        at=work.now,
    )
    await _deputy(work, cover, person)
    more = {"delegation_id": str(delegation_id)} if delegation_id else {}
    return _receipt(known, absence_id=str(absence.id), **more)


async def come_back(work: Work, person: str) -> Receipt:
    """Here again, earlier than was said."""
    person = person or work.actor.id
    _require_lead(work.actor, person)
    known = await _member(work, person)
    absence = known.come_back(by=work.actor.id, at=work.now)
    return _receipt(known, absence_id=str(absence.id))


async def places_of(work: Work, person: str) -> tuple[str, ...]:
    """In whose places somebody may have been let act."""
    known = await work.find(Deputy, Deputy.id_of(person))
    return tuple(sorted(known.givers)) if known is not None else ()


async def staff_member(
    work: Work, person: str
) -> tuple[list[tuple[str, Delegation]], list[tuple[str, Delegation]], list[Absence]]:
    """What somebody handed on, what was handed on to them, each with its giver, and when they are away; what is over is
    left out."""
    person = person or work.actor.id
    if person != work.actor.id and not work.actor.roles & (LEADS | {"auditor"}):
        raise NotPermitted(f"what {person} handed on is for {person}, supervisors and auditors", person=person)

    async def handed_on(giver: str) -> list[tuple[str, Delegation]]:
        known = await work.find(StaffMember, StaffMember.id_of(giver))
        found = list(known.delegations.values()) if known is not None else []
        seen = [d for d in found if person == work.actor.id or _sees(work.actor, d.bounds.shops)]
        return [(giver, d) for d in seen if work.now < d.ends_at]

    given = await handed_on(person)
    held = [(g, d) for giver in await places_of(work, person) for g, d in await handed_on(giver) if d.deputy == person]
    known = await work.find(StaffMember, StaffMember.id_of(person))
    absences = list(known.absences.values()) if known is not None else []
    return given, held, [absence for absence in absences if work.now < absence.ends_at]


async def _hand_on(work: Work, giver: StaffMember, deputy: str, bounds: Bounds, term: Term) -> Delegation:
    made = giver.hand_on(
        work.new_id(),
        deputy,
        bounds,
        backed_by=work.actor.id,
        starts_at=term.starts_at,
        ends_at=term.ends_at,
        reason=term.reason,
        at=work.now,
    )
    await _deputy(work, deputy, giver.person)
    return made


async def _member(work: Work, person: str) -> StaffMember:
    known = await work.find(StaffMember, StaffMember.id_of(person))
    return known or work.add(StaffMember.known(person, at=work.now))


async def _deputy(work: Work, person: str, giver: str) -> None:
    known = await work.find(Deputy, Deputy.id_of(person))
    known = known or work.add(Deputy.known(person, at=work.now))
    known.take_place_of([giver], at=work.now)


def _lent(actor: Actor, person: str, roles: Sequence[str]) -> frozenset[str]:
    own = actor.roles & APPROVERS
    if person == actor.id and not roles:
        return own
    _require_lead(actor, person)
    allowed = own.union(*(BELOW.get(role, frozenset()) for role in own))
    if beyond := sorted(set(roles) - allowed):
        raise MayNotApprove(
            f"{', '.join(beyond)} is not {actor.id}'s to hand on; {', '.join(sorted(allowed)) or 'nothing'} is",
            roles=",".join(sorted(allowed)),
        )
    return frozenset(roles)


def _require_lead(actor: Actor, person: str) -> None:
    if person != actor.id and not actor.roles & LEADS:
        raise NotPermitted(f"who covers for {person} is said by {person} or a supervisor", person=person)


def _own_shops(actor: Actor, asked: Sequence[str]) -> tuple[str, ...]:
    if actor.shops and (beyond := sorted(set(asked) - actor.shops)):
        raise Invalid("shops", f"{', '.join(beyond)} is not among your shops")
    return tuple(sorted(asked or actor.shops))


def _sees(actor: Actor, shops: Sequence[str]) -> bool:
    return not actor.shops or bool(actor.shops & set(shops))


def _receipt(known: StaffMember, **facts: str) -> Receipt:
    return Receipt(str(known.id), known.version, facts)
