"""What happens to the labels of a case.

Guarantee: these have no topic and are never stored: each kind of case has its own class of each, as its own history.
"""

from chassis.domain import Event, Money, Personal


class SenderGiven(Event):
    """The address the parcel starts at; a later one replaces it."""

    address: Personal
    by: str


class LabelRequested(Event):
    """A label is asked for. `paperless`: the customer wants a code instead of something to print."""

    label_id: str
    units: tuple[str, ...]
    maker: str
    paperless: bool
    by: str


class LabelOffered(Event):
    """Its maker knows the parcel, as `reference`, and sells a label for it. Nothing is bought yet."""

    label_id: str
    reference: str
    offer: str
    cost: Money


class LabelBought(Event):
    """The label exists; the customer is told when the code that was asked for is there too."""

    label_id: str
    carrier: str
    tracking_number: str
    url: str


class LabelIssued(Event):
    """The customer can send the goods."""

    label_id: str
    carrier: str
    tracking_number: str
    url: str
    qr_code_url: str
    instructions: str


class LabelRefused(Event):
    """There will be no label."""

    label_id: str
    reason: str


class LabelVoidAsked(Event):
    """Nobody needs the label any more: its maker is asked to take it back."""

    label_id: str
    reason: str
    by: str


class LabelVoided(Event):
    """Its maker took the label back."""

    label_id: str


class LabelNotVoided(Event):
    """Its maker does not take the label back, or nobody knows: what it cost stays with the shop."""

    label_id: str
    reason: str
