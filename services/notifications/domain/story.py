"""One trouble of one recipient, as the customer was led to expect it.

Whatever order facts arrive in and however often, the current expectation is the one of the latest fact,
and each expectation is told at most once.
"""

from datetime import datetime
from enum import Enum
from uuid import UUID

from chassis.domain import Aggregate, applies
from services.notifications.domain.events import ExpectationKept, ExpectationSet, StoryEnded, StoryOpened
from services.notifications.domain.values import message_id, story_id


class Verdict(Enum):
    """What a fact means for the customer."""

    TELL = "tell"
    KNOWN = "known"
    OVERTAKEN = "overtaken"


class Story(Aggregate, topic="notifications.Story"):
    """All that one recipient should expect about one trouble, over time."""

    def __init__(self) -> None:
        self.shop_id = ""
        self.customer_id = ""
        self.trouble = ""
        self.seen: frozenset[str] = frozenset()
        self.current: str | None = None  # None once the trouble is over
        self.since: datetime | None = None

    @classmethod
    def open(cls, shop_id: str, customer_id: str, trouble: str, *, at: datetime) -> "Story":
        """The first word of a trouble."""
        key = story_id(shop_id, customer_id, trouble)
        return cls.start(StoryOpened, id=key, at=at, shop_id=shop_id, customer_id=customer_id, trouble=trouble)

    @property
    def current_message(self) -> UUID | None:
        """The message that tells the current expectation."""
        if self.current is None:
            return None
        return message_id(self.shop_id, self.customer_id, self.trouble, self.current)

    def expect(self, expectation: str, *, code: str, since: datetime, quiet: bool, at: datetime) -> Verdict:
        """A fact of the instant `since` says what to expect. TELL: the customer does not know it yet."""
        if self.since is not None:
            if since < self.since or (since == self.since and expectation in self.seen):
                return Verdict.KNOWN if expectation == self.current else Verdict.OVERTAKEN
            if since == self.since and self.current is None:
                return Verdict.OVERTAKEN
        if expectation == self.current:
            self.record(ExpectationKept, at=at, since=since)
            return Verdict.KNOWN
        self.record(ExpectationSet, at=at, expectation=expectation, code=code, since=since, quiet=quiet)
        return Verdict.KNOWN if quiet else Verdict.TELL

    def end(self, *, code: str, since: datetime, at: datetime) -> bool:
        """The trouble was over at `since`. True where that overtakes what is current."""
        if self.since is not None and (since < self.since or (since == self.since and self.current is None)):
            return False
        self.record(StoryEnded, at=at, code=code, since=since)
        return True

    @applies(StoryOpened)
    def _on_opened(self, event: StoryOpened) -> None:
        self.shop_id = event.shop_id
        self.customer_id = event.customer_id
        self.trouble = event.trouble

    @applies(ExpectationSet)
    def _on_set(self, event: ExpectationSet) -> None:
        self.seen = self.seen | {event.expectation}
        self.current = event.expectation
        self.since = event.since

    @applies(ExpectationKept)
    def _on_kept(self, event: ExpectationKept) -> None:
        self.since = event.since

    @applies(StoryEnded)
    def _on_ended(self, event: StoryEnded) -> None:
        self.current = None
        self.since = event.since
