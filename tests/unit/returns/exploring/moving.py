"""What becomes of what is asked of the outside: workers, whoever pays, the shop's answers, and the person who settles
what nobody knows of."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from chassis.effects.carrier import tell_owner
from chassis.effects.effect import Effect
from chassis.effects.states import State, Step
from chassis.effects.terms import Terms
from chassis.service import Failed, ProviderAnswer, Submitted, Succeeded, Unknown
from chassis.work import Work
from services.returns.application.common import BANK_EFFECT, CREDIT_EFFECT
from services.returns.application.exchange_requests import CHARGE_EFFECT, EXCHANGE_CANCEL, EXCHANGE_ORDER
from services.returns.domain.case import ReturnCase
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns.exploring.keeper import MONEY, Asked, answer_of
from tests.unit.returns.exploring.orders import Orders
from tests.unit.returns.exploring.provider import BY_KEY_ALONE, OUTCOMES, Payment, Sender
from tests.unit.returns.exploring.walking import PICK, of

BY_KEY = Terms(timedelta(days=30))
WORDS = st.sampled_from(["yes", "yes", "yes", "no", "otherwise"])


class Moving(Orders):
    """Rules of the outside."""

    @rule(pick=PICK)
    def a_worker_takes_the_next_step(self, pick: int) -> None:
        due = [e for e in self.shop.all(Effect) if self.next_step(e) is not Step.NOTHING]
        if not due:
            return
        effect = of(due, pick)
        step, terms = self.next_step(effect), self.terms_of(effect)
        act: dict[Step, Callable[[Effect, Work], bool]] = {
            Step.ATTEMPT: lambda e, w: e.begin(terms, at=w.now, real_ms=self.shop.real_ms),
            Step.LAPSE: lambda e, w: e.lapse(terms, at=w.now, real_ms=self.shop.real_ms),
            Step.ASK: lambda e, w: e.ask(terms, at=w.now, real_ms=self.shop.real_ms),
            Step.HOLD: lambda e, w: e.hold(terms, at=w.now, real_ms=self.shop.real_ms),
        }
        self._move(effect, act[step])
        after = self.shop.effect(effect.key, effect.kind)
        if step is Step.ATTEMPT:
            self.provider.senders.append(Sender(effect.id, after.attempt))
        elif step is Step.ASK:
            answer = self._looked_up(after) if pick % 3 else None
            self._move(after, lambda e, w: e.looked_up(e.attempt, answer, at=w.now, real_ms=self.shop.real_ms))

    @precondition(lambda self: self.provider.senders)
    @rule(pick=PICK, outcome=st.sampled_from(OUTCOMES))
    def a_sender_goes_on(self, pick: int, outcome: str) -> None:
        """It calls, or tells the answer it has."""
        sender = of(self.provider.senders, pick)
        effect = self._effect(sender)
        if not sender.called:
            sender.called, sender.answer = True, self._call(effect, outcome)
            return
        self.provider.senders.remove(sender)
        answer, terms = sender.answer, self.terms_of(effect)
        assert answer is not None
        self._move(
            effect,
            lambda e, w: e.answered(sender.attempt, answer, terms, at=w.now, real_ms=self.shop.real_ms),
        )

    @precondition(lambda self: self.provider.senders)
    @rule(pick=PICK)
    def a_sender_dies(self, pick: int) -> None:
        self.provider.senders.remove(of(self.provider.senders, pick))

    @precondition(lambda self: any(e.state is State.HELD for e in self.shop.all(Effect)))
    @rule(pick=PICK, again=st.booleans(), word=WORDS)
    def a_person_settles_what_is_held(self, pick: int, again: bool, word: str) -> None:
        """They look at the provider's own pages or ask the shop, and wait for whoever is still on the way."""
        held = of([e for e in self.shop.all(Effect) if e.state is State.HELD], pick)
        on_the_way = any(not s.called and s.effect == held.id for s in self.provider.senders)
        if on_the_way or held.key in self.provider.taken_on:
            return
        if held.kind not in MONEY:
            asked = self.keeper.asked.get(held.key)
            if asked is not None:
                self._let_answer(asked, word)
                return
            reference, outcome = "", "retry" if again else "failed"
        else:
            paid = self.provider.paid(held.key)
            reference = paid.reference if paid else ""
            outcome = "succeeded" if paid else "retry" if again else "failed"

        def decide(effect: Effect, work: Work) -> bool:
            effect.decide(outcome, by="olga", why="looked", at=work.now, reference=reference)
            return True

        self._move(held, decide)

    @precondition(lambda self: self.provider.taken_on)
    @rule(pick=PICK)
    def the_provider_does_what_it_took_on(self, pick: int) -> None:
        effect = self.provider.taken_on.pop(of(sorted(self.provider.taken_on), pick))
        self.provider.pay(effect, self.shop.now)

    @precondition(lambda self: self.provider.payments)
    @rule(pick=PICK, bounces=st.booleans())
    def the_provider_tells(self, pick: int, bounces: bool) -> None:
        """That it paid, perhaps for the second time; or that it came back. Credit in the shop's wallet stays there."""
        payment = of(self.provider.payments, pick)
        if payment.kind == CREDIT_EFFECT:
            said = Succeeded(payment.reference)
            self.fact(lambda work: work.effect_fact(CREDIT_EFFECT, payment.key, said))
            return
        if bounces and payment.bounced_at is None and payment.at < self.shop.now:
            payment.bounced_at = self.shop.now
        self._tell(payment)

    @precondition(lambda self: self.keeper.asked)
    @rule(pick=PICK, word=WORDS)
    def the_shop_answers(self, pick: int, word: str) -> None:
        """In its own time, or once more what it said before."""
        self._let_answer(of(list(self.keeper.asked.values()), pick), word)

    def the_shop_goes_on(self, pick: int, word: str) -> bool:
        """It answers what it has not answered yet."""
        waiting = [asked for asked in self.keeper.asked.values() if not asked.word]
        if waiting:
            self._let_answer(of(waiting, pick), word)
        return bool(waiting)

    def next_step(self, effect: Effect) -> Step:
        """What a worker would do with it now."""
        return effect.next_step(self.terms_of(effect), at=self.shop.now, real_ms=self.shop.real_ms)

    def terms_of(self, effect: Effect) -> Terms:
        """Whatever is asked over Kafka is asked under a key that is honoured."""
        return BY_KEY if effect.kind not in MONEY or effect.kind in BY_KEY_ALONE else self.terms

    def _call(self, effect: Effect, outcome: str) -> ProviderAnswer:
        if effect.kind not in MONEY:
            if outcome in ("lost", "busy"):
                return Unknown("TIMEOUT")
            self.keeper.take(effect)
            return Submitted(self.shop.now + timedelta(hours=effect.body.get("answer_hours", 2)))
        if effect.kind == BANK_EFFECT:
            case = next((c for c in self.shop.all(ReturnCase) if str(c.id) == effect.body["case_id"]), None)
            if case is None or case.bank_account is None or case.bank_account.iban.text is None:
                return Failed("account_forgotten")  # as the adapter has it
        return self.provider.call(effect, outcome, self.shop.now)

    def _looked_up(self, effect: Effect) -> ProviderAnswer | None:
        return None if effect.kind not in MONEY else self.provider.looked_up(effect, self.shop.now)

    def _let_answer(self, asked: Asked, word: str) -> None:
        asked.word = asked.word or word
        if asked.kind == EXCHANGE_ORDER and asked.word != "no":
            self.a_new_order_is_told(asked)
            return
        answer = answer_of(asked, self.shop.now)
        self.fact(lambda work: work.effect_fact(asked.kind, asked.key, answer))
        if asked.kind == EXCHANGE_CANCEL and asked.word != "no":
            self.a_new_order_is_cancelled(asked.body["order_id"])
        elif asked.kind == CHARGE_EFFECT and asked.word != "no":
            self.note_what_was_paid()
            self.what_was_charged_is_told(asked)

    def _effect(self, sender: Sender) -> Effect:
        found = self.shop.memory.held[sender.effect]
        assert isinstance(found, Effect)
        return found

    def _move(self, effect: Effect, change: Callable[[Effect, Work], bool]) -> None:
        """As the role of effects does it: the change and its owner in one unit."""

        async def move(work: Work) -> None:
            known = await work.get(Effect, effect.id)
            before = (known.state, known.attempt)
            if change(known, work) and (known.state, known.attempt) != before:
                await tell_owner(work, known)

        self.fact(move)

    def _tell(self, payment: Payment) -> None:
        kind = PaymentKind.REFUND_FAILED if payment.bounced_at else PaymentKind.REFUNDED
        fact = PaymentFact(
            kind,
            payment.reference,
            payment.tender_id,
            payment.amount,
            payment.bounced_at or payment.at,
            request_id=payment.key,
            provider_refund_id=payment.reference,
            reason="account_closed" if payment.bounced_at else "",
        )
        self.fact(lambda work: self.shop.app.payment_told(work, "s1", payment.order_id, fact))
