"""Money that cannot go back the way it came: an expired card, cash on delivery, an invoice. Paid once, as chosen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Invalid, NotFound
from chassis.service import Attempt, Failed, Succeeded
from services.returns.application.common import BANK_EFFECT, CREDIT_EFFECT
from services.returns.domain.bank_account import checked_iban
from services.returns.domain.case import ReturnCase
from services.returns.domain.errors import BankAccountNeeded, UnknownRefund, WrongStage
from services.returns.domain.ledger import BANK, WALLET
from services.returns.domain.order import Capture, OrderLine, PaymentFact, PaymentKind, Tender
from tests.contract.returns.recorder import Recorder, asking
from tests.unit.returns.build import HOUR
from tests.unit.returns.exchanging import Shop, refund, shop
from tests.unit.returns.world import CUSTOMER, STRANGER

IBAN = "DE89 3704 0044 0532 0130 00"


async def bounced(known: Shop, reason: str = "account_closed") -> tuple[ReturnCase, str]:
    """A refund of 10.00 succeeded, and came back: the card is gone. The return and the refund that failed."""
    await known.sold(1000)
    case = await known.returned(remedy="refund")
    await known.came_back(case)
    receipt = await refund(known.world, case)
    (transfer,) = known.ledger().transfers.values()
    await known.money_moves()
    fact = PaymentFact(
        PaymentKind.REFUND_FAILED,
        f"re-{transfer.key}",
        "card",
        known.money(1000),
        known.world.now + HOUR,
        request_id=transfer.key,
        provider_refund_id=f"re-{transfer.key}",
        reason=reason,
    )
    await known.world.run(lambda work: known.world.app.payment_told(work, "s1", "o1", fact))
    return known.world.case(case.id), receipt.facts["refund_id"]


async def chosen(known: Shop, case: ReturnCase, refund_id: str, way: str, actor: Any = CUSTOMER) -> str:
    app = known.world.app
    receipt = await known.world.run(lambda work: app.choose_way(work, case.id, refund_id, way), actor)
    return receipt.facts["refund_id"]


async def account(known: Shop, case: ReturnCase, iban: str = IBAN, actor: Any = CUSTOMER) -> None:
    app = known.world.app
    await known.world.run(lambda work: app.give_bank_account(work, case.id, iban, "Grete Weber"), actor)


async def test_a_refund_to_a_card_that_is_gone_asks_the_customer_and_is_paid_once_as_credit() -> None:
    """Succeeded, came back, asked; chosen twice it is one claim, and what was paid is given back once."""
    known = shop()
    case, failed = await bounced(known)
    assert (case.waiting_on, known.statement()) == ("customer", (0, 0, 1000))
    (told,) = known.world.tell("RefundNeedsTender")
    assert (told.refund_id, told.reason) == (failed, "account_closed")
    first = await chosen(known, case, failed, "store_credit")
    assert await chosen(known, case, failed, "store_credit") == first
    (effect,) = known.world.effects(CREDIT_EFFECT)
    assert known.statement() == (0, 1000, 0)
    await known.world.run(lambda work: work.effect_fact(CREDIT_EFFECT, effect.key, Succeeded("wal")))
    assert known.statement() == (1000, 0, 0)
    assert known.world.case(case.id).state == "refunded"


async def test_or_by_a_transfer_to_the_account_that_was_given() -> None:
    """Without an account it is refused and nothing is written; the payment system's own fact settles it."""
    known = shop()
    case, failed = await bounced(known)
    before = len(known.world.events)
    with pytest.raises(BankAccountNeeded):
        await chosen(known, case, failed, "bank_transfer")
    assert len(known.world.events) == before
    await account(known, case)
    await chosen(known, case, failed, "bank_transfer")
    (effect,) = known.world.effects(BANK_EFFECT)
    assert [t.tender_id for t in known.ledger().transfers.values() if t.counts] == [BANK]
    assert "370400440532" not in repr(effect.body) + repr(known.ledger().claims)
    await known.money_moves()
    assert known.statement() == (1000, 0, 0)


async def test_what_failed_again_can_be_chosen_anew_and_is_still_paid_once() -> None:
    """The wallet refuses; then the bank."""
    known = shop()
    case, failed = await bounced(known)
    await chosen(known, case, failed, "store_credit")
    (effect,) = known.world.effects(CREDIT_EFFECT)
    await known.world.run(lambda work: work.effect_fact(CREDIT_EFFECT, effect.key, Failed("wallet_closed")))
    await account(known, case)
    await chosen(known, case, failed, "bank_transfer")
    await known.money_moves()
    assert known.statement() == (1000, 0, 0)
    assert WALLET not in {t.tender_id for t in known.ledger().transfers.values() if t.counts}


async def test_another_failure_is_an_agents_matter() -> None:
    """The provider was down: nobody asks the customer for anything."""
    known = shop()
    case, _ = await bounced(known, "processing_error")
    assert case.waiting_on == "agent"
    assert known.world.tell("RefundNeedsTender") == []


async def test_what_cannot_be_chosen() -> None:
    """Of somebody else, of no refund, of one that stands, in no way we know: nothing is written."""
    known = shop()
    case, failed = await bounced(known)
    before = len(known.world.events)
    for error, values in (
        (NotFound, (failed, "store_credit", STRANGER)),
        (UnknownRefund, ("none", "store_credit", CUSTOMER)),
        (Invalid, (failed, "pigeon", CUSTOMER)),
    ):
        with pytest.raises(error):
            await chosen(known, case, *values)
    assert len(known.world.events) == before
    standing = await chosen(known, case, failed, "store_credit")
    before = len(known.world.events)
    with pytest.raises(WrongStage):
        await chosen(known, case, standing, "store_credit")
    assert len(known.world.events) == before


@pytest.mark.parametrize("kind", ["cash_on_delivery", "invoice"])
async def test_what_was_paid_in_cash_or_by_invoice_goes_back_by_transfer(kind: str) -> None:
    """Refused until the customer gave an account, with nothing written; then a transfer, bound by what was taken."""
    known = shop()
    tenders = (Tender("t1", kind, "", (Capture("c1", "t1", known.money(1000)),)),)
    await known.stated("o1", OrderLine("l1", "sku-l1", 1, known.money(1000)), 0, tenders=tenders)
    case = await known.returned(remedy="refund")
    await known.came_back(case)
    before = len(known.world.events)
    with pytest.raises(BankAccountNeeded):
        await refund(known.world, case)
    assert len(known.world.events) == before
    await account(known, case)
    await refund(known.world, case)
    (effect,) = known.world.effects(BANK_EFFECT)
    assert effect.body["minor"] == 1000
    await known.money_moves()
    assert known.statement() == (1000, 0, 0)


async def test_the_account_travels_with_the_request_alone_and_is_gone_with_the_person() -> None:
    """Read where it is kept; after the erasure nothing is sent, and the refund fails instead."""
    known = shop()
    case, failed = await bounced(known)
    await account(known, case)
    await chosen(known, case, failed, "bank_transfer")
    (effect,) = known.world.effects(BANK_EFFECT)
    attempt = Attempt(
        BANK_EFFECT, effect.key, effect.subject, effect.body, 1, effect.key, known.world.now, known.world.now
    )
    recorder = Recorder()
    held = known.world.case(case.id)
    bank = asking(recorder, held)[BANK_EFFECT]
    await bank.perform(attempt)
    ((topic, _, _, message),) = recorder.sent
    assert (topic, message.iban) == ("aftercare.payout.requests.v1", "DE89370400440532013000")
    assert "Weber" not in repr(known.world.case(case.id).bank_account)
    held.erase_personal_data("s1/c1", at=known.world.now)
    assert await bank.perform(attempt) == Failed("account_forgotten")
    assert await bank.look_up(attempt) is None


@pytest.mark.parametrize("text", ["DE89370400440532013001", "DE00", "", "GB82 WEST 1234 5698 7654 33", "XX!!"])
async def test_an_iban_whose_digits_do_not_hold_is_refused_without_repeating_it(text: str) -> None:
    """Nothing is written, and the words name no digit of it."""
    known = shop()
    case, _ = await bounced(known)
    before = len(known.world.events)
    with pytest.raises(Invalid) as refused:
        await account(known, case, text)
    assert len(known.world.events) == before
    assert not text or text not in str(refused.value)


@given(st.sampled_from(("DE89370400440532013000", "GB82WEST12345698765432", "NO9386011117947")), st.data())
def test_one_wrong_digit_is_always_found(iban: str, data: st.DataObject) -> None:
    """MOD 97-10 finds every single wrong digit."""
    assert checked_iban(iban.lower()) == iban
    place = data.draw(st.integers(4, len(iban) - 1).filter(lambda n: iban[n].isdigit()))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != iban[place]]))
    with pytest.raises(Invalid):
        checked_iban(iban[:place] + other + iban[place + 1 :])
