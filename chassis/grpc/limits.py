"""No caller takes the server away from the others: a bucket of calls for each principal, refilled evenly.

A bucket holds one second's worth of calls. Whoever cannot say who they are share one bucket by the address they call
from. What is remembered is bounded: the bucket that was longest unused goes first, and such a bucket is full anyway.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

from chassis.grpc.access import Principal
from chassis.grpc.tokens import TokenVerifier, Unauthenticated

MACHINES = frozenset({"service", "operator"})
"""Roles of programs and of people who repair: they may ask more often."""

MACHINE_FACTOR = 100
_REMEMBERED = 10_000


class RateLimited(Exception):
    """This caller asked too often; `seconds` from now there is room again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many calls: there is room again in {seconds:.2f} s")
        self.seconds = seconds


class Limits:
    """One per server. `rate` is calls a second for one principal; 0 limits nobody."""

    def __init__(self, rate: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._now = rate, now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, tokens: TokenVerifier, authorization: str | None, peer: Callable[[], str]) -> Principal:
        """Who calls, with one call taken from their bucket; `Unauthenticated` or `RateLimited`."""
        try:
            principal = tokens.principal_of(authorization)
        except Unauthenticated:
            if self._rate:
                self._take(f"p{peer().rpartition(':')[0]}", self._rate)
            raise
        if self._rate:
            machine = not MACHINES.isdisjoint(principal.roles)
            self._take(f"s{principal.subject}", self._rate * MACHINE_FACTOR if machine else self._rate)
        return principal

    def _take(self, name: str, rate: float) -> None:
        now, buckets = self._now(), self._buckets
        left, at = buckets.pop(name, (max(rate, 1.0), now))
        left = min(max(rate, 1.0), left + (now - at) * rate)
        if left < 1.0:
            buckets[name] = (left, now)
            raise RateLimited((1.0 - left) / rate)
        buckets[name] = (left - 1.0, now)
        if len(buckets) > _REMEMBERED:
            buckets.popitem(last=False)
