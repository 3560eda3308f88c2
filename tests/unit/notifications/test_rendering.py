"""Every message of the catalogue can be written, in the recipient's language, with a way to a person."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.domain import Money
from services.notifications.domain.catalogue import Entry
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.domain.values import Facts, Notice
from services.notifications.policies import LOCALES, Sender, data
from services.notifications.providers.rendering import Letter, Templates
from tests.unit.notifications.world import CATALOGUE, NOON

TEMPLATES = Templates(data())
SHOP = Sender(
    "Nordlicht", "care@nordlicht.example", "+49 30 1", "https://nordlicht.example/care", "de", "Europe/Berlin"
)
WRITTEN = [entry for entry in CATALOGUE.entries if entry.template]


def contact(language: str = "de", given_name: str = "Ana", time_zone: str = "Europe/Vienna") -> Contact:
    """A recipient."""
    found = Contact.open("demo", "C-1", at=NOON)
    found.tell(
        1,
        given_name=given_name,
        family_name="Berger",
        email="ana@customers.example",
        phone="",
        language=language,
        country="AT",
        time_zone=time_zone,
        refused=frozenset(),
        granted=frozenset(),
        at=NOON,
    )
    return found


def message(entry: Entry, facts: Facts) -> Message:
    """A message planned from an entry."""
    required = {name: min(values) for name, values in entry.when.items()}
    full = Facts({**facts.texts, **required}, facts.amounts, facts.instants)
    notice = Notice(entry.code, "demo", "C-1", "O-1", "case-1", NOON, full)
    return Message.plan(
        notice,
        entry.trouble_key(notice),
        entry.expectation_key(notice),
        sending=entry.sending("1"),
        due_at=NOON,
        expires_at=None,
        at=NOON,
    )


def letter(entry_id: str, facts: Facts, *, at: datetime = NOON, **who: str) -> Letter:
    """The letter of one entry."""
    (entry,) = [entry for entry in CATALOGUE.entries if entry.id == entry_id]
    return TEMPLATES.letter(message(entry, facts), contact(**who), SHOP, at=at)


NOTICE = Facts(
    {
        "kind": "cancel",
        "becomes": "return",
        "reason": "already_packed",
        "count": "2",
        "rule": "out_of_time",
        "source": "Regulation (EEC, Euratom) No 1182/71",
    },
    {},
    dict.fromkeys(
        (
            *("noticed_at", "send_back_by", "repay_by", "due_at", "answer_by", "put_right_by", "liable_until"),
            *("ready_from", "ready_until"),
        ),
        NOON,
    ),
)
"""What the events of a withdrawal, a lack of conformity, a change before dispatch, or a pickup always carry."""
FULL = Facts(
    {
        "carrier": "dhl",
        "tracking_number": "T1",
        "choices": "wait, refund",
        "remedy": "refund",
        "label_url": "https://x/y",
        "qr_code_url": "https://x/q",
        "instructions": "Ring twice.",
        "confirmation": "P-1",
        "return_id": "R-1",
        **NOTICE.texts,
    },
    {"amount": Money(123456, "EUR")},
    {"promised_by": NOON + timedelta(hours=41), "expected_by": NOON + timedelta(days=3), "send_by": NOON}
    | NOTICE.instants,
)
LEAST = Facts(
    {"label_url": "https://x/y", "remedy": "repair", **NOTICE.texts},
    {"amount": Money(1, "JPY")},
    {"expected_by": NOON} | NOTICE.instants,
)


@pytest.mark.parametrize("entry", WRITTEN, ids=lambda entry: entry.id)
@pytest.mark.parametrize("facts", [FULL, LEAST], ids=["full", "least"])
@pytest.mark.parametrize("language", LOCALES)
def test_every_entry_can_be_written(entry: Entry, facts: Facts, language: str) -> None:
    """Subject, order number and a way to a person are in every letter, whatever the event carried."""
    written = TEMPLATES.letter(message(entry, facts), contact(language), SHOP, at=NOON)
    assert "O-1" in written.subject
    assert "+49 30 1" in written.text
    assert "O-1" in written.text
    assert "{" not in written.text
    assert "None" not in written.text
    assert written.locale == language


@pytest.mark.parametrize("remedy", ["refund", "reship", "replacement", "repair", "correct_address", "redeliver"])
@pytest.mark.parametrize("language", LOCALES)
def test_every_remedy_is_named(remedy: str, language: str) -> None:
    """No remedy falls through to the general words."""
    facts = Facts({"remedy": remedy, "remedy_id": "R-1"})
    other = letter("parcel_remedy", Facts({"remedy": "something", "remedy_id": "R-1"}), language=language)
    assert letter("parcel_remedy", facts, language=language).text != other.text


def test_amounts_and_dates_are_written_as_the_reader_writes_them() -> None:
    """The region of the reader's language decides, and the reader's own clock."""
    facts = Facts({}, {"amount": Money(123456, "EUR")}, {"expected_by": datetime(2026, 11, 23, 23, 30, tzinfo=UTC)})
    british = letter("refund_promised", facts, language="en-GB", time_zone="Europe/London")
    german = letter("refund_promised", facts, language="de-DE", time_zone="Europe/Berlin")
    assert "€1,234.56" in british.text
    assert "Monday, 23 November 2026" in british.text.replace("Monday 23", "Monday, 23")
    assert "1.234,56\xa0€" in german.subject or "1.234,56 €" in german.subject
    assert "Dienstag, 24. November 2026" in german.text


def test_minor_units_follow_the_currency() -> None:
    """The yen has none."""
    assert "¥500" in letter("refund_promised", Facts({}, {"amount": Money(500, "JPY")}), language="en").text


@pytest.mark.parametrize(("hours", "said"), [(41, "41 hours"), (1, "1 hour")])
def test_the_letter_is_stamped_with_the_hours_before_the_promise(hours: int, said: str) -> None:
    """Counted from the instant of sending."""
    facts = Facts({}, {}, {"promised_by": NOON + timedelta(hours=hours, minutes=59)})
    written = letter("parcel_late", facts, language="en")
    assert written.hours_before_promise == hours
    assert f"{said} before" in written.text


def test_a_missed_promise_is_not_told_as_if_it_were_ahead() -> None:
    """After the promised instant the letter says sorry instead."""
    written = letter("parcel_late", Facts({}, {}, {"promised_by": NOON - timedelta(hours=2)}), language="en")
    assert written.hours_before_promise == -2
    assert "sorry that this date was not kept" in written.text


def test_another_language_gets_the_shops_own() -> None:
    """Nobody is written to in a language no template is written in."""
    assert letter("parcel_late", FULL, language="fr-CA").locale == "de"


def test_a_name_cannot_shape_the_letter() -> None:
    """Line breaks and markup in a name stay a name."""
    written = letter("parcel_late", FULL, given_name="Ana\r\nBcc: x@y.example <b>")
    assert "\nBcc:" not in written.text
    assert "<b>" not in written.html
    assert "&lt;b&gt;" in written.html


def test_a_template_sees_only_what_it_is_given() -> None:
    """The data is in a sandbox: what reaches for Python internals is refused."""
    facts = Facts({**FULL.texts, "carrier": "{{ ''.__class__ }}"}, FULL.amounts, FULL.instants)
    assert "{{ ''.__CLASS__ }}" in letter("parcel_late", facts).text
