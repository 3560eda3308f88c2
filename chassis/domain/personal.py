"""Text about a person: readable while the person's key lives, empty for ever after.

A person is a customer of one shop: two shops that number their customers alike share neither key nor erasure.
"""

from typing import Any


def subject_of(shop_id: str, customer_id: str) -> str:
    """Whose key seals a text about this customer. No two pairs give the same: a slash in `shop_id` is escaped."""
    return f"{shop_id.replace('%', '%25').replace('/', '%2F')}/{customer_id}"


def shop_and_customer(subject: str) -> tuple[str, str]:
    """The pair that `subject_of` was given."""
    shop_id, _, customer_id = subject.partition("/")
    return shop_id.replace("%2F", "/").replace("%25", "%"), customer_id


class Personal:
    """A text that belongs to `subject` (see `subject_of`).

    In a stored event it is encrypted under that customer's key; `text` is None once the key is gone.
    It is no dataclass on purpose: the codec must meet it as a type of its own, and `repr` must not show
    the text in a log line.
    """

    __slots__ = ("subject", "text")

    subject: str
    text: str | None

    def __init__(self, subject: str, text: str | None) -> None:
        object.__setattr__(self, "subject", subject)
        object.__setattr__(self, "text", text)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("Personal is immutable")

    def erased(self) -> "Personal":
        """The same place without its text."""
        return Personal(self.subject, None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Personal) and (self.subject, self.text) == (other.subject, other.text)

    def __hash__(self) -> int:
        return hash((self.subject, self.text))

    def __repr__(self) -> str:
        return f"Personal({self.subject!r}, {'…' if self.text is not None else None})"
