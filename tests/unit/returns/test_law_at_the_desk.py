"""A file of the law at the desk: given one, when somebody notes something or takes it, then what is recorded."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from uuid import UUID

import pytest

from casework import NextAction
from casework.errors import CaseIsClosed
from casework.events import CaseAssigned, CaseUnassigned, NoteAdded
from chassis.domain import NotFound
from chassis.service import Receipt
from chassis.work import Work
from services.returns.domain.conformity import Conformity
from services.returns.domain.withdrawal import Withdrawal
from services.returns.law_terms import conformity_law, withdrawal_law
from services.returns.presenting.conformity import mine as my_conformity
from services.returns.presenting.withdrawals import mine as my_withdrawal
from services.returns.read_model import rows
from tests.unit.returns.conforming import asked, file, reported, sold
from tests.unit.returns.withdrawing import noticed, shop
from tests.unit.returns.world import ANN, STRANGER, SUE, World

Law = Withdrawal | Conformity
Does = Callable[[Work, UUID, str], Awaitable[Receipt]]


class Desk(NamedTuple):
    """A world with one file of the law, and how it is noted on and given away."""

    world: World
    id: UUID
    note: Does
    assign: Does
    offered: Callable[[Work, UUID], Awaitable[list[NextAction]]]
    rpc: str

    @property
    def known(self) -> Law:
        found = self.world.memory.held[self.id]
        assert isinstance(found, (Withdrawal, Conformity))
        return found

    def recorded(self) -> list[object]:
        """What the desk did, as it is stored."""
        return [e for e in self.world.events if isinstance(e, (NoteAdded, CaseAssigned, CaseUnassigned))]


async def a_withdrawal() -> Desk:
    world = await shop()
    app, id = world.app, (await noticed(world)).id
    return Desk(world, id, app.note_withdrawal, app.assign_withdrawal, app.offered_on_withdrawal, "AssignWithdrawal")


async def a_file() -> Desk:
    world = await sold()
    await reported(world)
    app, id = world.app, file(world).id
    return Desk(world, id, app.note_conformity, app.assign_conformity, app.offered_on_conformity, "AssignConformity")


both = pytest.mark.parametrize("opened", [a_withdrawal, a_file])
Opened = Callable[[], Awaitable[Desk]]


@both
async def test_a_note_is_the_customers_personal_data_and_the_desks_alone(opened: Opened) -> None:
    """Who wrote it when; in no row, and neither it nor who has the file is shown to the customer."""
    desk = await opened()
    receipt = await desk.world.run(lambda work: desk.note(work, desk.id, "Kim called"), ANN)
    await desk.world.run(lambda work: desk.assign(work, desk.id, "ann"), ANN)
    (note,) = desk.known.notes
    assert (str(note.id), note.by, note.at, note.text.text) == (
        receipt.facts["note_id"],
        ANN.id,
        desk.world.now,
        "Kim called",
    )
    assert note.text.subject == desk.known.personal("").subject
    assert "Kim called" not in repr(list(rows(desk.known)))
    ledger = desk.world.ledger()
    shown = (
        my_withdrawal(desk.known, ledger, withdrawal_law())
        if isinstance(desk.known, Withdrawal)
        else my_conformity(desk.known, ledger, conformity_law())
    )
    assert (list(shown.notes), shown.assignee, shown.queue) == ([], "", "")


@both
async def test_who_has_it_stands_in_its_row_until_it_is_put_back(opened: Opened) -> None:
    """Given again to the same person nothing is recorded; to nobody: back in its queue."""
    desk = await opened()

    def rows_say() -> set[object]:
        return {row.values["assignee"] for row in rows(desk.known) if "assignee" in row.values}

    for to in ("sue", "sue", "", ""):
        receipt = await desk.world.run(lambda work, to=to: desk.assign(work, desk.id, to), ANN)  # type: ignore[misc]
        assert (receipt.facts["assignee"], rows_say()) == (to, {to})
    assert [type(event) for event in desk.recorded()] == [CaseAssigned, CaseUnassigned]


@both
async def test_it_can_be_taken_by_who_does_not_have_it(opened: Opened) -> None:
    """The offer names the caller, is carried out by its own command, and is gone for who has it."""
    desk = await opened()

    async def offer() -> list[NextAction]:
        return [a for a in await desk.world.run(lambda work: desk.offered(work, desk.id), SUE) if a.rpc == desk.rpc]

    (found,) = await offer()
    assert found.allowed and dict(found.arguments)["assignee"] == SUE.id
    await desk.world.run(lambda work: desk.assign(work, desk.id, SUE.id), SUE)
    assert await offer() == []


@both
async def test_strangers_neither_note_nor_take(opened: Opened) -> None:
    """It does not exist for them; nothing is written."""
    desk = await opened()
    for does in (desk.note, desk.assign):
        with pytest.raises(NotFound):
            await desk.world.run(lambda work, does=does: does(work, desk.id, "x"), STRANGER)  # type: ignore[misc]
    assert desk.recorded() == []


async def test_what_has_ended_takes_notes_and_is_given_to_nobody() -> None:
    """A lack that was dropped: a note stands, an assignment is refused and writes nothing."""
    desk = await a_file()
    await asked(desk.world, "drop_lack", "it works after all")
    assert not desk.known.is_open
    await desk.world.run(lambda work: desk.note(work, desk.id, "the customer called again"), ANN)
    with pytest.raises(CaseIsClosed):
        await desk.world.run(lambda work: desk.assign(work, desk.id, "ann"), ANN)
    assert [type(event) for event in desk.recorded()] == [NoteAdded]
