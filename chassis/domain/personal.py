"""Text about a person: readable while the person's key lives, empty for ever after."""

from typing import Any


class Personal:
    """A text that belongs to `subject` (a customer id).

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
