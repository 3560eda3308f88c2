"""What customers hear of a label that is void and of what was put right: from what returns really tells."""

import pytest

from services.notifications.policies import data
from services.notifications.providers.rendering import Templates
from tests.contract.notifications.test_exchange_mails import Mailbox
from tests.unit.notifications.test_rendering import SHOP, contact
from tests.unit.returns.exchanging import Shop
from tests.unit.returns.labelling import MADE, answered, with_return
from tests.unit.returns.test_corrected_after_money import paid, voided
from tests.unit.returns.world import ANN

TEMPLATES = Templates(data())


@pytest.mark.parametrize(("language", "words"), [("en", "is no longer valid"), ("de", "gilt nicht mehr")])
async def test_a_label_that_is_void_is_told_once_with_its_number(language: str, words: str) -> None:
    """The return was cancelled and the shop took the label back: one mail however often Kafka tells it."""
    world, case = await with_return()
    await answered(world, world.effects("return_label")[0], "L-1", **MADE)
    await world.run(lambda work: world.app.cancel(work, case.id, (), "kept"), ANN)
    await answered(world, world.effects("return_label_void")[0], "v-1")
    mails = await Mailbox(Shop(world)).open()
    await mails.arrives(twice=True)
    (mail,) = await mails.sent("label")
    told = TEMPLATES.letter(mail, contact(language), SHOP, at=mails.world.now).text
    assert words in told and "T1" in told and "DHL" in told


@pytest.mark.parametrize(("language", "words"), [("en", "have put it right"), ("de", "haben es berichtigt")])
async def test_what_is_put_right_after_the_money_is_told_once_and_asks_for_nothing(language: str, words: str) -> None:
    """Neither who nor why, nor a sum."""
    world, _ = await paid()
    await voided(world)
    mails = await Mailbox(Shop(world)).open()
    await mails.arrives(twice=True)
    (mail,) = await mails.sent("correction")
    told = TEMPLATES.letter(mail, contact(language), SHOP, at=mails.world.now).text
    assert words in told
    assert not [secret for secret in ("walt", "typed twice", "10.00", "10,00") if secret in told]


async def test_what_is_put_right_before_the_money_is_told_to_nobody() -> None:
    """A receipt voided while nothing was paid is the shop's own matter."""
    world, case = await with_return()
    await world.received(case)
    await world.run(lambda work: world.app.void_receipt(work, "s1", "r1", "typed twice"), ANN)
    mails = await Mailbox(Shop(world)).open()
    await mails.arrives()
    assert await mails.sent("correction") == []
