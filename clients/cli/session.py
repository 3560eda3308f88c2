"""Who is logged in and where the services are.

A session is one small file (``AFTERCARE_SESSION``, else ``~/.config/aftercare/session.json``, readable by its
owner alone) with a token and addresses. Environment variables win over it: ``AFTERCARE_TOKEN`` and
``AFTERCARE_<SERVICE>_ADDRESS``.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

SERVICES = ("returns", "shipping_issues", "quality_complaints", "notifications")


class NotLoggedIn(Exception):
    """No token, or no address of a service, is known; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Session:
    """A bearer token and the gRPC address of each service."""

    token: str = ""
    who: str = ""
    addresses: dict[str, str] = field(default_factory=dict)

    def address(self, service: str) -> str:
        """Where `service` listens; NotLoggedIn where nobody has said."""
        try:
            return self.addresses[service]
        except KeyError:
            raise NotLoggedIn(
                f"the address of {service} is not known: run `aftercare login --role agent` beside a running stack,"
                f" or set AFTERCARE_{service.upper()}_ADDRESS"
            ) from None

    def bearer(self) -> str:
        """The token; NotLoggedIn where there is none."""
        if not self.token:
            raise NotLoggedIn("nobody is logged in: run `aftercare login --role agent`, or set AFTERCARE_TOKEN")
        return self.token


def path() -> Path:
    """The session's file."""
    given = os.environ.get("AFTERCARE_SESSION")
    if given:
        return Path(given)
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "aftercare" / "session.json"


def load() -> Session:
    """The session as file and environment say."""
    stored = json.loads(path().read_text()) if path().is_file() else {}
    addresses = dict(stored.get("addresses", {}))
    for service in SERVICES:
        if address := os.environ.get(f"AFTERCARE_{service.upper()}_ADDRESS"):
            addresses[service] = address
    return Session(os.environ.get("AFTERCARE_TOKEN") or stored.get("token", ""), stored.get("who", ""), addresses)


def save(session: Session) -> None:
    """Keep the session, whole, readable by its owner alone."""
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(asdict(session), out)
    partial.replace(file)
