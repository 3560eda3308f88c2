"""The earlier build: it knows version 1 of Counted, no Closed, and no RequestRefused on the topic of our own.

``python -m tests.faults.small.earlier <role or job>``. Never imported beside the newer build: both say what a topic is.
"""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, Created, Event, applies
from chassis.runtime import main
from tests.faults.small.wiring import definition


class Opened(Created):
    TOPIC = "small.Account.Opened"
    name: str


class Counted(Event):
    TOPIC = "small.Account.Counted"
    note: str


class Account(Aggregate, topic="small.Account"):
    def __init__(self) -> None:
        self.name = ""
        self.notes: list[str] = []

    @classmethod
    def open(cls, id: UUID, *, name: str, at: datetime) -> "Account":
        return cls.start(Opened, id=id, at=at, name=name)

    def count(self, note: str, *, by: str, at: datetime) -> None:
        self.record(Counted, at=at, note=note)

    @applies(Opened)
    def _on_opened(self, event: Opened) -> None:
        self.name = event.name

    @applies(Counted)
    def _on_counted(self, event: Counted) -> None:
        self.notes.append(event.note)


if __name__ == "__main__":
    main(definition(Account, Counted))
