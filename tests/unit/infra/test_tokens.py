"""A development token says who its bearer is, and only the stack that issued it believes it."""

import json
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet

from infra.local.tokens import ALGORITHM, Issuer


def published(issuer: Issuer) -> KeySet:
    return KeySet.import_key_set(json.loads(issuer.jwks.read_text()))


def test_the_public_key_set_verifies_a_token_and_its_claims(tmp_path: Path) -> None:
    issuer = Issuer.at(tmp_path)
    token = issuer.issue("anna", ["senior_agent", "agent"], ["shop-de"], lifetime=60)
    claims = jwt.decode(token, published(issuer), algorithms=[ALGORITHM]).claims
    assert claims["exp"] - claims["iat"] == 60
    del claims["exp"], claims["iat"], claims["jti"]
    assert claims == {
        "iss": "aftercare-local",
        "aud": "aftercare",
        "sub": "anna",
        "roles": ["agent", "senior_agent"],
        "shops": ["shop-de"],
    }


def test_a_customers_token_carries_the_customer(tmp_path: Path) -> None:
    issuer = Issuer.at(tmp_path)
    claims = jwt.decode(
        issuer.issue("c-1", ["customer"], customer_id="c-1"), published(issuer), algorithms=[ALGORITHM]
    ).claims
    assert claims["customer_id"] == "c-1"


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    token = Issuer.at(tmp_path).issue("anna", ["agent"])
    again = Issuer.at(tmp_path)
    assert jwt.decode(token, published(again), algorithms=[ALGORITHM]).claims["sub"] == "anna"
    assert (tmp_path / "private.json").stat().st_mode & 0o777 == 0o600
    assert [sorted(key) for key in json.loads(again.jwks.read_text())["keys"]] == [
        ["alg", "crv", "kid", "kty", "use", "x", "y"]
    ]


def test_another_stacks_token_is_not_believed(tmp_path: Path) -> None:
    token = Issuer.at(tmp_path / "one").issue("anna", ["operator"])
    with pytest.raises(InvalidKeyIdError):
        jwt.decode(token, published(Issuer.at(tmp_path / "two")), algorithms=[ALGORITHM])
