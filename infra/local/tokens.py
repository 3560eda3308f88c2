"""Issues the development tokens of one embedded stack: ES256, from a key made once and readable by its owner alone.

Services get only the public half, as a JSON Web Key Set. Nothing here is for production, where an identity provider
issues the tokens.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

ISSUER = "aftercare-local"
AUDIENCE = "aftercare"
ALGORITHM = "ES256"
LIFETIME = 12 * 3600


@dataclass(frozen=True, slots=True)
class Issuer:
    key: ECKey
    jwks: Path

    @classmethod
    def at(cls, folder: Path) -> Issuer:
        """The key of this folder, made now if there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        private, public = folder / "private.json", folder / "jwks.json"
        with _alone(folder):
            if not private.exists():
                _write(private, json.dumps(_new_key().as_dict(private=True)), 0o600)
            key = ECKey.import_key(json.loads(private.read_text()))
            published = json.dumps({"keys": [key.as_dict(private=False)]})
            if not public.exists() or public.read_text() != published:
                _write(public, published, 0o644)
        return cls(key, public)

    def issue(
        self,
        subject: str,
        roles: Collection[str],
        shops: Collection[str] = (),
        customer_id: str | None = None,
        lifetime: int = LIFETIME,
    ) -> str:
        """A token for this subject; no shops means all of them, and a customer's carries the customer's id."""
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + lifetime,
            "jti": secrets.token_urlsafe(12),
            "roles": sorted(roles),
            "shops": sorted(shops),
        }
        if customer_id is not None:
            claims["customer_id"] = customer_id
        return jwt.encode({"alg": ALGORITHM, "kid": self.key.kid}, claims, self.key, algorithms=[ALGORITHM])


def _new_key() -> ECKey:
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)
    return key


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: str, mode: int) -> None:
    partial = path.with_suffix(".new")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(content)
    partial.replace(path)
