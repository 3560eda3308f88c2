"""Another variant for a unit that comes back: asked, agreed to, called off half-way, and the old unit that does not."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chassis.work import Actor
from services.returns.domain.case import Exchange, ReturnCase
from tests.unit.returns.build import eur
from tests.unit.returns.exploring.walking import ANYBODY, PICK, STAFF, Decide, Walking, of


class Exchanging(Walking):
    """Rules of exchanges."""

    @precondition(lambda self: self.shop.cases)
    @rule(
        pick=PICK,
        minor=st.sampled_from([0, 2500, 3000, 3000, 3700, 20_000]),
        instant=st.booleans(),
        consent=st.sampled_from(["", "phone"]),
        actor=ANYBODY,
    )
    def an_exchange_is_asked(self, pick: int, minor: int, instant: bool, consent: str, actor: Actor) -> None:
        case: ReturnCase = of(self.shop.cases, pick)
        unit = of(list(case.units), pick)
        self.ask(
            lambda work: self.shop.app.exchange_unit(
                work, case.id, unit, "sku-new", eur(minor), instant=instant, consent=consent
            ),
            actor,
        )

    @precondition(lambda self: self.shop.exchanges)
    @rule(pick=PICK, what=st.sampled_from(["agree", "agree", "place", "cancel"]), actor=ANYBODY)
    def an_exchange_goes_on(self, pick: int, what: str, actor: Actor) -> None:
        case, known = self._exchange(pick)
        app, id = self.shop.app, known.exchange_id
        commands: dict[str, Decide] = {
            "agree": lambda work: app.agree_to_exchange(work, case.id, id),
            "place": lambda work: app.place_exchange(work, case.id, id),
            "cancel": lambda work: app.cancel_exchange(work, case.id, id, "changed their mind"),
        }
        self.ask(commands[what], actor)

    @precondition(lambda self: self.shop.exchanges)
    @rule(
        pick=PICK,
        decision=st.sampled_from(["wait", "charge", "charge", "leave"]),
        consent=st.sampled_from(["", "phone"]),
        actor=STAFF,
    )
    def an_old_unit_did_not_come(self, pick: int, decision: str, consent: str, actor: Actor) -> None:
        case, known = self._exchange(pick)
        until = self.shop.now + timedelta(days=7)
        self.ask(
            lambda work: self.shop.app.settle_unreturned(
                work, case.id, known.exchange_id, decision, "looked", until=until, consent=consent
            ),
            actor,
        )

    def _exchange(self, pick: int) -> tuple[ReturnCase, Exchange]:
        found: tuple[ReturnCase, Exchange] = of(self.shop.exchanges, pick)
        return found
