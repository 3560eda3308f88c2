"""The mail role: what may leave, to whom, and under which name."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any, cast
from uuid import UUID

import pytest

from chassis.domain import Aggregate
from chassis.service import Attempt, Failed, ProviderAnswer, Succeeded, Unknown
from services.notifications.policies import data, load_senders
from services.notifications.providers.mail import Gate, MailProvider, Writer
from services.notifications.providers.rendering import Templates
from services.notifications.providers.smtp import MailServer, Outcome
from tests.unit.notifications.world import NOON, World, finding

EVERYBODY = Gate(open=True)


class Server:
    """Keeps what it is given and answers as told."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.kept: list[tuple[EmailMessage, str, str]] = []

    async def send(self, mail: EmailMessage, *, sender: str, recipient: str) -> Outcome:
        """As a mail server."""
        self.kept.append((mail, sender, recipient))
        return self.outcome


ACCEPTED = Outcome("accepted", "end", "250 ok")


async def attempt(world: World, server: Server, gate: Gate = EVERYBODY, *, begin: bool = True) -> ProviderAnswer:
    """Carry out the first attempt."""
    effect = world.effects()[0]
    if begin:
        await world.outcome(effect, "attempting")

    async def read(cls: type[Aggregate], id: UUID) -> Aggregate | None:
        return world.aggregates.get(id)

    writer = Writer(Templates(data()), load_senders(), "care@shop.example")
    provider = MailProvider(cast(Any, read), writer, cast(MailServer, server), gate, idempotency=None)
    return await provider.perform(
        Attempt(effect.kind, effect.key, effect.subject, effect.body, 1, "key", NOON, world.now)
    )


async def planned() -> World:
    """A message that may go."""
    world = World()
    await world.know()
    await world.tell(finding())
    return world


async def test_the_mail_has_a_name_of_its_own() -> None:
    """Message-ID from the message, date from the business clock, hours before the promise in a header."""
    world, server = await planned(), Server(ACCEPTED)
    answer = await attempt(world, server)
    ((mail, sender, recipient),) = server.kept
    assert (sender, recipient) == ("care@shop.example", "ana@customers.example")
    assert mail["Message-ID"] == f"<{world.message().id.hex}@shop.example>"
    assert mail["Date"] == "Sun, 22 Nov 2026 12:00:00 +0000"
    assert mail["Content-Language"] == "de"
    assert mail["X-Aftercare-Hours-Before-Promise"] == "41"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Importance"] == "high"
    assert isinstance(answer, Succeeded)
    assert answer.reference == mail["Message-ID"]
    assert answer.facts["template"] == "parcel_late"


async def test_every_attempt_is_the_same_mail() -> None:
    """Sent again after a lost answer it has the same bytes, so also the same Message-ID."""
    world, server = await planned(), Server(Outcome("unknown", "end", "lost"))
    first = await attempt(world, server)
    second = await attempt(world, server, begin=False)
    assert isinstance(first, Unknown)
    assert isinstance(second, Unknown)
    assert server.kept[0][0].as_bytes() == server.kept[1][0].as_bytes()


async def test_what_was_superseded_meanwhile_does_not_leave() -> None:
    """The attempt finds the message kept back and sends nothing."""
    world, server = await planned(), Server(ACCEPTED)
    await world.tell(finding("lost", at=NOON + timedelta(hours=1)))
    assert await attempt(world, server) == Failed("OVERTAKEN")
    assert server.kept == []


async def test_an_attempt_that_did_not_begin_does_not_leave() -> None:
    """Without the committed beginning nothing is sent."""
    world, server = await planned(), Server(ACCEPTED)
    assert await attempt(world, server, begin=False) == Failed("OVERTAKEN")
    assert server.kept == []


async def test_an_erased_recipient_gets_nothing() -> None:
    """Also when the erasure comes after the attempt began."""
    world, server = await planned(), Server(ACCEPTED)
    await world.outcome(world.effects()[0], "attempting")
    await world.decide(lambda work: world.app.forget_customer(work, "demo", "C-1"))
    assert await attempt(world, server, begin=False) == Failed("ERASED")
    assert server.kept == []


@pytest.mark.parametrize(
    ("allowed", "leaves"),
    [
        (frozenset[str](), False),
        (frozenset({"@customers.example"}), True),
        (frozenset({"ana@customers.example"}), True),
        (frozenset({"bob@customers.example"}), False),
        (frozenset({"@example"}), False),
    ],
)
async def test_the_list_decides_who_is_written_to(allowed: frozenset[str], leaves: bool) -> None:
    """Outside production, whoever is not on it gets nothing."""
    world, server = await planned(), Server(ACCEPTED)
    answer = await attempt(world, server, Gate(open=False, allowed=allowed))
    assert (len(server.kept) == 1) is leaves
    assert (answer == Failed("NOT_ALLOWED_HERE")) is not leaves


@pytest.mark.parametrize(
    ("kind", "reason"), [("deferred", "DEFERRED"), ("bounced", "BOUNCED"), ("not_sent", "NOT_SENT")]
)
async def test_proof_that_nothing_was_sent_is_a_failure_with_its_reason(kind: Any, reason: str) -> None:
    """The message decides what follows from it."""
    world, server = await planned(), Server(Outcome(kind, "rcpt", "why"))
    answer = await attempt(world, server)
    assert isinstance(answer, Failed)
    assert (answer.reason, answer.facts["detail"], answer.facts["stage"]) == (reason, "why", "rcpt")
