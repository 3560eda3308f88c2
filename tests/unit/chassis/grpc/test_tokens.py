"""A token is believed only when it was signed for this installation and has not expired."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, RSAKey

from chassis.grpc.tokens import BadKeySet, TokenVerifier, Unauthenticated, read_key_set
from infra.local.tokens import AUDIENCE, ISSUER, Issuer
from tests.unit.chassis.grpc.serving import refusal_of, serving


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    sound = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "anna",
        "iat": now,
        "exp": now + 60,
        "roles": ["agent"],
        "shops": [],
    }
    return {name: value for name, value in {**sound, **changes}.items() if value is not None}


def signed(issuer: Issuer, **changes: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": issuer.key.kid}, claims(**changes), issuer.key, algorithms=["ES256"])


def verifier(issuer: Issuer, **options: Any) -> TokenVerifier:
    return TokenVerifier(issuer.jwks, issuer=ISSUER, audience=AUDIENCE, **options)


def reason(tokens: TokenVerifier, authorization: str | None) -> str:
    with pytest.raises(Unauthenticated) as refused:
        tokens.principal_of(authorization)
    return refused.value.reason


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exp": 1_700_000_000}, "TOKEN_EXPIRED"),
        ({"exp": None}, "TOKEN_INVALID"),
        ({"aud": "another"}, "TOKEN_INVALID"),
        ({"aud": None}, "TOKEN_INVALID"),
        ({"iss": "another"}, "TOKEN_INVALID"),
        ({"sub": None}, "TOKEN_INVALID"),
        ({"nbf": 4_000_000_000}, "TOKEN_INVALID"),
        ({"roles": []}, "TOKEN_INVALID"),
        ({"roles": ["boss"]}, "TOKEN_INVALID"),
        ({"roles": "agent"}, "TOKEN_INVALID"),
        ({"roles": ["customer"]}, "TOKEN_INVALID"),
        ({"roles": ["customer", "agent"], "customer_id": "c1"}, "TOKEN_INVALID"),
        ({"customer_id": "c1"}, "TOKEN_INVALID"),
        ({"shops": "shop-1"}, "TOKEN_INVALID"),
    ],
)
def test_a_claim_that_is_wrong_or_missing_refuses_the_token(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    issuer = Issuer.at(tmp_path)
    assert reason(verifier(issuer), f"Bearer {signed(issuer, **changes)}") == expected


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi"])
def test_no_token_is_said_to_be_missing(tmp_path: Path, authorization: str | None) -> None:
    assert reason(verifier(Issuer.at(tmp_path)), authorization) == "TOKEN_MISSING"


def test_a_token_of_another_key_is_refused(tmp_path: Path) -> None:
    """Also when it names the kid of ours."""
    issuer, foreign = Issuer.at(tmp_path / "ours"), ECKey.generate_key("P-256", {"alg": "ES256"})
    token = jwt.encode({"alg": "ES256", "kid": issuer.key.kid}, claims(), foreign, algorithms=["ES256"])
    assert reason(verifier(issuer), f"Bearer {token}") == "TOKEN_INVALID"
    unknown = jwt.encode({"alg": "ES256", "kid": "nobody"}, claims(), foreign, algorithms=["ES256"])
    assert reason(verifier(issuer), f"Bearer {unknown}") == "TOKEN_INVALID"


def test_the_algorithm_is_the_keys_and_never_the_tokens(tmp_path: Path) -> None:
    """Unsigned, and signed with the public key as if it were a shared secret: the two classic forgeries."""
    issuer = Issuer.at(tmp_path)
    tokens = verifier(issuer)
    with pytest.warns(SecurityWarning):
        unsigned = jwt.encode({"alg": "none", "kid": issuer.key.kid}, claims(), issuer.key, algorithms=["none"])
    assert reason(tokens, f"Bearer {unsigned}") == "TOKEN_INVALID"
    secret = OctKey.import_key(issuer.key.as_pem(private=False).hex())
    confused = jwt.encode({"alg": "HS256", "kid": issuer.key.kid}, claims(), secret, algorithms=["HS256"])
    assert reason(tokens, f"Bearer {confused}") == "TOKEN_INVALID"


def test_a_payload_changed_after_it_was_signed_is_refused(tmp_path: Path) -> None:
    """Also when the token it was made from is remembered."""
    issuer = Issuer.at(tmp_path)
    tokens = verifier(issuer)
    sound, other = signed(issuer), signed(issuer, roles=["supervisor"])
    assert tokens.principal_of(f"Bearer {sound}").roles == {"agent"}
    header, _, signature = sound.split(".")
    assert reason(tokens, f"Bearer {header}.{other.split('.')[1]}.{signature}") == "TOKEN_INVALID"


@pytest.mark.parametrize("garbage", ["a", "a.b.c", "....", "é.é.é", "x" * 9000])
def test_what_is_no_token_at_all_is_refused(tmp_path: Path, garbage: str) -> None:
    assert reason(verifier(Issuer.at(tmp_path)), f"Bearer {garbage}") == "TOKEN_INVALID"


def test_a_token_that_was_believed_is_not_believed_after_it_expired(tmp_path: Path) -> None:
    """What is remembered of a token never outlives it."""
    issuer, now = Issuer.at(tmp_path), [time.time()]
    tokens = verifier(issuer, now=lambda: now[0])
    token = f"Bearer {signed(issuer)}"
    assert tokens.principal_of(token).subject == "anna"
    now[0] += 60 + 31
    assert reason(tokens, token) == "TOKEN_EXPIRED"


def test_a_key_taken_out_of_the_file_is_not_believed_any_more(tmp_path: Path) -> None:
    """And the one put in is, without a restart; a broken file changes nothing."""
    old, new = Issuer.at(tmp_path / "old"), Issuer.at(tmp_path / "new")
    now = [time.time()]
    tokens = verifier(old, now=lambda: now[0])
    first, second = f"Bearer {signed(old)}", f"Bearer {signed(new)}"
    assert tokens.principal_of(first).subject == "anna"
    old.jwks.write_text("{ broken")
    now[0] += 6
    assert tokens.principal_of(first).subject == "anna"
    old.jwks.write_text(new.jwks.read_text())
    now[0] += 6
    assert reason(tokens, first) == "TOKEN_INVALID"
    assert tokens.principal_of(second).subject == "anna"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("not json", "no JSON Web Key Set"),
        ("[]", "no JSON Web Key Set"),
        ('{"keys": []}', "holds no key"),
        ('{"keys": [{"kty": "EC"}]}', "has no kid"),
        ('{"keys": [{"kty": "oct", "kid": "a", "alg": "HS256", "k": "c2VjcmV0"}]}', "must name its alg"),
        ('{"keys": [{"kty": "EC", "kid": "a", "alg": "ES256"}]}', "no JSON Web Key Set"),
    ],
)
def test_a_key_set_that_cannot_be_pinned_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    """Without its content in the message."""
    path = tmp_path / "jwks.json"
    path.write_text(content)
    with pytest.raises(BadKeySet, match=problem) as refused:
        read_key_set(path)
    assert "c2VjcmV0" not in str(refused.value)


def test_rsa_keys_of_an_identity_provider_work_too(tmp_path: Path) -> None:
    key = RSAKey.generate_key(2048, {"alg": "RS256", "use": "sig"}, auto_kid=True)
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    tokens = TokenVerifier(path, issuer=ISSUER, audience=AUDIENCE)
    token = jwt.encode({"alg": "RS256", "kid": key.kid}, claims(), key, algorithms=["RS256"])
    assert tokens.principal_of(f"bearer {token}").roles == {"agent"}


async def test_an_unbelieved_caller_is_told_UNAUTHENTICATED(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        none = await refusal_of(served.cancel(None))
        assert (none.code, none.reason) == (StatusCode.UNAUTHENTICATED, "TOKEN_MISSING")
        old = await refusal_of(served.cancel(served.token("agent", lifetime=-60)))
        assert (old.code, old.reason) == (StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
        assert served.agents.asked_by == []
