"""EasyPost's API over real HTTP: what each answer means, and that no parcel is bought two labels for."""
# long: every answer of one API, read beside each other

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from chassis.domain import Aggregate, Money
from chassis.effects.circuit import trouble_of
from chassis.effects.effect import Effect
from chassis.effects.states import Step
from chassis.effects.terms import Terms
from chassis.service import Attempt, Failed, NotDone, Submitted, Succeeded, Unknown
from chassis.settings import BadSettings
from infra.easypost_wire import EasyPostServer, Mishap
from services.returns.domain.case import ReturnCase
from services.returns.domain.labels import PostalAddress
from services.returns.providers.easypost import easypost, terms_of
from services.returns.providers.easypost.accounts import Account, load_accounts
from services.returns.providers.easypost.client import EasyPost
from services.returns.providers.easypost.labels import Codes, Offers, Purchases, TakeBacks
from services.returns.providers.easypost.pickups import PickupCancellations, PickupOffers, PickupPurchases
from tests.unit.returns.labelling import HOME, with_return

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = "0190a8f0-0000-7000-8000-000000000001"
WAREHOUSE = PostalAddress("Returns", ("Dock 3",), "Redondo Beach", "90277", "CA", "US")


@dataclass
class Adapters:
    """All that is asked of one account."""

    pickups: PickupOffers
    bookings: PickupPurchases
    cancellations: PickupCancellations
    offers: Offers
    purchases: Purchases
    codes: Codes
    take_backs: TakeBacks
    case: ReturnCase

    def attempt(self, **body: Any) -> Attempt:
        intent = {"shop_id": "s1", "case_id": str(self.case.id)} | body
        return Attempt("easypost", KEY, UUID(int=1), intent, 1, "effect-1", NOW, NOW)

    async def offered(self) -> Attempt:
        """A parcel that is written down, as its purchase names it."""
        offer = await self.offers.perform(self.attempt())
        assert isinstance(offer, Succeeded)
        return self.attempt(reference=offer.reference, offer=offer.facts["offer"])

    async def bought(self) -> Attempt:
        """A parcel with a label."""
        named = await self.offered()
        assert isinstance(await self.purchases.perform(named), Succeeded)
        return named


@pytest_asyncio.fixture
async def server() -> AsyncIterator[EasyPostServer]:
    async with EasyPostServer() as running:
        yield running


@pytest_asyncio.fixture
async def known(server: EasyPostServer) -> AsyncIterator[Adapters]:
    world, case = await with_return("easypost")

    async def load(id: UUID) -> Aggregate | None:
        return world.memory.held.get(id)

    account = Account(server.key, WAREHOUSE, 15.4, Money(1000, "USD"), frozenset({"USPS"}))
    api = EasyPost({"s1": account}, server.url, timeout=timedelta(seconds=1))
    pickups = PickupOffers(api, load), PickupPurchases(api), PickupCancellations(api)
    yield Adapters(*pickups, Offers(api, load), Purchases(api), Codes(api), TakeBacks(api, timedelta(days=15)), case)
    await api.close()


def meets(server: EasyPostServer, deed: str, *mishaps: Mishap) -> None:
    """The first request for a deed meets the first mishap, the next the second; then all goes well."""
    server.plan = lambda what, _, nth: mishaps[nth - 1] if what == deed and nth <= len(mishaps) else Mishap.NONE


async def test_a_parcel_is_written_down_as_a_return_and_the_cheapest_label_in_terms_is_chosen(
    server: EasyPostServer, known: Adapters
) -> None:
    """By our own name, with both addresses as on the way out; nothing is bought by it."""
    answer = await known.offers.perform(known.attempt())
    assert answer == Succeeded("shp_00000001", {"offer": "rate_000000012", "minor": "607", "currency": "USD"})
    (parcel,) = server.books.parcels.values()
    assert (parcel.asked["is_return"], parcel.asked["reference"], parcel.is_bought) == (True, KEY, False)
    assert parcel.asked["to_address"] == {
        "name": "Grete Weber", "street1": "Lindenweg 4", "street2": "2nd floor",
        "city": "Bonn", "state": "", "zip": "53111", "country": "DE",
    }  # fmt: skip
    assert parcel.asked["from_address"]["street1"] == "Dock 3"
    assert await known.offers.look_up(known.attempt()) == answer


BUY = [
    (Mishap.LIMITED, NotDone("RATE_LIMITED"), 0),
    (Mishap.UNPAID, NotDone("PAYMENT_REQUIRED"), 0),
    (Mishap.BUSY, Unknown("SHIPMENT.PURCHASE.IN_PROGRESS"), 0),
    (Mishap.BROKEN, Unknown("INTERNAL_SERVER_ERROR"), 0),
    (Mishap.UNAVAILABLE, Unknown("SERVICE_UNAVAILABLE"), 0),
    (Mishap.HUNG_UP, Unknown("RemoteProtocolError"), 0),
    (Mishap.BROKEN_AFTER, Unknown("INTERNAL_SERVER_ERROR"), 1),
    (Mishap.SILENT_AFTER, Unknown("ReadTimeout"), 1),
    (Mishap.CUT_AFTER, Unknown("RemoteProtocolError"), 1),
]


@pytest.mark.parametrize(("mishap", "answer", "done"), BUY, ids=[mishap.name for mishap, *_ in BUY])
async def test_what_an_answer_to_a_purchase_means(
    server: EasyPostServer, known: Adapters, mishap: Mishap, answer: object, done: int
) -> None:
    """Proven, proven not, or unknown; never guessed. What was bought is found by the parcel, and asked for again it is
    the same label."""
    named = await known.offered()
    meets(server, "buy", mishap)
    assert await known.purchases.perform(named) == answer
    assert len(server.books.bought()) == done
    found = await known.purchases.look_up(named)
    assert found == (NotDone("ABSENT") if not done else _label())
    assert await known.purchases.perform(named) == _label()
    assert len(server.books.bought()) == 1


def _label() -> Succeeded:
    facts = {
        "carrier": "usps",
        "tracking_number": "940000000001",
        "label_url": "https://labels.example/shp_00000001.png",
    }
    return Succeeded("shp_00000001", facts)


async def test_an_offer_that_was_lost_is_made_again_and_only_one_is_bought(
    server: EasyPostServer, known: Adapters
) -> None:
    """Two parcels of the same name stand there; the one we remember gets the label."""
    meets(server, "offer", Mishap.SILENT_AFTER)
    assert await known.offers.perform(known.attempt()) == Unknown("ReadTimeout")
    assert isinstance(await known.offers.look_up(known.attempt()), Succeeded)
    named = await known.bought()
    assert len(server.books.parcels) == 2
    assert [parcel.id for parcel in server.books.bought()] == [named.body["reference"]]


async def test_what_is_wrong_with_one_account_holds_up_no_other_shops_labels(
    server: EasyPostServer, known: Adapters
) -> None:
    """No account, a key that was taken back, no money left: not EasyPost's trouble, so no circuit opens; being asked to
    slow down is."""
    named = await known.offered()
    nobodys = await known.purchases.perform(replace(named, body={**named.body, "shop_id": "s9"}))
    other = EasyPost(
        {"s1": Account("another", WAREHOUSE, 15.4, Money(1000, "USD"))}, server.url, timeout=timedelta(seconds=1)
    )
    refused = await Purchases(other).perform(named)
    await other.close()
    answers = [nobodys, refused]
    meets(server, "buy", Mishap.UNPAID, Mishap.LIMITED)
    answers += [await known.purchases.perform(named) for _ in range(2)]
    assert [(answer, trouble_of(answer)) for answer in answers] == [
        (NotDone("NO_ACCOUNT"), ""),
        (NotDone("NOT_ALLOWED"), ""),
        (NotDone("PAYMENT_REQUIRED"), ""),
        (NotDone("RATE_LIMITED"), "RATE_LIMITED"),
    ]


async def test_trouble_with_us_is_no_proof_and_refusals_are(server: EasyPostServer, known: Adapters) -> None:
    """No account, a key that is not ours, a closed port: later. An unknown rate or parcel, no rate within terms, a
    forgotten address: never."""
    named = await known.offered()
    assert await known.purchases.perform(replace(named, body={**named.body, "shop_id": "s9"})) == NotDone("NO_ACCOUNT")
    assert await known.purchases.perform(replace(named, body={**named.body, "offer": "x"})) == Failed("NOT_FOUND")
    assert await known.purchases.look_up(replace(named, body={**named.body, "reference": "shp_9"})) == NotDone("ABSENT")
    account = Account("another", WAREHOUSE, 15.4, Money(1000, "USD"))
    other = EasyPost({"s1": account}, server.url, timeout=timedelta(seconds=1))
    assert await Purchases(other).perform(named) == NotDone("NOT_ALLOWED")
    await other.close()
    closed = EasyPost({"s1": account}, "http://127.0.0.1:1", timeout=timedelta(seconds=1))
    assert await Purchases(closed).perform(named) == NotDone("ConnectError")
    await closed.close()

    async def nobody(_: UUID) -> Aggregate | None:
        return None

    api = EasyPost(
        {"s1": replace(account, key=server.key, most=Money(100, "USD"))}, server.url, timeout=timedelta(seconds=1)
    )
    assert await Offers(api, nobody).perform(known.attempt()) == Failed("address_forgotten")
    dear = Offers(api, known.offers._load)
    assert await dear.perform(known.attempt()) == Failed("no_label_within_terms")
    await api.close()


async def test_a_code_is_made_of_what_was_bought(server: EasyPostServer, known: Adapters) -> None:
    """Found again after a lost answer; refused where the carrier makes none."""
    named = await known.bought()
    meets(server, "code", Mishap.BROKEN_AFTER)
    assert await known.codes.perform(named) == Unknown("INTERNAL_SERVER_ERROR")
    code = Succeeded("form_00000001", {"qr_code_url": "https://labels.example/shp_00000001.qr.png"})
    assert await known.codes.look_up(named) == code == await known.codes.perform(named)
    server.books.makes_codes = False
    assert await known.codes.perform(named) == code, "it was made before"
    assert await known.codes.perform(await known.bought()) == Failed("FORM.UNSUPPORTED")


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ("refunded", Succeeded("shp_00000001", {"refund_status": "refunded"})),
        ("not_applicable", Succeeded("shp_00000001", {"refund_status": "not_applicable"})),
        ("submitted", Submitted(NOW + timedelta(days=15), "shp_00000001")),
        ("rejected", Failed("rejected")),
    ],
)
async def test_a_label_is_given_back_once_and_the_carriers_word_counts(
    server: EasyPostServer, known: Adapters, says: str, answer: object
) -> None:
    """Also where the first answer is lost: it is looked for, and asked again it is the same refund."""
    named = await known.bought()
    server.books.carrier = says
    meets(server, "refund", Mishap.SILENT_AFTER)
    assert await known.take_backs.perform(named) == Unknown("ReadTimeout")
    assert await known.take_backs.look_up(named) == answer
    if says != "rejected":
        assert await known.take_backs.perform(named) == answer
        assert server.books.bought()[0].refunds == 1
    server.books.bought()[0].refund_status = ""
    assert await known.take_backs.look_up(named) == NotDone("ABSENT")


def test_accounts_are_whole_or_named(tmp_path: Any) -> None:
    """What is missing is named, no key is shown, and without a file there are none."""
    assert load_accounts(None) == {}
    file = tmp_path / "accounts.json"
    file.write_text('{"s1": {"key": "EZTK1", "weight_ounces": 16}}')
    with pytest.raises(BadSettings) as refused:
        load_accounts(file)
    assert "has no warehouse" in str(refused.value) and "EZTK1" not in str(refused.value)
    file.write_text(
        '{"s1": {"key": "EZTK1", "weight_ounces": 16, "most": {"minor": 900, "currency": "USD"},'
        ' "warehouse": {"recipient": "R", "lines": ["Dock"], "city": "X", "country": "US"}, "carriers": ["USPS"]}}'
    )
    account = load_accounts(file)["s1"]
    assert (account.most, sorted(account.carriers), "EZTK1" in repr(account)) == (Money(900, "USD"), ["USPS"], False)
    assert HOME.from_text(HOME.as_text()) == HOME


@pytest.mark.parametrize(("mishap", "ends"), [(Mishap.SILENT_AFTER, "succeeded"), (Mishap.BUSY, "held")])
async def test_a_purchase_in_doubt_is_looked_for_and_else_held(
    server: EasyPostServer, known: Adapters, mishap: Mishap, ends: str
) -> None:
    """By the effect's own states: found it is proven; not found no second purchase is made, a person decides."""
    named = await known.offered()
    meets(server, "buy", mishap)
    terms = Terms(known.purchases.idempotency)
    effect = Effect.plan("returns", "easypost_label", KEY, subject=UUID(int=1), body={}, at=NOW)
    real_ms = 0
    for _ in range(20):
        real_ms += 3_600_000
        step = effect.next_step(terms, at=NOW, real_ms=real_ms)
        if step is Step.ATTEMPT:
            effect.begin(terms, at=NOW, real_ms=real_ms)
            answer = await known.purchases.perform(named)
            effect.answered(effect.attempt, answer, terms, at=NOW, real_ms=real_ms)
        elif step is Step.ASK:
            effect.ask(terms, at=NOW, real_ms=real_ms)
            effect.looked_up(effect.attempt, await known.purchases.look_up(named), at=NOW, real_ms=real_ms)
        elif step is Step.HOLD:
            effect.hold(terms, at=NOW, real_ms=real_ms)
    assert (effect.state.value, effect.attempt) == (ends, 1)
    assert sum(n for (what, _), n in server.asked.items() if what == "buy") == 1


async def test_a_pickup_is_written_down_booked_and_cancelled_once(server: EasyPostServer, known: Adapters) -> None:
    """The cheapest within terms; a lost answer is looked for by its id, and asked again nothing is booked twice."""
    parcel = (await known.bought()).body["reference"]
    window = {"ready_from": "2026-03-03T09:00:00+00:00", "ready_until": "2026-03-03T13:00:00+00:00"}
    asked = known.attempt(parcel=parcel, **window)
    offer = await known.pickups.perform(asked)
    facts = {"carrier": "USPS", "service": "NextDay", "minor": "0", "currency": "USD"}
    assert offer == Succeeded("pickup_00000001", facts) == await known.pickups.look_up(asked)
    (made,) = server.books.collections.values()
    assert (made.asked["min_datetime"], made.asked["address"]["name"]) == (window["ready_from"], "Grete Weber")
    named = known.attempt(reference="pickup_00000001", **facts)
    assert await known.bookings.look_up(named) == NotDone("ABSENT")
    meets(server, "book", Mishap.SILENT_AFTER)
    assert await known.bookings.perform(named) == Unknown("ReadTimeout")
    booked = Succeeded("pickup_00000001", {"confirmation": "WTC00000001"})
    assert await known.bookings.look_up(named) == booked == await known.bookings.perform(named)
    assert (made.bought, PickupPurchases.idempotency) == (1, None)
    meets(server, "unbook", Mishap.BROKEN_AFTER)
    assert await known.cancellations.perform(named) == Unknown("INTERNAL_SERVER_ERROR")
    off = Succeeded("pickup_00000001")
    assert await known.cancellations.look_up(named) == off == await known.cancellations.perform(named)
    assert await known.bookings.perform(named) == Failed("PICKUP.BUY.INVALID")


async def test_each_kind_is_tried_under_its_own_terms(known: Adapters) -> None:
    """The customer waits for a code no longer than a few tries; what may cost twice is never tried again in doubt."""
    api = known.purchases._api
    providers = easypost(api, known.offers._load, refund_answer=timedelta(days=15))
    terms = terms_of(providers, timedelta(seconds=30))
    assert {kind: t.attempts for kind, t in terms.items() if t.attempts != 16} == {"easypost_code": 4}
    assert {kind for kind, t in terms.items() if t.idempotency is None} == {"easypost_label", "easypost_pickup"}
