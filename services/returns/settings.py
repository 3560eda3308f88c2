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
    label_answer_minutes: int = Field(
        default=120, ge=1, le=7 * 24 * 60, description="a label without an answer is unknown after so many minutes"
    )
