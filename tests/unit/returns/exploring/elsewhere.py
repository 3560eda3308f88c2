"""What other services ask of the ledger, and what moves without us: refunds made elsewhere, and the bank."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.returns.domain.ledger import Ask, Book, Ledger, UnitsAsked
from services.returns.domain.order import PaymentFact, PaymentKind
from tests.unit.returns.build import eur
from tests.unit.returns.exploring.walking import AMOUNTS, FIRST, KEYS, PICK, SOME_UNITS, Walking

REQUESTERS = st.sampled_from(["shipping_issues", "quality_complaints"])


class Elsewhere(Walking):
    """Rules of everybody else."""

    def __init__(self) -> None:
        super().__init__()
        self.beside = 0

    @rule(requester=REQUESTERS, key=KEYS, subjects=SOME_UNITS, amount=st.one_of(st.none(), AMOUNTS))
    def money_is_asked_for_elsewhere(self, requester: str, key: str, subjects: list[str], amount: int | None) -> None:
        ask = Ask(
            requester,
            key,
            f"case-{key}",
            Book.RESTITUTION,
            "lost",
            "ann",
            subjects=tuple(subjects or ["ship"]),
            amount=None if amount is None else eur(amount),
        )
        self.fact(lambda work: self.shop.app.compensation_requested(work, "s1", FIRST, ask))

    @rule(key=KEYS, line_id=st.sampled_from(["l1", "l2"]), quantity=st.integers(1, 2))
    def goods_are_asked_for_elsewhere(self, key: str, line_id: str, quantity: int) -> None:
        ask = Ask(
            "shipping_issues",
            f"g{key}",
            f"case-{key}",
            Book.IN_KIND,
            "lost",
            "ann",
            units=(UnitsAsked(line_id, quantity),),
        )
        self.fact(lambda work: self.shop.app.compensation_requested(work, "s1", FIRST, ask))

    @rule(requester=REQUESTERS, key=KEYS, goods=st.booleans())
    def it_is_given_up(self, requester: str, key: str, goods: bool) -> None:
        who, name = ("shipping_issues", f"g{key}") if goods else (requester, key)
        self.fact(lambda work: self.shop.app.compensation_released(work, "s1", FIRST, who, name, "not needed"))

    @precondition(lambda self: any(ledger.knows_order for ledger in self.shop.all(Ledger)))
    @rule(key=KEYS, named=st.booleans())
    def a_replacement_goes_out(self, key: str, named: bool) -> None:
        units, name = (f"n-{key}#1",) if named else (), f"g{key}"
        self.fact(
            lambda work: self.shop.app.compensation_settled(
                work, "s1", FIRST, "shipping_issues", name, f"o-{key}", units
            )
        )

    @rule(pick=PICK, minor=AMOUNTS, tender=st.sampled_from(["card", "voucher"]), bounces=st.booleans())
    def money_moves_elsewhere(self, pick: int, minor: int, tender: str, bounces: bool) -> None:
        self.beside += 1
        kind = PaymentKind.REFUND_FAILED if bounces and self.beside > 1 else PaymentKind.REFUNDED
        reference = f"dash-{self.beside - 1 if kind is PaymentKind.REFUND_FAILED else self.beside}"
        fact = PaymentFact(
            kind, reference, tender, eur(minor), self.shop.now, provider_refund_id=reference, outside=True
        )
        order_id = self.an_order(pick)
        self.fact(lambda work: self.shop.app.payment_told(work, "s1", order_id, fact))

    @rule(
        pick=PICK,
        kind=st.sampled_from(["opened", "opened", "won", "lost"]),
        name=st.sampled_from(["d1", "d2"]),
        minor=AMOUNTS,
    )
    def the_bank_is_asked(self, pick: int, kind: str, name: str, minor: int) -> None:
        fact = PaymentFact(PaymentKind(f"dispute_{kind}"), name, "card", eur(minor), self.shop.now)
        order_id = self.an_order(pick)
        self.fact(lambda work: self.shop.app.payment_told(work, "s1", order_id, fact))
