"""From a decision to its unit."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from chassis.building import build
from chassis.codec import Codec
from chassis.domain import Personal, derived_id
from chassis.errors import KeysNeeded
from chassis.work import SYSTEM, Work
from tests.integration.chassis.example import MODEL, Account

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class NoKeys:
    """Nobody's keys are in memory."""

    def seal(self, subject: str, aad: bytes, text: str) -> tuple[int, bytes]:
        raise KeysNeeded(frozenset({subject}))


def test_keys_of_all_people_of_a_batch_are_asked_for_at_once() -> None:
    """Built again for each of them, a batch of a thousand new customers would be built a thousand times."""
    work = Work(cast(Any, None), MODEL, now=NOON, actor=SYSTEM, cause="test", effect_handlers={})
    people = [f"shop/{n}" for n in range(3)]
    for person in people:
        account = work.add(Account.open(derived_id("account", person), limit=1, at=NOON))
        account.name_owner(Personal(person, "a name"), at=NOON)
    with pytest.raises(KeysNeeded) as needed:
        build(work, MODEL, Codec([Account], cast(Any, NoKeys())), 1)
    assert needed.value.subjects == frozenset(people)
