"""Where mail goes, and to whom it may go from here. What could write to strangers by mistake does not start."""

from email.utils import parseaddr
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from chassis.settings import PREFIX, Settings, is_loopback
from services.notifications.providers.mail import Gate

REAL_MAIL_PORTS = frozenset({25, 465, 587})


class NotificationsSettings(Settings):
    """The settings of notifications, beside those every service has."""

    smtp_url: SecretStr = Field(description="the mail server, smtp://host:port or smtps://user:password@host:port")
    mail_from: str = Field(description="the sender of every mail, an address with or without a name")
    mail_allow: str = Field(
        default="", description="outside production, who may be written to: addresses or @domains, comma between"
    )

    @model_validator(mode="after")
    def _mail_makes_sense(self) -> "NotificationsSettings":
        if not _is_mail_server(self.smtp_url.get_secret_value()):
            raise ValueError(f"{PREFIX}SMTP_URL is no mail server: write smtp://host:port")
        if "@" not in self.sender:
            raise ValueError(f"{PREFIX}MAIL_FROM has no address: write care@shop.example or Care <care@shop.example>")
        if self.environment != "production" and not self.allowed and not self._is_sink():
            raise ValueError(
                f"outside production mail goes to a sink or to an allow-list: set {PREFIX}MAIL_ALLOW, or let "
                f"{PREFIX}SMTP_URL name a sink on this machine (not on port 25, 465 or 587)"
            )
        return self

    @property
    def sender(self) -> str:
        """The bare address of the sender."""
        return parseaddr(self.mail_from)[1]

    @property
    def allowed(self) -> frozenset[str]:
        """Addresses and @domains of the allow-list, in lower case."""
        return frozenset(part.strip().lower() for part in self.mail_allow.split(",") if part.strip())

    def gate(self) -> Gate:
        """Who may be written to from here."""
        return Gate(open=self.environment == "production" or not self.allowed, allowed=self.allowed)

    def _is_sink(self) -> bool:
        parts = urlsplit(self.smtp_url.get_secret_value())
        port = parts.port or 25
        return port not in REAL_MAIL_PORTS and is_loopback(f"{parts.hostname}:{port}")


def _is_mail_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # its words quote what stands where the port should be: a password with a slash in it
        return False
    return parts.scheme in ("smtp", "smtps") and bool(parts.hostname)
