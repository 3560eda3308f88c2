"""What the shop tells: orders, money that was taken, parcels to the customer and back, and receipts."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from services.returns.domain.case import ArrivedLine
from services.returns.domain.order import Delivery, Order, OrderSnapshot, PaymentFact, PaymentKind, ShipmentFact, Tender
from services.returns.domain.receipt import ReceiptFact
from tests.unit.returns.build import DAY, eur, line, shipping, snapshot
from tests.unit.returns.exploring.keeper import Asked
from tests.unit.returns.exploring.walking import FIRST, PICK, PRICES, RECEIPTS, TOTAL, Decide, Walking, of


class Orders(Walking):
    """Rules of the shop's own facts."""

    @rule(what=st.sampled_from(["as it was", "as it was", "less", "more", "cancelled"]))
    def an_order_is_told(self, what: str) -> None:
        tenders = (Tender("card", "card", "stripe" if self.direct else ""), Tender("voucher", "gift_card"))
        told = snapshot(
            line(
                "l1",
                2,
                PRICES["l1"],
                cancelled_quantity=int(what == "less"),
                gift=bool(self.gift_proof),
                gift_proof=self.gift_proof,
            ),
            line("l2", 1, PRICES["l2"] + 500 * (what == "more"), category="shoes/boots"),
            version=self.next_version(FIRST),
            country=self.country,
            components=(shipping(),),
            tenders=tenders,
            cancelled_at=self.shop.now if what == "cancelled" else None,
        )
        self.told_order(FIRST, told)

    @rule(tender=st.sampled_from(["card", "voucher"]), how=st.sampled_from(["all", "authorised", "half"]))
    def money_is_taken(self, tender: str, how: str) -> None:
        share = TOTAL - 5000 if tender == "card" else 5000
        kind = PaymentKind.AUTHORISED if how == "authorised" else PaymentKind.CAPTURED
        minor = share // 2 if how == "half" else share
        if kind is PaymentKind.CAPTURED and self.taken(FIRST) + minor > TOTAL:
            return
        fact = PaymentFact(kind, f"{tender}-{how}", tender, eur(minor), self.shop.now)
        self.fact(lambda work: self.shop.app.payment_told(work, "s1", FIRST, fact))

    @rule(parcel=st.sampled_from(["p1", "p2"]), days_ago=st.integers(0, 20))
    def goods_reach_the_customer(self, parcel: str, days_ago: int) -> None:
        contents = () if parcel == "p1" else (("l1", 1),)
        shipment = ShipmentFact(parcel, self.shop.now - (days_ago + 2) * DAY, True, contents)
        delivery = Delivery(parcel, "d1", self.shop.now - days_ago * DAY)
        self.fact(lambda work: self.shop.app.shipment_told(work, "s1", FIRST, shipment))
        self.fact(lambda work: self.shop.app.delivery_told(work, "s1", FIRST, delivery))

    @rule(parcel=st.sampled_from(["p1", "p2"]), contents=st.sampled_from([(), (("l1", 1),), (("l2", 1),)]))
    def a_parcel_leaves(self, parcel: str, contents: tuple[tuple[str, int], ...]) -> None:
        """A carrier has it; it may never arrive."""
        shipment = ShipmentFact(parcel, self.shop.now, True, contents)
        self.fact(lambda work: self.shop.app.shipment_told(work, "s1", FIRST, shipment))
        self.fact(lambda work: self.shop.app.handed_over(work, "s1", FIRST, parcel, self.shop.now))

    @rule(parcel=st.sampled_from(["p1", "p2"]))
    def a_delivery_is_revoked(self, parcel: str) -> None:
        delivery = Delivery(parcel, "d1", None, revoked=True)
        self.fact(lambda work: self.shop.app.delivery_told(work, "s1", FIRST, delivery))

    @precondition(lambda self: self.shop.goods_cases)
    @rule(pick=PICK, line_id=st.sampled_from(["", "l1", "l2"]), scanned_first=st.booleans())
    def goods_are_posted_back(self, pick: int, line_id: str, scanned_first: bool) -> None:
        case = of(self.shop.goods_cases, pick)
        parcel = f"back-{pick}"
        contents = ((line_id, 1),) if line_id else ()
        told = ShipmentFact(parcel, self.shop.now, False, contents, str(case.id))
        tell: list[Decide] = [
            lambda work: self.shop.app.shipment_told(work, "s1", case.order_id, told),
            lambda work: self.shop.app.handed_over(work, "s1", case.order_id, parcel, self.shop.now),
        ]
        for fact in reversed(tell) if scanned_first else tell:
            self.fact(fact)

    @rule(
        number=RECEIPTS,
        pick=PICK,
        told_by=st.sampled_from(["rma", "rma", "rma", "order", "nothing", "nonsense"]),
        correction=st.integers(0, 2),
        lines=st.lists(
            st.tuples(st.sampled_from(["sku-l1", "sku-l1", "sku-l2", "sku-x"]), st.integers(1, 3)),
            min_size=1,
            max_size=2,
        ),
    )
    def the_warehouse_receives(
        self, number: str, pick: int, told_by: str, correction: int, lines: list[tuple[str, int]]
    ) -> None:
        known = self.shop.goods_cases
        rma = {"rma": str(of(known, pick).id) if known else "", "nonsense": "RMA-7"}.get(told_by, "")
        arrived = tuple(ArrivedLine(str(n), sku, quantity) for n, (sku, quantity) in enumerate(lines))
        fact = ReceiptFact(correction, rma, FIRST if told_by == "order" else "", arrived, self.shop.now)
        self.fact(lambda work: self.shop.app.receipt_told(work, "s1", number, fact, by="warehouse"))

    @rule(number=RECEIPTS)
    def a_receipt_is_voided(self, number: str) -> None:
        self.fact(lambda work: self.shop.app.receipt_voided(work, "s1", number, "typed twice"))

    # the orders that the shop makes of exchanges

    @precondition(lambda self: len(self.keeper.made) > 0)
    @rule(pick=PICK, what=st.sampled_from(["told again", "paid", "arrives", "arrives", "cancelled"]))
    def a_new_order_goes_on(self, pick: int, what: str) -> None:
        order_id = of(self.keeper.made, pick)
        if what == "told again":
            self.a_new_order_is_told(self._asked(order_id))
        elif what == "paid":
            self.what_is_on_top_is_taken(order_id)
        elif what == "arrives":
            self.a_new_order_arrives(order_id)
        elif self._order(order_id) is not None:
            self.a_new_order_is_cancelled(order_id)

    def a_new_order_is_told(self, asked: Asked) -> None:
        """As it was asked for; or dearer, with all of the difference to be paid."""
        body, order_id = asked.body, self.keeper.order_of(asked)
        known = self._order(order_id)
        if known is not None and known.cancelled_at is not None:
            return
        price = body["carried"] + body["on_top"] + 500 * (asked.word == "otherwise")
        self.told_order(
            order_id,
            snapshot(
                line("l1", 1, price, sku=body["sku"]),
                version=self.next_version(order_id),
                placed_at=known.placed_at if known else self.shop.now,
                country=self.country,
                tenders=(Tender("card", "card", "stripe" if self.direct else ""),),
                exchange_of=body["order_id"],
                exchange_value=eur(body["carried"]),
                fulfilment_request_id=asked.key,
            ),
        )

    def a_new_order_is_cancelled(self, order_id: str) -> None:
        """The shop does not send it."""
        known = self._order(order_id)
        if known is not None and known.cancelled_at is None:
            values: dict[str, Any] = {name: getattr(known, name) for name in _KEPT}
            version = self.next_version(order_id)
            self.told_order(order_id, snapshot(*known.lines, version=version, cancelled_at=self.shop.now, **values))

    def what_is_on_top_is_taken(self, order_id: str) -> None:
        """What the customer pays beside what is carried over."""
        known = self._order(order_id)
        if known is not None and known.exchange_value is not None:
            minor = sum(one.unit_price.minor for one in known.lines) - known.exchange_value.minor
            if minor:
                fact = PaymentFact(PaymentKind.CAPTURED, f"cap-{order_id}", "card", eur(minor), self.shop.now)
                self.fact(lambda work: self.shop.app.payment_told(work, "s1", order_id, fact))

    def what_was_charged_is_told(self, asked: Asked) -> None:
        """The money for a unit that was not given back was taken."""
        order_id, amount = asked.body["order_id"], eur(asked.body["minor"])
        fact = PaymentFact(PaymentKind.CAPTURED, f"charge-{asked.key[-6:]}", "card", amount, self.shop.now)
        self.fact(lambda work: self.shop.app.payment_told(work, "s1", order_id, fact))

    def a_new_order_arrives(self, order_id: str) -> None:
        """The customer has it."""
        parcel, now = f"out-{order_id}", self.shop.now
        shipment, delivery = ShipmentFact(parcel, now - DAY, True), Delivery(parcel, "d1", now - timedelta(hours=1))
        self.fact(lambda work: self.shop.app.shipment_told(work, "s1", order_id, shipment))
        self.fact(lambda work: self.shop.app.delivery_told(work, "s1", order_id, delivery))

    def _order(self, order_id: str) -> OrderSnapshot | None:
        return next((o.snapshot for o in self.shop.all(Order) if o.order_id == order_id), None)

    def _asked(self, order_id: str) -> Asked:
        return next(asked for asked in self.keeper.asked.values() if asked.order_id == order_id)


_KEPT = (
    "placed_at country tenders exchange_of exchange_value fulfilment_request_id".split()  # what another version repeats
)
