"""The newer build: Counted has a version 2 that says who counted, an account can be closed, and the world is told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.domain import Aggregate, Created, Event, applies
from tests.faults.small.wiring import definition


class Opened(Created):
    TOPIC = "small.Account.Opened"
    name: str


class Counted(Event):
    TOPIC = "small.Account.Counted"
    class_version = 2
    note: str
    by: str

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state["by"] = "somebody"


class Closed(Event):
    TOPIC = "small.Account.Closed"
    note: str


class Account(Aggregate, topic="small.Account"):
    def __init__(self) -> None:
        self.name = ""
        self.notes: list[str] = []

    @classmethod
    def open(cls, id: UUID, *, name: str, at: datetime) -> "Account":
        return cls.start(Opened, id=id, at=at, name=name)

    def count(self, note: str, *, by: str, at: datetime) -> None:
        self.record(Counted, at=at, note=note, by=by)

    def close(self, note: str, *, at: datetime) -> None:
        self.record(Closed, at=at, note=note)

    @applies(Opened)
    def _on_opened(self, event: Opened) -> None:
        self.name = event.name

    @applies(Counted)
    def _on_counted(self, event: Counted) -> None:
        self.notes.append(event.note)

    @applies(Closed)
    def _on_closed(self, event: Closed) -> None:
        self.notes.append(event.note)


SERVICE = definition(Account, Counted, Closed)
