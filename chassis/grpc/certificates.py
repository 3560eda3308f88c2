"""The server's certificate, read again when its files change: a renewed pair serves the next connection.

A pair that cannot be read, or whose halves do not belong together (one file is renewed, the other not yet), leaves the
one before it in force. Connections that stand keep the one they were made with until they end, which they do by age.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

log = structlog.get_logger(__name__)


class BadCertificate(Exception):
    """The pair cannot be served with; the message names the files and never shows a key."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate chain and private key, as PEM files."""

    certificate: Path
    key: Path


class Certificates:
    """The pair in force. gRPC asks before each handshake, on a thread of its own."""

    def __init__(self, files: Tls) -> None:
        """Raises BadCertificate: a server must not start with what it cannot serve."""
        self._files = files
        self._seen = self._look()
        self._pair = read_pair(files)
        self.credentials = grpc.dynamic_ssl_server_credentials(
            _configuration(self._pair),
            self._renewed,  # type: ignore[arg-type]  # documented: None for no change
        )

    def _renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """What gRPC shall serve with from now on; None where nothing that can be used has changed."""
        try:
            seen = self._look()
            if seen == self._seen:
                return None
            self._seen = seen  # one that cannot be used is told once, not at each connection
            pair = read_pair(self._files)
        except (BadCertificate, OSError) as error:
            log.error("certificate_unusable", error=str(error))
            return None
        if pair == self._pair:
            return None
        self._pair = pair
        log.info("certificate_renewed", certificate=str(self._files.certificate))
        return _configuration(pair)

    def _look(self) -> tuple[tuple[int, int, int], ...]:
        """What tells a file from the one before it; a secret mounted by Kubernetes is swapped by a link."""
        found = (os.stat(file) for file in (self._files.certificate, self._files.key))
        return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in found)


def read_pair(files: Tls) -> tuple[bytes, bytes]:
    """Key and chain of `files`, seen to belong together, or BadCertificate."""
    try:
        chain, key = files.certificate.read_bytes(), files.key.read_bytes()
        first = x509.load_pem_x509_certificates(chain)[0]
        matches = load_pem_private_key(key, password=None).public_key() == first.public_key()
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadCertificate(
            f"{files.certificate} and {files.key} are no certificate with its key: {type(error).__name__}"
        ) from None
    if not matches:
        raise BadCertificate(f"{files.key} is not the key of the certificate in {files.certificate}")
    return key, chain


def _configuration(pair: tuple[bytes, bytes]) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([pair])
