"""A process starts with settings that make sense, or not at all.

Every refusal names the environment variable and says what to do. Secrets are never shown: not in a refusal, not in
`repr`, not in a log line.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "AFTERCARE_"

S = TypeVar("S", bound="Settings")


class BadSettings(Exception):
    """The environment cannot be started with; `problems` holds one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _database(value: SecretStr) -> SecretStr:
    try:
        url = urlsplit(value.get_secret_value())
        complete = url.scheme in ("postgresql", "postgres") and url.hostname and url.path.strip("/")
        _ = url.port
    except ValueError:
        complete = False
    if not complete:
        raise ValueError("is no database address: write postgresql://user:password@host:port/database")
    return value


def _key(value: SecretStr) -> SecretStr:
    try:
        raw = base64.b64decode(value.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ValueError("must be the base64 of exactly 32 random bytes: make one with `openssl rand -base64 32`")
    return value


def host_and_port(address: str) -> tuple[str, int]:
    """``127.0.0.1:50051`` or ``[::1]:50051`` taken apart; ValueError otherwise."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"is {address!r}: write host:port, for instance 127.0.0.1:50051")
    return host.removeprefix("[").removesuffix("]"), int(port)


def is_loopback(address: str) -> bool:
    """Only this machine can reach what listens there."""
    host, _ = host_and_port(address)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address(value: str) -> str:
    host_and_port(value)
    return value


def _addresses(value: str) -> str:
    for part in value.split(","):
        host_and_port(part.strip())
    return value


def _file(value: Path) -> Path:
    if not value.is_file():
        raise ValueError(f"names {value}, which is no file that can be read")
    return value


DatabaseUrl = Annotated[SecretStr, AfterValidator(_database)]
Address = Annotated[str, AfterValidator(_address)]
ExistingFile = Annotated[Path, AfterValidator(_file)]


class Settings(BaseSettings):
    """What every service needs; a service adds its own fields in a subclass."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "test", "production"] = Field(description="what this process may do")
    database_url: DatabaseUrl = Field(description="the service's own database, under its run-time role")
    migration_url: DatabaseUrl | None = Field(
        default=None, description="the same database under the migration role, for jobs"
    )
    keys_url: DatabaseUrl = Field(description="the store of personal-data keys")
    kek: Annotated[SecretStr, AfterValidator(_key)] = Field(description="the key that wraps them, base64 of 32 bytes")
    kafka: Annotated[str, AfterValidator(_addresses)] = Field(description="brokers, host:port separated by commas")
    topic_prefix: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="put before every topic's name",
    )
    grpc_address: Address = Field(default="127.0.0.1:50051", description="host:port to serve gRPC on")
    http_address: Address = Field(
        default="127.0.0.1:8080",
        description="host:port to serve health, metrics and pages on",
    )
    jwks: ExistingFile = Field(description="file with the JSON Web Key Set that tokens are verified with")
    issuer: str = Field(min_length=1, description="the `iss` that tokens must carry")
    audience: str = Field(min_length=1, description="the `aud` that tokens must carry")
    driven_clock: bool = Field(default=False, description="1 lets the business clock be moved (demo and tests)")
    incarnation: int = Field(
        default=1,
        ge=1,
        description="raised by one after each restore of the database from a backup",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="least level to log")
    tls_cert: ExistingFile | None = Field(default=None, description="certificate chain (PEM) to serve gRPC with")
    tls_key: ExistingFile | None = Field(default=None, description="its private key (PEM)")
    mesh_tls: bool = Field(
        default=False,
        description="1 says that a service mesh encrypts, so plain gRPC may leave the host",
    )
    consumer_session: float = Field(
        default=10.0,
        ge=6,
        le=60,
        description="seconds without a heartbeat after which another consumer takes the partitions over",
    )
    rate_limit: float = Field(
        default=200.0,
        ge=0,
        description="calls a second of one caller to one process; services and operators: a hundred times that; 0: any",
    )
    grace: float = Field(
        default=20.0,
        gt=0,
        le=600,
        description="seconds that running work gets to end after SIGTERM",
    )

    @model_validator(mode="after")
    def _make_sense_together(self) -> "Settings":
        if self.environment == "production" and self.driven_clock:
            raise ValueError(f"{PREFIX}DRIVEN_CLOCK must not be set in production: take it out")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError(f"{PREFIX}TLS_CERT and {PREFIX}TLS_KEY come together: set both or none")
        if not (self.tls_cert or self.mesh_tls or is_loopback(self.grpc_address)):
            raise ValueError(
                f"{PREFIX}GRPC_ADDRESS {self.grpc_address} is reachable from outside and would be in the clear: set "
                f"{PREFIX}TLS_CERT and {PREFIX}TLS_KEY, {PREFIX}MESH_TLS=1 where a mesh encrypts or stay on loopback"
            )
        if self.grpc_address == self.http_address and host_and_port(self.grpc_address)[1] != 0:
            raise ValueError(f"{PREFIX}GRPC_ADDRESS and {PREFIX}HTTP_ADDRESS are the same: give each its own port")
        return self

    def topic(self, name: str) -> str:
        """The name a topic has in this installation."""
        return f"{self.topic_prefix}{name}"


def load(settings: type[S]) -> S:
    """The settings of this process from its environment, or `BadSettings`."""
    from_environment = cast("Callable[[], S]", settings)
    try:
        return from_environment()
    except ValidationError as error:
        raise BadSettings([_sentence(settings, detail) for detail in error.errors(include_input=False)]) from None


def _sentence(settings: type[Settings], detail: ErrorDetails) -> str:
    message = detail["msg"].removeprefix("Value error, ")
    if not detail["loc"]:
        return message
    name = str(detail["loc"][0])
    variable = f"{PREFIX}{name.upper()}"
    meaning = settings.model_fields[name].description if name in settings.model_fields else None
    hint = f" ({meaning})" if meaning else ""
    if detail["type"] == "missing":
        return f"{variable} is not set{hint}: set it in the environment"
    if detail["type"] == "value_error":
        return f"{variable} {message}{hint}"
    return f"{variable} is refused{hint}: {message[:1].lower()}{message[1:]}"
