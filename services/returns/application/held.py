"""What was asked of the outside and waits for a person's word.

Guarantee: as at the operators' desk, and within one shop: only what is held is settled, by name and with a reason, and
its owner hears of it in the same unit.
"""

from uuid import UUID

from chassis.domain import Aggregate, NotFound
from chassis.effects.carrier import tell_owner
from chassis.effects.effect import Effect
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application.common import UseCases


class Held(UseCases):
    """The use cases of requests that are held."""

    async def settle_held(
        self, work: Work, shop_id: str, effect_id: UUID, outcome: str, reason: str, reference: str
    ) -> Receipt:
        """Say what became of one, or let it be asked once more."""
        effect = await work.find(Effect, effect_id)
        owner = None if effect is None else await work.find(Aggregate, effect.subject)
        seen = work.actor.may_see(shop_id=shop_id, customer_id=None)
        if effect is None or owner is None or not seen or getattr(owner, "shop_id", "") != shop_id:
            raise NotFound("effect", effect_id)
        effect.decide(outcome, by=work.actor.id, why=reason, at=work.now, reference=reference)
        await tell_owner(work, effect)
        return Receipt(str(effect_id), effect.version, {"state": effect.state.value})
