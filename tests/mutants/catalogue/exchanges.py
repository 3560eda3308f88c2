"""Mutants of exchanges and store credit in "Money and goods"."""

from tests.mutants.mutant import Edit, Promise

CARRIED = Promise("an exchange carries over what was really paid, through any chain, and never more")
CONSENT = Promise("nobody is charged for goods sent first who did not agree to it")
CREDIT = Promise("store credit is issued once, and together with money within what was paid")
OTHERWISE = Promise(
    "what cannot go back the way it came is paid once, as its customer chose, and no bank account is in a log, "
    "a ledger or an intent"
)

CHAIN = "tests/unit/returns/test_exchange_chain.py::"

MUTANTS = (
    CARRIED.mutant(
        "what was carried over is entitled with the new order as well",
        Edit(
            "services/returns/domain/order/pricing.py",
            "price.paid - Money(part, order.currency)) for price, part in zip(kept, here, strict=True)]\n",
            "price.paid) for price, part in zip(kept, here, strict=True)]\n",
        ),
        tests=(CHAIN + "test_an_exchange_of_an_exchange_and_then_money_back",),
    ),
    CARRIED.mutant(
        "a difference is paid back whatever was paid before",
        Edit(
            "services/returns/application/exchange_settling.py",
            "        due = known.money.back - Money(sum(given), known.worth.currency)\n",
            "        due = known.money.worth - Money(sum(given), known.worth.currency)\n",
        ),
        tests=("tests/unit/returns/test_exchange.py::test_of_a_cheaper_one_the_difference_is_paid_back_once",),
    ),
    CARRIED.mutant(
        "a replacement is known by the name of its order alone",
        Edit("services/returns/domain/ledger/goods.py", "names = (order_id, *parcels)", "names = (order_id,)"),
        tests=(CHAIN + "test_a_replacement_is_known_by_its_parcel_too",),
        shows=("NothingLeft",),
    ),
    CONSENT.mutant(
        "the end of the time charges by itself",
        Edit(
            "services/returns/application/exchanging.py",
            "        elif known.consent is not None:\n",
            "        else:\n",
        ),
        tests=("tests/unit/returns/test_exchange_instant.py::test_unreturned_without_consent_is_a_persons_matter",),
        shows=("ConsentNeeded",),
    ),
    CREDIT.mutant(
        "credit does not count as money that went back",
        Edit(
            "services/returns/domain/ledger/tills.py",
            "        return self._money(ours + sum(transfer.amount.minor for transfer in others) + theirs)\n",
            "        return self._money(ours + theirs)\n",
        ),
        tests=("tests/unit/returns/test_store_credit.py::test_credit_and_money_together_stay_within_what_was_taken",),
    ),
    OTHERWISE.mutant(
        "chosen twice is paid twice",
        Edit(
            "services/returns/application/other_ways.py",
            "        paid = standing[0] if standing else await self._pay_instead(",
            "        paid = await self._pay_instead(",
        ),
        tests=(
            "tests/unit/returns/test_other_ways.py::"
            "test_a_refund_to_a_card_that_is_gone_asks_the_customer_and_is_paid_once_as_credit",
        ),
        shows=("NothingLeft",),
    ),
)
