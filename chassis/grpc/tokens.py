"""A bearer token is believed only when a key of the key set signed it for this installation and it has not expired.

The algorithm is pinned by the key, never taken from the token: every key of the set names one of `ALGORITHMS`, all of
them asymmetric. The file is read again when it changes, so keys rotate without a restart; a broken new file leaves the
old keys in force. Tokens and expiry live on the machine's clock, never on the driven one.
"""

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from chassis.grpc.access import CUSTOMER, ROLES, Principal

ALGORITHMS = frozenset({"ES256", "RS256", "PS256", "Ed25519"})
"""What a key of the set may be for."""

LEEWAY = 30
_REMEMBERED = 4096
_LOOK_AT_FILE_EVERY = 5.0
_LONGEST_TOKEN = 8192

log = structlog.get_logger(__name__)


class BadKeySet(Exception):
    """The key set cannot be used; the message says why and never shows a key."""


class Unauthenticated(Exception):
    """No believable token came with the call. The message is safe to send back."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def read_key_set(path: Path) -> KeySet:
    """The public keys in the file, each with `kid` and one allowed `alg`, or `BadKeySet`."""
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))["keys"]
        if not keys:
            raise BadKeySet(f"{path} holds no key")
        for key in keys:
            if not key.get("kid"):
                raise BadKeySet(f"a key in {path} has no kid")
            if key.get("alg") not in ALGORITHMS:
                raise BadKeySet(f"key {key['kid']} in {path} must name its alg, one of {', '.join(sorted(ALGORITHMS))}")
        if len({key["kid"] for key in keys}) < len(keys):
            raise BadKeySet(f"two keys in {path} have the same kid")
        return KeySet.import_key_set({"keys": keys})
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        JoseError,
    ) as error:
        raise BadKeySet(f"{path} is no JSON Web Key Set: {type(error).__name__}") from None


class TokenVerifier:
    """Turns the `authorization` of a call into a `Principal`."""

    def __init__(
        self,
        path: Path,
        *,
        issuer: str,
        audience: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._now = now
        self._keys = read_key_set(path)
        self._stamp = self._file_stamp()
        self._looked_at = now()
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._believed: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    def principal_of(self, authorization: str | None) -> Principal:
        """The caller, or `Unauthenticated`."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("TOKEN_MISSING", "send a token: authorization: Bearer <token>")
        self._follow_file()
        known = self._believed.get(token)
        if known is not None and self._now() < known[1] + LEEWAY:
            self._believed.move_to_end(token)
            return known[0]
        claims = self._verified(token)
        principal = _principal(claims)
        self._believed[token] = (principal, float(claims["exp"]))
        while len(self._believed) > _REMEMBERED:
            self._believed.popitem(last=False)
        return principal

    def _verified(self, token: str) -> dict[str, Any]:
        if len(token) > _LONGEST_TOKEN:
            raise Unauthenticated("TOKEN_INVALID", "the token is too long")
        try:
            header = extract_compact(token.encode()).headers()
            key = self._keys.get_by_kid(str(header.get("kid", "")))
            claims = jwt.decode(token, key, algorithms=[str(key.alg)]).claims
        except (JoseError, ValueError):
            raise Unauthenticated("TOKEN_INVALID", "the token is not signed by a key of this installation") from None
        try:
            self._claims.validate(claims)
        except JoseError as error:
            expired = error.error == "expired_token"
            raise Unauthenticated(
                "TOKEN_EXPIRED" if expired else "TOKEN_INVALID",
                "the token has expired" if expired else "the token is not for this installation",
            ) from None
        return claims

    def _follow_file(self) -> None:
        if self._now() < self._looked_at + _LOOK_AT_FILE_EVERY:
            return
        self._looked_at = self._now()
        stamp = self._file_stamp()
        if stamp == self._stamp:
            return
        try:
            self._keys = read_key_set(self._path)
        except BadKeySet as bad:
            log.error("key_set_unusable", problem=str(bad))
            return
        self._stamp = stamp
        self._believed.clear()

    def _file_stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def _principal(claims: dict[str, Any]) -> Principal:
    roles, shops = (
        frozenset(_texts(claims, "roles")),
        frozenset(_texts(claims, "shops")),
    )
    customer = claims.get("customer_id")
    if not roles or not roles <= ROLES:
        raise Unauthenticated("TOKEN_INVALID", "the token names no role, or one that is not known here")
    if CUSTOMER in roles:
        if roles != {CUSTOMER} or not isinstance(customer, str) or not customer:
            raise Unauthenticated(
                "TOKEN_INVALID",
                "a customer's token has that one role and a customer_id",
            )
    elif customer is not None:
        raise Unauthenticated("TOKEN_INVALID", "only a customer's token has a customer_id")
    return Principal(subject=str(claims["sub"]), roles=roles, shops=shops, customer_id=customer)


def _texts(claims: dict[str, Any], name: str) -> list[str]:
    value = claims.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Unauthenticated("TOKEN_INVALID", f"the token's {name} is no list of texts")
    return value
