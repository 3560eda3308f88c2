"""The band on what goes back within an hour: beyond it nobody is asked, and a person is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from chassis.domain import Money
from chassis.service import Attempt, NotDone, ProviderAnswer, Succeeded
from services.returns.domain.money_terms import Band
from services.returns.money_terms import load_money_terms
from services.returns.providers.guard import Guarded
from tests.unit.returns.build import T0, eur


class Provider:
    """Counts what it is asked for."""

    idempotency: timedelta | None = timedelta(hours=23)

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        self.asked.append(attempt.key)
        return Succeeded("re")

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        return Succeeded("re")


class Watched(Guarded):
    """The guard with what went out said by the test, as (instant, amount)."""

    def __init__(self, band: Band) -> None:
        self.inner, self.paused, self.out = Provider(), list[tuple[str, str]](), list[tuple[datetime, Money]]()
        super().__init__(self.inner, band, cast(Any, None), self._pausing)

    async def _pausing(self, kind: str, why: str) -> None:
        self.paused.append((kind, why))

    async def _went_out(self, shop_id: str, since: datetime) -> tuple[int, Mapping[str, Money]]:
        amounts = [amount for at, amount in self.out if at > since]
        return len(amounts), {"EUR": eur(sum(amount.minor for amount in amounts))}

    async def pay(self, at: datetime, minor: int) -> ProviderAnswer:
        """One refund begins; the attempt is stored before the provider is asked, so it counts itself."""
        self.out.append((at, eur(minor)))
        key = f"k{len(self.out)}"
        return await self.perform(Attempt("refund", key, UUID(int=1), {"shop_id": "s1"}, 1, key, at, at))


async def test_beyond_the_count_nobody_is_asked_and_the_kind_is_paused() -> None:
    """Three an hour: the fourth does nothing, and the pause names shop, figure and bound."""
    guard = Watched(Band(count=3))
    answers = [await guard.pay(T0 + timedelta(minutes=n), 100) for n in range(4)]
    assert answers == [Succeeded("re")] * 3 + [NotDone("OUT_OF_BAND")]
    assert guard.inner.asked == ["k1", "k2", "k3"]
    assert guard.paused == [("refund", "shop s1: 4 refunds within an hour, 3 are allowed")]


async def test_beyond_the_sum_nobody_is_asked() -> None:
    """10.00 an hour: 6.00 and 4.00 go, one cent more does not."""
    guard = Watched(Band(sums=(eur(1000),)))
    assert [type(await guard.pay(T0, minor)) for minor in (600, 400, 1)] == [Succeeded, Succeeded, NotDone]
    assert "10.01" in guard.paused[0][1]


async def test_after_somebody_has_looked_it_counts_anew_and_after_an_hour_it_forgets() -> None:
    """Lifted, three more may go; an hour later the window is empty by itself. A look-up is never held back."""
    guard = Watched(Band(count=3))
    for _ in range(4):
        await guard.pay(T0, 100)
    later = [await guard.pay(T0 + timedelta(minutes=n), 100) for n in (1, 2, 3, 4)]
    assert later == [Succeeded("re")] * 3 + [NotDone("OUT_OF_BAND")]
    assert await guard.pay(T0 + timedelta(hours=2), 100) == Succeeded("re")
    attempt = Attempt("refund", "k", UUID(int=1), {"shop_id": "s1"}, 1, "k", T0, T0)
    assert await guard.look_up(attempt) == Succeeded("re")


def test_the_band_is_data() -> None:
    """Count and sum of a file; without any there is no bound."""
    terms = load_money_terms("per_hour: {count: 200, sum: [10000.00 EUR]}")
    assert (terms.band, load_money_terms("{}").band.bounds) == (Band(200, (eur(1_000_000),)), False)
