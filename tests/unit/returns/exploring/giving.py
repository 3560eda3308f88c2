"""A gift that goes back by who was given it: with the receipt or without, alone or with the help of staff."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from chassis.work import Actor
from services.returns.application.deciding import Item
from services.returns.domain.case import ReturnCase
from services.returns.domain.ledger import Ledger, Way
from services.returns.domain.order.facts import proof_of_gift
from tests.unit.returns.exploring.shop import Shop
from tests.unit.returns.exploring.walking import FIRST, PICK, STAFF, Walking, of
from tests.unit.returns.world import CUSTOMER

CODE = "a-gift-code-of-l1"
PROOF = proof_of_gift("l1", CODE)
RECIPIENT = Actor("c-9", frozenset({"customer"}), customer_id="c9", shops=frozenset({"s1"}))
REMEDIES = st.sampled_from(["store_credit", "store_credit", "exchange", "refund"])


class Giving(Walking):
    """Rules of gifts."""

    @rule(
        line=st.sampled_from(["l1", "l1", "l1", "l2"]),
        code=st.sampled_from([CODE, CODE, CODE, "guessed"]),
        pick=PICK,
        remedy=REMEDIES,
        actor=st.sampled_from([RECIPIENT, RECIPIENT, RECIPIENT, CUSTOMER]),
    )
    def a_recipient_asks(self, line: str, code: str, pick: int, remedy: str, actor: Actor) -> None:
        item = Item(line, 1, of(self.shop.policy.reasons, pick).code)
        self.ask(lambda work: self.shop.app.request_gift(work, "s1", FIRST, code, item, remedy=remedy), actor)

    @rule(line=st.sampled_from(["l1", "l2"]), pick=PICK, remedy=REMEDIES, actor=STAFF)
    def somebody_asks_for_a_recipient(self, line: str, pick: int, remedy: str, actor: Actor) -> None:
        items = [Item(line, 1, of(self.shop.policy.reasons, pick).code)]
        app, who = self.shop.app, "c9"
        self.ask(
            lambda work: app.request_gift_for(work, "s1", FIRST, items, who, remedy=remedy, channel="phone"), actor
        )


def a_recipient_hears_of_nobody_else(shop: Shop, heard: int) -> int:
    """What was told of a recipient's return since `heard` names the recipient alone, and what is given for it goes to
    them; returns how much was told by now."""
    gifts = {str(case.id): case for case in shop.all(ReturnCase) if case.gift is not None}
    for message in shop.told[heard:]:
        if getattr(message, "case_id", "") in gifts:
            assert getattr(message, "customer_id", "c9") in ("", "c9"), f"told to the buyer: {message}"
            assert 'customer_id: "c1"' not in str(message), f"names the buyer: {message}"
    for ledger in shop.all(Ledger) if gifts else ():
        for transfer in ledger.transfers.values():
            if ledger.claims[transfer.claim_id].ask.case_id in gifts:
                assert transfer.way is Way.CREDIT, f"{transfer.key} of a gift is paid to who bought it"
    return len(shop.told)
