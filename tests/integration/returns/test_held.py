"""What was asked of the outside and nobody knows the end of is listed for finance, and leaves the list by its word."""

from datetime import timedelta
from pathlib import Path

from chassis.effects.carrier import tell_owner
from chassis.effects.effect import Effect, effect_id
from chassis.effects.states import State
from chassis.effects.terms import Terms
from chassis.service import Unknown
from chassis.work import SYSTEM, Work
from infra.local.databases import ServiceDatabase
from infra.local.parts import Parts
from infra.local.tokens import Issuer
from services.returns.application.common import REFUND_EFFECT
from services.returns.domain.identity import ledger_id_of
from services.returns.domain.ledger import Ledger, TransferState
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.integration.returns.shop import SHOP, Shop
from tests.security.served import serving
from tests.unit.chassis.grpc.serving import refusal_of
from tests.unit.returns.build import ask, eur

NO_KEY = Terms(None, first_pause=timedelta(0), look_ups=0)
"""Of a provider that cannot tell a repeat: what is in doubt is a person's at once."""


async def test_what_waits_for_a_person_is_listed_with_its_money_and_settled_once(
    parts: Parts, databases: dict[str, ServiceDatabase], tmp_path: Path
) -> None:
    """Two held and one in doubt, longest first; another shop's caller reads none of it; what is settled is settled in
    the ledger, leaves the list, and is not settled again."""
    issuer = Issuer.at(tmp_path)
    async with serving("returns", databases["returns"], issuer, parts.kafka_bootstrap) as served:
        shop = Shop(served, issuer)
        for order_id in ("held-1", "held-2", "doubt-3"):
            await _in_doubt(shop, order_id, held=order_id.startswith("held"))
        listed = await shop.call("ListHeldRequests", "finance", shop_id=SHOP)
        assert [
            (one.order_id, one.kind, one.state, one.attempt, one.amount.minor_units) for one in listed.requests
        ] == [("held-1", "refund", "held", 1, 1000), ("held-2", "refund", "held", 1, 1000)]
        assert not listed.cut and {one.reason for one in listed.requests} == {"NO_ANSWER"}
        everything = await shop.call("ListHeldRequests", "finance", shop_id=SHOP, unknown=True)
        assert [(one.order_id, one.state) for one in everything.requests][-1] == ("doubt-3", "unknown")
        assert len(everything.requests) == 3
        elsewhere = await refusal_of(shop.call("ListHeldRequests", "finance", shops=("s2",), shop_id=SHOP))
        assert elsewhere.reason == "NOT_FOUND"
        said = {"shop_id": SHOP, "effect_id": listed.requests[0].effect_id, "outcome": "failed", "reason": "asked them"}
        await shop.call("SettleHeldRequest", **said)
        left = await shop.call("ListHeldRequests", "finance", shop_id=SHOP)
        assert [one.order_id for one in left.requests] == ["held-2"]
        ledger = await served.stores.units.aggregates.load(ledger_id_of(SHOP, "held-1"))
        assert isinstance(ledger, Ledger)
        assert [transfer.state for transfer in ledger.transfers.values()] == [TransferState.FAILED]
        again = await refusal_of(shop.call("SettleHeldRequest", **said))
        assert again.reason == "EFFECT_NOT_HELD"


async def _in_doubt(shop: Shop, order_id: str, *, held: bool) -> None:
    """Paid, asked back by another service, asked of the provider, and never answered."""
    await shop.sold(order_id)
    units = shop.served.stores.units

    async def wanted(work: Work) -> None:
        fact = PaymentFact(PaymentKind.CAPTURED, f"pi-{order_id}", "card", eur(1000), work.now)
        await shop.app.payment_told(work, SHOP, order_id, fact)
        await shop.app.compensation_requested(work, SHOP, order_id, ask(f"k-{order_id}", subjects=("l1#1",)))

    async def tried(work: Work) -> None:
        (transfer,) = (await work.get(Ledger, ledger_id_of(SHOP, order_id))).transfers.values()
        effect = await work.get(Effect, effect_id("returns", REFUND_EFFECT, transfer.key))
        assert effect.begin(NO_KEY, at=work.now, real_ms=0)
        assert effect.answered(1, Unknown("NO_ANSWER"), NO_KEY, at=work.now, real_ms=0)
        if held:
            assert effect.hold(NO_KEY, at=work.now, real_ms=1)
        assert effect.state is (State.HELD if held else State.UNKNOWN)
        await tell_owner(work, effect)

    for step in (wanted, tried):
        await units.run(step, actor=SYSTEM, cause="test")
