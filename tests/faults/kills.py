"""Which process dies at which step: drawn from the seed, the same again for the same seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.local.stack import Component, service

SINGLE_ROLES = ("consumer", "relay", "timers", "effects")
"""Beside the api, each a process of its own."""

SESSION = "6"
"""The shortest session that a broker allows by itself: what waits for one to end waits no longer than it must."""

_TOLD = {"AFTERCARE_CONSUMER_SESSION": SESSION}


def _component(name: str, role: str = "all", process: str | None = None) -> Component:
    level = {"AFTERCARE_LOG_LEVEL": "DEBUG"} if role == "consumer" else {}
    return service(name, role, process).told(**_TOLD, **level)


PROCESSES: Mapping[str, Component] = {
    component.name: component
    for component in (
        _component("returns"),
        _component("shipping_issues", "api"),
        *(_component("shipping_issues", role, f"shipping_issues.{role}") for role in SINGLE_ROLES),
        _component("notifications"),
    )
}
REPLICAS: Mapping[str, Component] = {
    component.name: component
    for component in (_component("shipping_issues", role, f"shipping_issues.{role}.2") for role in SINGLE_ROLES)
}
"""A second process of each role; it runs only while a fault wants it."""

CONSUMERS = ("shipping_issues.consumer", "shipping_issues.consumer.2")

COMMITS = ("before-commit", "after-commit")
STEPS: Mapping[str, tuple[str, ...]] = {
    "shipping_issues": COMMITS,
    "shipping_issues.consumer": (*COMMITS, "before-offset-commit"),
    "shipping_issues.relay": ("after-publish", "before-position"),
    "shipping_issues.timers": COMMITS,
    "shipping_issues.effects": COMMITS,
    "notifications": ("after-commit",),
    "returns": ("before-commit",),
}
"""Where each process is killed: every step that a single role has, and one of those that have all roles in them."""


@dataclass(frozen=True, slots=True)
class Kill:
    """`process` kills itself the n-th time it passes `point`."""

    process: str
    point: str
    on_pass: int

    @property
    def plan(self) -> str:
        """As a process is armed with it."""
        return f"{self.point}=kill@{self.on_pass}"

    def __str__(self) -> str:
        return f"{self.process} at {self.point}, pass {self.on_pass}"


def planned(seed: str, number: int) -> Mapping[str, Sequence[Kill]]:
    """The kills of a round, process by process."""
    rng = random.Random(f"{seed}/kills/{number}")
    return {process: [Kill(process, step, rng.randint(1, 3)) for step in steps] for process, steps in STEPS.items()}


def in_mid_batch(seed: str, number: int, times: int) -> Sequence[Kill]:
    """Kills of the two consumers, in turn: the first before its batch is committed, the others where the seed says."""
    rng = random.Random(f"{seed}/mid-batch/{number}")
    first = Kill(rng.choice(CONSUMERS), "before-commit", 1)
    others = [Kill(rng.choice(CONSUMERS), rng.choice(COMMITS), rng.randint(1, 2)) for _ in range(times - 1)]
    return [first, *others]
