"""Builds, in one place, the environment every process of the embedded stack is told everything by."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local import tokens
from infra.local.databases import SERVICES, ServiceDatabase
from infra.local.layout import LOCAL, ROOT, Layout
from infra.local.state import State

PREFIX = "AFTERCARE_"
MAIL_FROM = "Aftercare <care@shop.example>"


@dataclass(frozen=True, slots=True)
class Environment:
    """What the processes of one stack have in common, and how each one's variables follow from it."""

    layout: Layout
    state: State
    kafka: str
    databases: Mapping[str, ServiceDatabase]
    topic_prefix: str = ""
    driven_clock: bool = False

    def service(self, service: str, process: str | None = None) -> dict[str, str]:
        """For a process of this service; a second process of it, by another name, has ports of its own."""
        process = process or service
        database = self.databases[service]
        own = {
            "ENVIRONMENT": "development",
            "DATABASE_URL": database.runtime_url,
            "KEYS_URL": database.keys_url,
            "KEK": self.state.password("kek", lambda: base64.b64encode(os.urandom(32)).decode()),
            "KAFKA": self.kafka,
            "TOPIC_PREFIX": self.topic_prefix,
            "GRPC_ADDRESS": self.grpc_address(process),
            "HTTP_ADDRESS": self.http_address(process),
            "JWKS": str(tokens.Issuer.at(self.layout.tokens).jwks),
            "ISSUER": tokens.ISSUER,
            "AUDIENCE": tokens.AUDIENCE,
            "DRIVEN_CLOCK": "1" if self.driven_clock else "0",
            "LOG_LEVEL": os.environ.get("AFTERCARE_LOG_LEVEL", "INFO"),
        }
        if service == "notifications":
            own |= {
                "SMTP_URL": f"smtp://{self.mailbox_address()}",
                "MAIL_FROM": MAIL_FROM,
                "MAIL_ALLOW": "",
                "PUBLIC_URL": f"http://{self.http_address('notifications')}",
            }
        return inherited() | {f"{PREFIX}{name}": value for name, value in own.items()}

    def job(self, service: str) -> dict[str, str]:
        """For a job such as `migrate`: the only kind of process that is given the migration role."""
        return self.service(service) | {f"{PREFIX}MIGRATION_URL": self.databases[service].migration_url}

    def simulator(self) -> dict[str, str]:
        own = {
            "KAFKA": self.kafka,
            "TOPIC_PREFIX": self.topic_prefix,
            "SIMULATOR_DIR": str(self.layout.root / "simulator"),
        }
        return inherited() | {f"{PREFIX}{name}": value for name, value in own.items()}

    def client(self) -> dict[str, str]:
        """For the `aftercare` command and other callers from outside, who get no password of a database.

        Kafka's address has another name than the one that takes the broker's place: whoever evaluates these lines
        must not find his next `make up` without a broker of its own.
        """
        own = {f"{service.upper()}_ADDRESS": self.grpc_address(service) for service in SERVICES}
        own |= {"KAFKA_ADDRESS": self.kafka, "MAILBOX": str(self.layout.mail)}
        return {f"{PREFIX}{name}": value for name, value in own.items()}

    def grpc_address(self, process: str) -> str:
        return f"127.0.0.1:{self.state.port(f'{process}.grpc')}"

    def http_address(self, process: str) -> str:
        return f"127.0.0.1:{self.state.port(f'{process}.http')}"

    def mailbox_address(self) -> str:
        return f"127.0.0.1:{self.state.port('mailbox')}"


def inherited() -> dict[str, str]:
    """The caller's environment without what would point a process at another stack or another Python."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(PREFIX) and name not in ("PYTHONHOME", "VIRTUAL_ENV")
    }
    if kept.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Whoever wants none beside the sources gets none there; without any, each start compiles 1,800 modules anew.
        kept.setdefault("PYTHONPYCACHEPREFIX", str(LOCAL / "bytecode"))
    return kept | {"PYTHONPATH": f"{ROOT}{os.pathsep}{Path(ROOT) / 'gen'}", "PYTHONUNBUFFERED": "1", "TZ": "UTC"}
