"""TLS as callers meet it: real handshakes, and certificates that are renewed while the server runs."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc import StatusCode
from structlog.testing import capture_logs

from chassis.grpc import Tls
from chassis.grpc.certificates import BadCertificate, Certificates
from tests.unit.chassis.grpc.serving import Served, serving


async def test_with_a_certificate_only_tls_is_spoken(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    async with serving(tmp_path / "tokens", tls=Tls(certificate, key)) as served:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await served.cancel(served.token("agent"))
        assert refused.value.code() is StatusCode.UNAVAILABLE
        credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
        async with grpc.aio.secure_channel(f"localhost:{served.server.port}", credentials) as channel:
            served.channel = channel
            assert await served.cancel(served.token("agent")) == "done"


async def test_a_caller_who_trusts_another_authority_sends_nothing(tmp_path: Path) -> None:
    """The handshake fails before a token leaves."""
    (tmp_path / "other").mkdir()
    certificate, key = self_signed(tmp_path)
    stranger, _ = self_signed(tmp_path / "other")
    async with serving(tmp_path / "tokens", tls=Tls(certificate, key)) as served:
        credentials = grpc.ssl_channel_credentials(stranger.read_bytes())
        async with grpc.aio.secure_channel(f"localhost:{served.server.port}", credentials) as channel:
            served.channel = channel
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await served.cancel(served.token("agent"))
        assert refused.value.code() is StatusCode.UNAVAILABLE
        assert served.agents.asked_by == []


async def test_a_renewed_pair_serves_the_next_connection_without_a_restart(tmp_path: Path) -> None:
    """Whoever trusts only the new one is served; the connection that stands goes on."""
    (tmp_path / "next").mkdir()
    certificate, key = self_signed(tmp_path)
    first = certificate.read_bytes()
    following = self_signed(tmp_path / "next")
    async with serving(tmp_path / "tokens", tls=Tls(certificate, key)) as served, trusting(served, first) as standing:
        served.channel = standing
        assert await served.cancel(served.token("agent")) == "done"
        swap(following, (certificate, key))
        assert await served.cancel(served.token("agent")) == "done"
        assert await is_served(served, certificate.read_bytes())
        assert not await is_served(served, first)


async def test_half_a_renewed_pair_leaves_the_old_one_in_force_until_the_other_half_is_there(tmp_path: Path) -> None:
    """It is told once, not at each connection, and no restart is needed afterwards."""
    (tmp_path / "next").mkdir()
    certificate, key = self_signed(tmp_path)
    first = certificate.read_bytes()
    new_certificate, new_key = self_signed(tmp_path / "next")
    async with serving(tmp_path / "tokens", tls=Tls(certificate, key)) as served:
        with capture_logs() as lines:
            swap((new_certificate,), (certificate,))
            assert await is_served(served, first)
            assert await is_served(served, first)
            swap((new_key,), (key,))
            assert await is_served(served, certificate.read_bytes())
    assert [line["event"] for line in lines] == ["certificate_unusable", "certificate_renewed"]
    assert "is not the key of the certificate" in lines[0]["error"]


@pytest.mark.parametrize("broken", ["certificate", "key", "pair"])
def test_a_pair_that_cannot_be_served_prevents_the_start(tmp_path: Path, broken: str) -> None:
    """The message names the files and repeats nothing of what is in them."""
    (tmp_path / "other").mkdir()
    certificate, key = self_signed(tmp_path)
    if broken == "pair":
        key = self_signed(tmp_path / "other")[1]
    else:
        (certificate if broken == "certificate" else key).write_text("nothing of the kind")
    with pytest.raises(BadCertificate) as refused:
        Certificates(Tls(certificate, key))
    assert str(certificate) in str(refused.value)
    assert str(key) in str(refused.value)
    assert "nothing of the kind" not in str(refused.value)


def trusting(served: Served, authority: bytes) -> grpc.aio.Channel:
    """A connection of its own that believes `authority` alone."""
    own = (("grpc.use_local_subchannel_pool", 1),)
    credentials = grpc.ssl_channel_credentials(authority)
    return grpc.aio.secure_channel(f"localhost:{served.server.port}", credentials, options=own)


async def is_served(served: Served, authority: bytes) -> bool:
    """Whether somebody who comes now and trusts `authority` gets an answer."""
    async with trusting(served, authority) as channel:
        before, served.channel = served.channel, channel
        try:
            return await served.cancel(served.token("agent")) == "done"
        except grpc.aio.AioRpcError as refused:
            assert refused.code() is StatusCode.UNAVAILABLE
            return False
        finally:
            served.channel = before


def swap(renewed: tuple[Path, ...], served: tuple[Path, ...]) -> None:
    """Put files in the place of others in one step each, as a renewal does."""
    for new, old in zip(renewed, served, strict=True):
        os.replace(new, old)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that lasts a day, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file
