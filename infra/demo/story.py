"""What the demo tells and claims. A claim holds a figure that was read somewhere, and the rule it must satisfy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from infra.demo.stage import Stage
from infra.shop_simulator.bus import Fact


@dataclass(frozen=True, slots=True)
class Claim:
    """`measured` as it was read, `read_from` says where, `holds` whether the rule is satisfied."""

    text: str
    measured: str
    read_from: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """An order in the demo's cast, for the closing table."""

    order_id: str
    customer: str
    customer_id: str


@dataclass(slots=True)
class Story:
    """The demo in progress."""

    stage: Stage
    console: Console = field(default_factory=lambda: Console(highlight=False, width=180))
    claims: list[Claim] = field(default_factory=list)
    cast: list[Cast] = field(default_factory=list)
    published: list[Fact] = field(default_factory=list)

    def scene(self, number: int, title: str) -> None:
        self.console.rule(f"[bold]{number}. {title}")

    def say(self, text: str) -> None:
        self.console.print(text)

    def quote(self, title: str, text: str) -> None:
        self.console.print(Panel(text.strip(), title=title, title_align="left", border_style="dim"))

    def claim(self, text: str, measured: object, read_from: str, holds: bool) -> None:
        """Keep a figure and whether its rule holds."""
        self.claims.append(Claim(text, str(measured), read_from, bool(holds)))
        mark = "[green]✓[/green]" if holds else "[red]✗[/red]"
        self.console.print(f"  {mark} {text}: [bold]{measured}[/bold]  [dim]({read_from})[/dim]")

    async def publish(self, *facts: Fact) -> None:
        """Publish as the shop, and remember it for the replay of the whole day."""
        await self.stage.bus.publish(*facts)
        self.published += facts

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        drawn = Table(title=title, title_justify="left", header_style="bold", show_lines=False)
        for column in columns:
            drawn.add_column(column, overflow="fold")
        for row in rows:
            drawn.add_row(*(str(cell) for cell in row))
        self.console.print(drawn)


def fact(message: Message, ce_id: str, source: str = "/shop") -> Fact:
    """A record of the shop with an id of its own."""
    return Fact(message, ce_id, source)


def euros(money: Any) -> str:
    """Minor units as people write them."""
    return f"{money.minor_units / 100:.2f} {money.currency}" if money.currency else "-"


def at(stamp: Any) -> datetime:
    """A protobuf instant."""
    found: datetime = stamp.ToDatetime(tzinfo=UTC)
    return found
