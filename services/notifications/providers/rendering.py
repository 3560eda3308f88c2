"""A letter from a template, a message's facts and a contact: the only place where texts meet personal data.

The plain text is the one source of the words; the HTML part is made from it, so the two never disagree.
Templates run in a sandbox: they see the values given to them and nothing else.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from html import escape
from importlib.resources.abc import Traversable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, get_currency_precision
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from chassis.domain import Money, Personal
from services.notifications.domain.contact import Contact
from services.notifications.domain.message import Message
from services.notifications.policies import LOCALES, Sender

CHOICES = {
    "en": {
        "wait": "wait for it, and hear from us when there is news",
        "reship": "have it sent again",
        "refund": "have your money back",
        "correct_address": "correct the address",
        "redeliver": "have it delivered again",
    },
    "de": {
        "wait": "abwarten, und von uns hören, sobald es Neues gibt",
        "reship": "es noch einmal geschickt bekommen",
        "refund": "Ihr Geld zurück",
        "correct_address": "die Adresse berichtigen",
        "redeliver": "eine neue Zustellung",
    },
}

_URL = re.compile(r"https?://[^\s<>&\"']+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered message."""

    subject: str
    text: str
    html: str
    locale: str
    hours_before_promise: int | None


@dataclass(frozen=True, slots=True)
class _Reader:
    """How the recipient reads: the language of the words, the region of figures and dates, the zone of clocks."""

    language: str
    locale: Locale
    zone: tzinfo


class _Files(BaseLoader):
    """Templates from the package's data; a name cannot lead out of it."""

    def __init__(self, root: Traversable) -> None:
        self._root = root

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        parts = template.split("/")
        if ".." in parts:
            raise TemplateNotFound(template)
        path = self._root
        for part in parts:
            path = path / part
        try:
            return path.read_text(encoding="utf-8"), None, lambda: True
        except OSError:
            raise TemplateNotFound(template) from None


class Templates:
    """Renders letters in the recipient's language, or else the shop's."""

    def __init__(self, root: Traversable) -> None:
        environment = SandboxedEnvironment(loader=_Files(root / "templates"), undefined=_Silent, autoescape=False)
        environment.filters.update(
            money=_money, day=_day, moment=_moment, hours=_hours, choice=_choice, parts=lambda text: text.split(", ")
        )
        self._environment = environment

    def letter(self, message: Message, contact: Contact, sender: Sender, *, at: datetime) -> Letter:
        """The letter as it reads at the instant `at`."""
        reader = _reader(contact, sender)
        facts = message.facts
        hours = _hours_before(facts.instants.get(message.sending.promise), at)
        values = {
            **{name: _plain(text) for name, text in facts.texts.items()},
            **facts.amounts,
            **facts.instants,
            "order_id": message.order_id,
            "customer": {"given_name": _read(contact.given_name), "family_name": _read(contact.family_name)},
            "shop": {"name": sender.name, "reply_to": sender.reply_to, "phone": sender.phone, "page": sender.page},
            "hours_before_promise": hours,
            "reader": reader,
        }
        whole = self._environment.get_template(f"{reader.language}/{message.sending.template}.txt").render(values)
        head, _, body = whole.partition("\n")
        text = _tidy(body)
        subject = _plain(head.removeprefix("Subject:"))
        html = _html(subject, text, str(reader.locale).replace("_", "-"))
        return Letter(subject, text, html, str(reader.locale).replace("_", "-"), hours)


class _Silent(StrictUndefined):
    """A fact the event did not carry is empty in a test, and a mistake anywhere else."""

    def __bool__(self) -> bool:  # type: ignore[override]  # the base raises, which is what this class is about
        return False

    def __eq__(self, other: object) -> bool:  # type: ignore[override]  # as above
        return False

    def __ne__(self, other: object) -> bool:  # type: ignore[override]  # as above
        return True

    __hash__ = None  # type: ignore[assignment]


def _reader(contact: Contact, sender: Sender) -> _Reader:
    tag = contact.language or sender.locale
    language = tag.replace("_", "-").split("-")[0].lower()
    if language not in LOCALES:
        tag = language = sender.locale
    try:
        locale = Locale.parse(tag, sep="_" if "_" in tag else "-")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(language)
    return _Reader(language, locale, _zone(contact.time_zone) or _zone(sender.time_zone) or ZoneInfo("UTC"))


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _read(personal: Personal | None) -> str:
    return _plain(personal.text) if personal is not None and personal.text else ""


def _plain(text: str) -> str:
    """One line: a line break in a name or a reason must not become part of the letter's shape."""
    return " ".join(text.split())


def _tidy(text: str) -> str:
    """Paragraphs one empty line apart, list items none: what tags left behind does not show."""
    lines = [line.rstrip() for line in text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", text).strip() + "\n"


def _hours_before(promise: datetime | None, at: datetime) -> int | None:
    return None if promise is None else int((promise - at).total_seconds() // 3600)


@pass_context
def _money(context: Context, amount: Money) -> str:
    digits = get_currency_precision(amount.currency)
    number = Decimal(amount.minor).scaleb(-digits)
    return str(format_currency(number, amount.currency, locale=context["reader"].locale))


@pass_context
def _day(context: Context, at: datetime) -> str:
    reader: _Reader = context["reader"]
    return str(format_date(at.astimezone(reader.zone), format="full", locale=reader.locale))


@pass_context
def _moment(context: Context, at: datetime) -> str:
    reader: _Reader = context["reader"]
    day = format_date(at.astimezone(reader.zone), format="medium", locale=reader.locale)
    return f"{day}, {format_time(at, format='short', tzinfo=reader.zone, locale=reader.locale)}"


@pass_context
def _hours(context: Context, hours: int) -> str:
    return str(format_timedelta(hours * 3600, granularity="hour", threshold=72, locale=context["reader"].locale))


@pass_context
def _choice(context: Context, name: str) -> str:
    return CHOICES[context["reader"].language].get(name, name.replace("_", " "))


def _html(subject: str, text: str, language: str) -> str:
    blocks: list[str] = []
    for block in text.strip().split("\n\n"):
        lines: list[Any] = block.split("\n")
        if all(line.startswith("- ") for line in lines):
            blocks.append("<ul>" + "".join(f"<li>{_linked(line[2:])}</li>" for line in lines) + "</ul>")
        else:
            blocks.append("<p>" + "<br>".join(_linked(line) for line in lines) + "</p>")
    return (
        f'<!doctype html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">'
        f"<title>{escape(subject)}</title></head>\n"
        f'<body style="font-family:sans-serif;line-height:1.5;max-width:40em">\n{"".join(blocks)}\n</body></html>\n'
    )


def _linked(line: str) -> str:
    return _URL.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(line))
