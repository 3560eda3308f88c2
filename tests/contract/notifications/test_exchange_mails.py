"""What customers hear of an exchange and of money that has to go another way: from what returns really tells."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message as Wire

from chassis.service import Failed, Record
from services.notifications.consumers import notices
from services.notifications.domain.message import Message
from services.notifications.policies import LOCALES, data
from services.notifications.providers.rendering import Templates
from services.returns.application.common import REFUND_EFFECT
from tests.unit.notifications.test_rendering import SHOP, contact
from tests.unit.notifications.world import World
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.world import CUSTOMER

TEMPLATES = Templates(data())
QUIET = timedelta(hours=1)
"""Longer than any of these waits for something newer."""


class Mailbox:
    """One customer of the returns' shop, as notifications knows and writes to them."""

    def __init__(self, known: Shop) -> None:
        self.returns, self.world = known.world, World()
        self.read = 0
        self.world.now = known.world.now

    async def open(self) -> "Mailbox":
        await self.world.know("c1", shop_id="s1")
        return self

    async def arrives(self, *, twice: bool = False) -> None:
        """Everything told since the last time, each record in order; again under the same ids where `twice`."""
        new = list(self.returns.told[self.read :])
        self.read = len(self.returns.told)
        for _ in range(2 if twice else 1):
            for number, message in enumerate(new):
                await self._tell(message, f"e-{self.read}-{number}")

    async def _tell(self, message: Wire, id: str) -> None:
        told: Any = message
        if told.DESCRIPTOR.file.package != "aftercare.returns.v1" or not getattr(told, "customer_id", ""):
            return
        record: Record[Any] = Record(told, id, "/aftercare/returns", "t", self.world.now, "t", 0, 0, b"k")
        for notice in notices(record):
            await self.world.tell(notice)

    async def sent(self, story: str) -> list[Message]:
        """The mails of one kind of story that really went out, after everything that waits has waited."""
        first = await self.world.deliver()
        await self.world.pass_time(QUIET)
        both = [*first, *await self.world.deliver()]
        return [message for message in both if message.trouble.partition(":")[0] == story]


async def box(known: Shop) -> Mailbox:
    return await Mailbox(known).open()


def templates(messages: list[Message]) -> list[str]:
    return [message.sending.template for message in messages]


async def test_another_price_than_was_shown_asks_for_agreement_once() -> None:
    """Told twice by Kafka, one mail; with the price, what is paid on top, and until when, in both languages."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    exchange = await known.exchange(case, 1200)
    await known.keeps(exchange, 1400)
    mails = await box(known)
    await mails.arrives(twice=True)
    (mail,) = await mails.sent("exchange")
    assert mail.sending.template == "exchange_to_agree"
    english = TEMPLATES.letter(mail, contact("en"), SHOP, at=mails.world.now).text
    assert "€14.00" in english and "€4.00 on top" in english
    assert "14,00" in TEMPLATES.letter(mail, contact("de"), SHOP, at=mails.world.now).text


async def test_goods_that_are_kept_and_ordered_at_once_are_one_mail() -> None:
    """An instant exchange: kept, then ordered within minutes; only the order is told, with when to send the old one."""
    known = shop()
    await known.sold(1000)
    case = await known.returned(actor=CUSTOMER)
    exchange = await known.exchange(case, 1000, instant=True, consent="self_service")
    await known.keeps(exchange, 1000)
    mails = await box(known)
    await mails.arrives()
    await known.makes_order(known.latest(case))
    await mails.arrives()
    (mail,) = await mails.sent("exchange")
    assert mail.sending.template == "exchange_placed"
    assert (
        "Please send the goods you had before by"
        in TEMPLATES.letter(mail, contact("en"), SHOP, at=mails.world.now).text
    )


async def test_goods_that_are_kept_until_the_old_ones_are_back_are_told_then_the_order() -> None:
    """Two expectations, a mail each, in their order."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    exchange = await known.exchange(case, 1400)
    await known.keeps(exchange, 1400)
    mails = await box(known)
    await mails.arrives()
    assert templates(await mails.sent("exchange")) == ["exchange_reserved"]
    await known.came_back(case)
    known.world.now += timedelta(days=1)
    await known.makes_order(known.latest(case))
    await mails.arrives()
    assert templates(await mails.sent("exchange")) == ["exchange_placed"]


async def test_an_exchange_that_is_off_says_why_and_what_is_left() -> None:
    """Sold out: the customer reads it once."""
    known = shop()
    await known.sold(1000)
    case = await known.returned()
    exchange = await known.exchange(case, 1000)
    await known.refuses(exchange.exchange_id)
    mails = await box(known)
    await mails.arrives(twice=True)
    (mail,) = await mails.sent("exchange")
    text = TEMPLATES.letter(mail, contact("en"), SHOP, at=mails.world.now).text
    assert "it is sold out" in text and "get your money back" in text


@pytest.mark.parametrize(("consent", "first"), [("self_service", "exchange_charging"), ("", "exchange_unreturned")])
async def test_an_old_unit_that_is_missing_is_told_once_as_it_is_dealt_with(consent: str, first: str) -> None:
    """Who agreed to be charged hears of the charge alone, who did not is asked to send it; then how it ended."""
    known = shop()
    await known.sold(1000)
    case = await known.returned(actor=CUSTOMER)
    exchange = await known.exchange(case, 1000, instant=True, consent=consent)
    await known.keeps(exchange, 1000)
    await known.makes_order(known.latest(case))
    mails = await box(known)
    await mails.arrives()
    assert templates(await mails.sent("exchange")) == ["exchange_placed"]
    known.world.now = max(due for _, due in known.world.case(case.id).exchange_dues())
    mails.world.now = known.world.now
    await known.world.fire("exchange_due", case.id, exchange.exchange_id)
    await mails.arrives(twice=True)
    assert templates(await mails.sent("exchange")) == [first]


async def test_a_refund_whose_card_is_gone_asks_for_another_way_in_one_mail() -> None:
    """That it bounced is not told beside it; no account number is asked for by mail."""
    known = shop()
    await known.sold(1000)
    case = await known.returned(remedy="refund")
    await known.came_back(case)
    await refund(known.world, case)
    mails = await box(known)
    await mails.arrives()
    await mails.sent("refund")
    (effect,) = known.world.effects(REFUND_EFFECT)
    known.world.now += timedelta(days=1)
    mails.world.now = known.world.now
    await known.world.run(lambda work: work.effect_fact(REFUND_EFFECT, effect.key, Failed("expired_card")))
    await mails.arrives(twice=True)
    (mail,) = await mails.sent("refund")
    assert mail.sending.template == "refund_needs_tender"
    said = {"de": "Karte gibt es nicht mehr", "en": "the card is gone"}
    assert set(said) == set(LOCALES)
    for language, words in said.items():
        assert words in TEMPLATES.letter(mail, contact(language), SHOP, at=mails.world.now).text


@pytest.mark.parametrize(("store_credit", "said"), [(True, "store credit"), (False, "to where you paid from")])
async def test_what_is_promised_is_said_by_the_way_it_goes(store_credit: bool, said: str) -> None:
    """Credit is not told as money on its way to a card."""
    known = shop()
    await known.sold(1000)
    case = await known.returned(remedy="refund")
    await known.came_back(case)
    await refund(known.world, case, store_credit=store_credit)
    mails = await box(known)
    await mails.arrives()
    (mail,) = await mails.sent("refund")
    assert said in TEMPLATES.letter(mail, contact("en"), SHOP, at=mails.world.now).text
