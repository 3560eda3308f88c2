"""The service of the model: tallies that note what happened to them, one real ledger per order, refunds as effects.

Every note has a name of its own, so whatever is done twice, lost or out of order can be read off a tally.
"""

from collections.abc import Iterable
from copy import copy
from functools import cache
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from aftercare.orders.v1.answers_pb2 import RequestAccepted, RequestRefused
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.codec import Codec, Keys
from chassis.domain import Aggregate, Created, Event, Personal, Refused, applies, derived_id
from chassis.service import EffectChanged, Model, PublicEvent, Receipt, Record, Row
from chassis.work import Work
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import Ledger, TransferState
from tests.unit.returns.build import HOLD, ask, entitled, eur

PAID = {"l1#1": 1000, "l1#2": 1000, "l1#3": 999}
SHOP, OURS = "shop.facts", "model.events"
NOTED, POISON = RequestAccepted.DESCRIPTOR.full_name, RequestRefused.DESCRIPTOR.full_name
AT = Timestamp(seconds=1_793_527_200)

metadata = sa.MetaData()
tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("notes", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.Text),
)


class TallyOpened(Created):
    TOPIC = "model.Tally.Opened"
    name: str


class Noted(Event):
    TOPIC = "model.Tally.Noted"
    what: str


class OwnerNamed(Event):
    TOPIC = "model.Tally.OwnerNamed"
    owner: Personal


class TooMany(Refused):
    reason = "TOO_MANY"


class Tally(Aggregate, topic="model.Tally"):
    def __init__(self) -> None:
        self.name = ""
        self.notes: list[str] = []
        self.owner: Personal | None = None

    @applies(TallyOpened)
    def _on_opened(self, event: TallyOpened) -> None:
        self.name = event.name

    @applies(Noted)
    def _on_noted(self, event: Noted) -> None:
        self.notes.append(event.what)

    @applies(OwnerNamed)
    def _on_owner_named(self, event: OwnerNamed) -> None:
        self.owner = event.owner


def tally_id(name: str) -> UUID:
    return derived_id("model.tally", name)


async def tally(work: Work, name: str) -> Tally:
    found = await work.find(Tally, tally_id(name))
    return found or work.add(Tally.start(TallyOpened, id=tally_id(name), at=work.now, name=name))


async def note(work: Work, name: str, what: str, *, besides: str = "", most: int = 1000) -> Receipt:
    """Note something on a tally, having looked at another one; refused when there are too many notes."""
    held = await tally(work, name)
    seen = 0
    if besides:
        other = await work.find(Tally, tally_id(besides))
        seen = 0 if other is None else len(other.notes)
    if len(held.notes) >= most:
        raise TooMany(f"{most} notes are enough")
    held.record(Noted, at=work.now, what=what)
    return Receipt(str(held.id), held.version, {"notes": str(len(held.notes)), "besides": str(seen)})


async def name_owner(work: Work, name: str, subject: str, text: str) -> Receipt:
    held = await tally(work, name)
    held.record(OwnerNamed, at=work.now, owner=Personal(subject, text))
    return Receipt(str(held.id), held.version)


async def ledger(work: Work, order: str) -> Ledger:
    found = await work.find(Ledger, ledger_id_of("s1", order))
    return found or work.add(Ledger.open("s1", order, at=work.now))


async def pay_back(work: Work, order: str, key: str, minor: int) -> Receipt:
    """Reserve in the order's ledger and intend one refund for each movement of money."""
    held = await ledger(work, order)
    wanted = ask(key, requester="returns", subjects=tuple(PAID), amount=eur(minor))
    claim = held.reserve(wanted, hold=HOLD, at=work.now)
    for transfer in held.books.transfers_of(claim.id):
        body = {"order": order, "minor": transfer.amount.minor}
        await work.plan_effect("refund", transfer.key, subject=held.id, body=body)
    return Receipt(str(held.id), held.version, {"claim": claim.id})


async def on_refund(work: Work, change: EffectChanged) -> None:
    """What became of a refund is told to its ledger in the same unit."""
    held = await work.get(Ledger, change.subject)
    if change.state == "succeeded":
        held.transfer_settled(change.key, eur(change.body["minor"]), change.reference, at=work.now)
    elif change.state == "failed":
        held.transfer_failed(change.key, change.reason, at=work.now)
    else:
        held.transfer_moved(change.key, TransferState(change.state), attempts=change.attempt, at=work.now)


def message(kind: str, name: str, what: str) -> RequestAccepted:
    return RequestAccepted(
        shop_id="s1", request_id=what, order_id=name, reference=kind, requester="returns", occurred_at=AT
    )


async def on_fact(work: Work, record: Record[RequestAccepted]) -> None:
    """A fact of the shop: about a tally, or about an order and its money."""
    kind, name, what = record.message.reference, record.message.order_id, record.message.request_id
    if kind == "note":
        await note(work, name, what)
    elif kind == "order":
        held = await ledger(work, name)
        held.state_order(
            1, "c1", "EUR", entitled(PAID), gesture_budget=eur(500), cancelled=False, hold=HOLD, at=work.now
        )
    else:
        held = await ledger(work, name)
        held.count_capture(f"cap-{name}", "card", eur(sum(PAID.values())), hold=HOLD, at=work.now)


async def on_poison(work: Work, record: Record[RequestRefused]) -> None:
    """Changes something and then raises, until somebody gives it up."""
    await note(work, record.message.order_id, "never to be seen")
    raise RuntimeError("a bug")


async def on_noted(work: Work, record: Record[RequestAccepted]) -> None:
    """Our own public event, heard by the other service: it keeps a mirror of each tally."""
    await note(work, f"mirror of {record.message.order_id}", record.message.request_id)


def rows(aggregate: Aggregate) -> Iterable[Row]:
    if isinstance(aggregate, Tally):
        owner = aggregate.owner.text if aggregate.owner else None
        values = {"id": aggregate.id, "version": aggregate.version, "notes": len(aggregate.notes), "owner": owner}
        yield Row("tallies", values)


def publish(event: Event, aggregate: Aggregate) -> Iterable[PublicEvent]:
    if isinstance(event, Noted) and isinstance(aggregate, Tally) and not aggregate.name.startswith("mirror"):
        yield PublicEvent(OURS, aggregate.name, message("note", aggregate.name, event.what), "s1")


MODEL = Model(name="model", aggregates=(Tally, Ledger), read_model=metadata, rows=rows, publish=publish)


@cache
def _compiled() -> Codec:
    return Codec(MODEL.aggregates, cast(Keys, None))


def codec_with(keys: Keys) -> Codec:
    """A codec of this service; its event classes are compiled once for all histories."""
    made = copy(_compiled())
    made._keys = keys
    return made


SHOP_HANDLERS: Any = {NOTED: (RequestAccepted, on_fact), POISON: (RequestRefused, on_poison)}
OUR_HANDLERS: Any = {NOTED: (RequestAccepted, on_noted), POISON: (RequestRefused, on_poison)}
