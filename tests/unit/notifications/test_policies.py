"""Data that cannot be worked with stops the start and says what is wrong."""

from pathlib import Path

import pytest

from services.notifications.policies import LOCALES, BadCatalogue, load_catalogue, load_senders
from services.notifications.settings import NotificationsSettings
from tests.unit.notifications.world import CATALOGUE

ENTRY = "{id: a, event: returns.X, trouble: t, of: case_id, expect: e, template: parcel_late%s}"
DEFAULTS = "defaults: {purpose: service, urgency: normal, rather_twice: false, settle: 0m, give_up_after: 2d}"


def written(folder: Path, entries: str) -> Path:
    """A catalogue with these entries and one template."""
    for locale in LOCALES:
        (folder / "templates" / locale).mkdir(parents=True)
        (folder / "templates" / locale / "parcel_late.txt").write_text("Subject: x")
    (folder / "catalogue.yaml").write_text(f'version: "1"\n{DEFAULTS}\nentries: [{entries}]\n')
    return folder


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (ENTRY % "" + "," + ENTRY % "", "a stands there twice"),
        (ENTRY % ", tempalte: x", "a has unknown words: tempalte"),
        (ENTRY % ", settle: 3x", "'3x' is no span of time"),
        ("{id: a, event: returns.X, trouble: t, of: case_id, expect: e}", "needs both an expectation and a template"),
        (ENTRY.replace("parcel_late", "nowhere") % "", "needs templates/de/nowhere.txt"),
    ],
)
def test_a_mistake_in_the_catalogue_stops_the_start(tmp_path: Path, entries: str, said: str) -> None:
    """And it is named."""
    with pytest.raises(BadCatalogue) as caught:
        load_catalogue(written(tmp_path, entries))
    assert said in str(caught.value)


def test_the_catalogue_is_versioned() -> None:
    """Its version goes into every message."""
    assert CATALOGUE.version == "2026-11-25"


def test_what_the_law_demands_cannot_be_refused() -> None:
    """The acknowledgement of a withdrawal reaches also who wants no service mails."""
    (entry,) = [entry for entry in CATALOGUE.entries if entry.id == "withdrawal_acknowledged"]
    assert (entry.purpose, entry.refusable, entry.rather_twice) == ("law", False, True)


def test_a_shop_without_a_sender_has_the_default() -> None:
    """And a shop's own words stand above it."""
    senders = load_senders()
    assert senders.of("unheard-of") == senders.default
    assert senders.of("demo-shop").time_zone == "Europe/Berlin"


BASE = {
    "database_url": "postgresql://u:p@127.0.0.1/d",
    "keys_url": "postgresql://u:p@127.0.0.1/k",
    "kek": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "kafka": "127.0.0.1:9092",
    "jwks": __file__,
    "issuer": "i",
    "audience": "a",
    "mail_from": "Care <care@shop.example>",
}


@pytest.mark.parametrize(
    ("environment", "url", "allow", "starts"),
    [
        ("development", "smtp://127.0.0.1:2525", "", True),
        ("test", "smtp://mail.shop.example:2525", "", False),
        ("development", "smtp://127.0.0.1:25", "", False),
        ("development", "smtp://mail.shop.example:587", "@shop.example", True),
        ("production", "smtps://mail.shop.example", "", True),
        ("production", "http://mail.shop.example", "", False),
    ],
)
def test_mail_cannot_go_to_strangers_by_mistake(environment: str, url: str, allow: str, starts: bool) -> None:
    """Outside production it is a sink or a list, or the service does not start."""
    values = {**BASE, "environment": environment, "smtp_url": url, "mail_allow": allow}
    if starts:
        assert NotificationsSettings.model_validate(values).sender == "care@shop.example"
    else:
        with pytest.raises(ValueError, match=r"SMTP_URL|outside production"):
            NotificationsSettings.model_validate(values)
