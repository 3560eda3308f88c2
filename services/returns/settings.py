"""The settings of returns, beside those every service has."""

from pydantic import Field

from chassis.settings import ExistingFile, Settings


class ReturnsSettings(Settings):
    """How long the shop's systems may take to answer, and how its money is handled."""

    refund_answer_minutes: int = Field(
        default=30, ge=1, le=7 * 24 * 60, description="a refund without an answer is asked about after so many minutes"
    )
    money_terms: ExistingFile | None = Field(
        default=None, description="a file that replaces the terms of money every shop starts with"
    )
    stripe_accounts: ExistingFile | None = Field(
        default=None, description="a file with the keys of the shops' own Stripe accounts"
    )
    stripe_url: str = Field(
        default="https://api.stripe.com", pattern=r"^https?://", description="where Stripe's API is"
    )
    stripe_answer_hours: int = Field(
        default=72, ge=1, le=30 * 24, description="a pending refund is asked about after so many hours"
    )
    refund_call_seconds: int = Field(
        default=15, ge=1, le=300, description="a call for a refund without an answer is given up after so many seconds"
    )
    exchange_answer_minutes: int = Field(
        default=120,
        ge=1,
        le=7 * 24 * 60,
        description="a request for exchanged goods without an answer becomes a person's task after so many minutes",
    )
    easypost_accounts: ExistingFile | None = Field(
        default=None, description="a file with the EasyPost accounts of the shops whose labels are bought there"
    )
    easypost_url: str = Field(
        default="https://api.easypost.com", pattern=r"^https?://", description="where EasyPost's API is"
    )
    easypost_refund_days: int = Field(
        default=15, ge=1, le=60, description="a label that was given back is asked about after so many days"
    )
    label_call_seconds: int = Field(
        default=30, ge=1, le=300, description="a call for a label without an answer is given up after so many seconds"
    )
    stop_answer_hours: int = Field(
        default=12,
        ge=1,
        le=14 * 24,
        description="goods somebody withdrew from go on when nobody says otherwise for so long",
    )
    credit_note_answer_hours: int = Field(
        default=24, ge=1, le=30 * 24, description="a credit note without an answer becomes a task after so many hours"
    )
    label_answer_minutes: int = Field(
        default=120, ge=1, le=7 * 24 * 60, description="a label without an answer is unknown after so many minutes"
    )
