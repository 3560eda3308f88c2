"""The table, `latest.json` and `latest.svg` of everything on record."""

import json
import os
import platform
from pathlib import Path
from typing import Any

from bench.drawing import draw


def write_report(results: Path) -> str:
    """Writes `latest.json`, `latest.md` and `latest.svg` from the figures on record; returns the table."""
    figures: list[dict[str, Any]] = [
        json.loads(line) for path in sorted(results.glob("p*.jsonl")) for line in path.read_text().splitlines()
    ]
    figures.sort(key=lambda figure: (int("".join(c for c in figure["id"] if c.isdigit())), figure["id"]))
    (results / "latest.json").write_text(json.dumps(figures, indent=1) + "\n")
    (results / "latest.svg").write_text(draw(figures, machine()))
    table = _table(figures)
    (results / "latest.md").write_text("\n".join(["# Figures", "", "```", table, "```", "", *_beside(figures)]) + "\n")
    return table


def machine() -> str:
    """What the figures were measured on, in a line."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _table(figures: list[dict[str, Any]]) -> str:
    head = ("id", "figure", "value", "low-high", "goal", "stretch", "", "absolute")
    rows = [head] + [
        (
            figure["id"],
            figure["name"],
            f"{figure['value']:.2f}",
            f"{figure['low']:.2f}-{figure['high']:.2f}",
            "-" if figure["goal"] is None else f"{figure['goal']:g}",
            "-" if figure["stretch"] is None else f"{figure['stretch']:g}",
            {True: "met", False: "MISSED", None: ""}[figure["met"]],
            f"{figure['absolute']:,.1f} {figure['unit']}",
        )
        for figure in figures
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([machine(), "", *lines])


def _beside(figures: list[dict[str, Any]]) -> list[str]:
    """What was read beside each figure, CPU in microseconds for each piece of work, and what it is held against."""
    lines = ["| figure | held against | beside it |", "| --- | --- | --- |"]
    for figure in figures:
        beside = [f"{name} {value:,.4g}" for name, value in figure["parts"].items()]
        said = ", ".join(beside) + (f". {figure['note']}" if figure["note"] else "")
        lines.append(f"| {figure['id']} {figure['name']} | {figure['floor']} | {said} |")
    return lines
