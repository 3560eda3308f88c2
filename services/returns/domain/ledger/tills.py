"""What was taken through which tender and capture, and what can still go back through each.

Guarantee: pure readings. No tender is named for more than it has left, no capture for more than was taken by it, and
all of them together for no more than the order has left; what was only authorised is released, never refunded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chassis.domain import Money
from services.returns.domain.ledger.values import (
    OTHER_WAYS,
    OutsideFact,
    Route,
    TenderRank,
    Transfer,
    TransferState,
    Way,
)


@dataclass(frozen=True, slots=True)
class Tills:
    """A view of the ledger's own containers; it reads them and never writes."""

    currency: str
    captures: Mapping[str, tuple[str, Money]]
    authorisations: Mapping[str, tuple[str, Money]]
    tenders: tuple[TenderRank, ...]
    transfers: Mapping[str, Transfer]
    outside: Mapping[str, OutsideFact]

    def captured(self, tender_id: str = "") -> Money:
        """Money taken, by one tender or by all."""
        return self._money(sum(amount.minor for tender, amount in self.captures.values() if tender_id in ("", tender)))

    def moved(self, tender_id: str = "") -> Money:
        """Money that went back or may yet, by us or elsewhere, through one tender or all; other ways are of none."""
        theirs = sum(f.amount.minor for f in self.outside.values() if tender_id in ("", f.tender_id))
        ours = sum(transfer.amount.minor for transfer in self._counting(Way.REFUND, tender_id))
        others = () if tender_id else (t for way in OTHER_WAYS.values() for t in self._counting(way, ""))
        return self._money(ours + sum(transfer.amount.minor for transfer in others) + theirs)

    def released(self, tender_id: str = "") -> Money:
        """Money that will not be taken though it was authorised, unless the release is proven to have failed."""
        released = (t for t in self._counting(Way.RELEASE, tender_id) if t.state is not TransferState.FAILED)
        return self._money(sum(transfer.amount.minor for transfer in released))

    def untaken(self, tender_id: str = "") -> Money:
        """Money that was authorised and neither taken nor released."""
        authorised: dict[str, int] = {}
        for tender, amount in self.authorisations.values():
            authorised[tender] = authorised.get(tender, 0) + amount.minor
        return self._money(
            sum(
                max(minor - self.captured(tender).minor - self.released(tender).minor, 0)
                for tender, minor in authorised.items()
                if tender_id in ("", tender)
            )
        )

    def taken_or_open(self) -> int:
        """Minor units that were taken or authorised at all, whatever went back or was released since."""
        authorised: dict[str, int] = {tender: 0 for tender, _ in self.captures.values()}
        for tender, amount in self.authorisations.values():
            authorised[tender] = authorised.get(tender, 0) + amount.minor
        return sum(max(minor, self.captured(tender).minor) for tender, minor in authorised.items())

    @property
    def known(self) -> bool:
        """Whether anything was told of how the order was paid."""
        return bool(self.captures or self.authorisations)

    def free(self) -> tuple[tuple[str, Money], ...]:
        """What each tender can still give back, in the order they are paid back by, never more than the order has
        left. Tenders that nobody ranked come last, the one with most first."""
        rank = {tender.tender_id: n for n, tender in enumerate(self.tenders)}
        names = {tender for tender, _ in self.captures.values()}
        each = [(name, max(self.captured(name).minor - self.moved(name).minor, 0)) for name in sorted(names)]
        each.sort(key=lambda item: (rank.get(item[0], len(rank)), -item[1]))
        left = max(self.captured().minor - self.moved().minor, 0)
        capped = []
        for name, minor in each:
            capped.append((name, self._money(min(minor, left))))
            left -= min(minor, left)
        return tuple(capped)

    def available(self, tender_id: str = "") -> Money:
        """What can be refunded or released, through one tender or all."""
        if tender_id in OTHER_WAYS:
            return self._money(max(self.captured().minor - self.moved().minor, 0))
        refundable = sum(free.minor for name, free in self.free() if tender_id in ("", name))
        return self._money(refundable + self.untaken(tender_id).minor)

    def routes(self, amount: Money, tender_id: str = "", *, unsent: bool = False) -> tuple[Route, ...]:
        """How `amount` goes back: out of what was taken first, the rest by taking less; for goods that were never sent
        the other way round. It is available."""
        if tender_id in OTHER_WAYS:
            return (Route(tender_id, "", OTHER_WAYS[tender_id], amount),)
        rest, found = amount.minor, []
        refunds, releases = tuple(self._refunds(tender_id)), tuple(self._releases(tender_id))
        for route in (*releases, *refunds) if unsent else (*refunds, *releases):
            part = min(rest, route.amount.minor)
            if part:
                found.append(Route(route.tender_id, route.capture_id, route.way, self._money(part)))
                rest -= part
        return tuple(found)

    def _refunds(self, tender_id: str) -> Iterator[Route]:
        for name, free in self.free():
            left = free.minor
            for capture_id, minor in self._captures_left(name) if tender_id in ("", name) else ():
                yield Route(name, capture_id, Way.REFUND, self._money(min(minor, left)))
                left -= min(minor, left)

    def _releases(self, tender_id: str) -> Iterator[Route]:
        ranked = [tender.tender_id for tender in self.tenders]
        names = {tender for tender, _ in self.authorisations.values()}
        for name in sorted(names, key=lambda n: (ranked.index(n) if n in ranked else len(ranked), n)):
            if tender_id in ("", name):
                yield Route(name, "", Way.RELEASE, self.untaken(name))

    def _captures_left(self, tender_id: str) -> list[tuple[str, int]]:
        left = {id: amount.minor for id, (tender, amount) in sorted(self.captures.items()) if tender == tender_id}
        known = 0
        for transfer in self._counting(Way.REFUND, tender_id):
            if transfer.capture_id in left:
                left[transfer.capture_id] -= transfer.amount.minor
                known += transfer.amount.minor
        # What moved elsewhere does not say out of which capture: it is taken to be the last ones'.
        unknown = self.moved(tender_id).minor - known
        for capture_id in reversed(left):
            part = min(max(left[capture_id], 0), unknown)
            left[capture_id] -= part
            unknown -= part
        return [(capture_id, max(minor, 0)) for capture_id, minor in left.items()]

    def _counting(self, way: Way, tender_id: str) -> Iterator[Transfer]:
        return (t for t in self.transfers.values() if t.counts and t.way is way and tender_id in ("", t.tender_id))

    def _money(self, minor: int) -> Money:
        return Money(minor, self.currency)
