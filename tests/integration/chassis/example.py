"""The smallest service there is, for the kernel's own tests: accounts that count."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from chassis.domain import Aggregate, Created, Event, Personal, Refused, applies
from chassis.service import Model, Row, WantedTimer

metadata = sa.MetaData()
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.Text),
)


class Opened(Created):
    TOPIC = "example.Account.Opened"
    limit: int


class Counted(Event):
    TOPIC = "example.Account.Counted"
    amount: int
    note: str = ""


class OwnerNamed(Event):
    TOPIC = "example.Account.OwnerNamed"
    owner: Personal


class ReminderWanted(Event):
    TOPIC = "example.Account.ReminderWanted"
    due_at: datetime | None


class OverLimit(Refused):
    reason = "OVER_LIMIT"


class Account(Aggregate, topic="example.Account"):
    def __init__(self) -> None:
        self.limit = 0
        self.total = 0
        self.notes: list[str] = []
        self.owner: Personal | None = None
        self.due_at: datetime | None = None

    @classmethod
    def open(cls, id: UUID, *, limit: int, at: datetime) -> "Account":
        return cls.start(Opened, id=id, at=at, limit=limit)

    def count(self, amount: int, *, at: datetime, note: str = "") -> None:
        if self.total + amount > self.limit:
            raise OverLimit(f"{self.limit - self.total} are left", left=self.limit - self.total)
        self.record(Counted, at=at, amount=amount, note=note)

    def name_owner(self, owner: Personal, *, at: datetime) -> None:
        self.record(OwnerNamed, at=at, owner=owner)

    def want_reminder(self, due_at: datetime | None, *, at: datetime) -> None:
        self.record(ReminderWanted, at=at, due_at=due_at)

    @applies(Opened)
    def _on_opened(self, event: Opened) -> None:
        self.limit = event.limit

    @applies(Counted)
    def _on_counted(self, event: Counted) -> None:
        self.total += event.amount
        if event.note:
            self.notes.append(event.note)

    @applies(OwnerNamed)
    def _on_owner_named(self, event: OwnerNamed) -> None:
        self.owner = event.owner

    @applies(ReminderWanted)
    def _on_reminder_wanted(self, event: ReminderWanted) -> None:
        self.due_at = event.due_at


def rows(aggregate: Aggregate) -> list[Row]:
    if not isinstance(aggregate, Account):
        return []
    owner = aggregate.owner.text if aggregate.owner else None
    values = {"id": aggregate.id, "version": aggregate.version, "total": aggregate.total, "owner": owner}
    return [Row("accounts", values)]


def timers(aggregate: Aggregate) -> list[WantedTimer]:
    if isinstance(aggregate, Account) and aggregate.due_at is not None:
        return [WantedTimer("reminder", aggregate.due_at)]
    return []


MODEL = Model(name="example", aggregates=(Account,), read_model=metadata, rows=rows, timers=timers)
