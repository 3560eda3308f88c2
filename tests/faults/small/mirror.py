"""What both builds share: a mirror writes down what it hears of an account, in the order it hears it."""

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, Created, Event, applies


class Hung(Created):
    TOPIC = "small.Mirror.Hung"


class Heard(Event):
    TOPIC = "small.Mirror.Heard"
    note: str


class Mirror(Aggregate, topic="small.Mirror"):
    def __init__(self) -> None:
        self.heard: list[str] = []

    @classmethod
    def hang(cls, id: UUID, *, at: datetime) -> "Mirror":
        return cls.start(Hung, id=id, at=at)

    def hear(self, note: str, *, at: datetime) -> None:
        self.record(Heard, at=at, note=note)

    @applies(Hung)
    def _on_hung(self, event: Hung) -> None:
        pass

    @applies(Heard)
    def _on_heard(self, event: Heard) -> None:
        self.heard.append(event.note)
