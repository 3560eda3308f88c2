"""The processes of `make up`, in the order they are started in: this list is all there is to know about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from infra.local.databases import SERVICES
from infra.local.environment import Environment, inherited


@dataclass(frozen=True, slots=True)
class Component:
    """One process. `ports` are the names its ports are remembered by; it is ready when `ready_path` answers 200.

    Without a path it is ready when its first port takes a connection, and without ports as soon as it runs.
    """

    name: str
    arguments: Callable[[Environment], tuple[str, ...]]
    environment: Callable[[Environment], Mapping[str, str]]
    ports: tuple[str, ...] = ()
    ready_path: str | None = None
    migrates: str | None = None

    def told(self, **variables: str) -> Component:
        """The same process with these variables in its environment as well."""
        return replace(self, environment=lambda environment: {**self.environment(environment), **variables})


def service(name: str, role: str = "all", process: str | None = None) -> Component:
    """A process of a service; `process` names a second one beside `name`, with ports of its own."""
    process = process or name
    return Component(
        name=process,
        arguments=lambda _: (f"services.{name}", role),
        environment=lambda environment: environment.service(name, process),
        ports=(f"{process}.http", f"{process}.grpc"),
        ready_path="/readyz",
        migrates=name,
    )


MAILBOX = Component(
    name="mailbox",
    arguments=lambda environment: (
        "infra.local.mailbox",
        str(environment.layout.mail),
        str(environment.state.port("mailbox")),
    ),
    environment=lambda _: inherited(),
    ports=("mailbox",),
)
SIMULATOR = Component(
    name="simulator",
    arguments=lambda _: ("infra.shop_simulator",),
    environment=lambda environment: environment.simulator(),
)
STACK = (MAILBOX, *(service(name) for name in SERVICES), SIMULATOR)
