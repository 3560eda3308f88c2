"""The table, `latest.json` and `latest.svg` of everything on record."""

import json
import os
import platform
from pathlib import Path
from typing import Any


def write_report(results: Path) -> str:
    """Writes `latest.json` and `latest.svg` from the figures on record; returns the table."""
    figures: list[dict[str, Any]] = [
        json.loads(line) for path in sorted(results.glob("p*.jsonl")) for line in path.read_text().splitlines()
    ]
    figures.sort(key=lambda figure: (int("".join(c for c in figure["id"] if c.isdigit())), figure["id"]))
    (results / "latest.json").write_text(json.dumps(figures, indent=1) + "\n")
    (results / "latest.svg").write_text(_svg(figures))
    return _table(figures)


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


def _svg(figures: list[dict[str, Any]]) -> str:
    """A bar per figure with a goal: its value, its spread, and marks at goal and stretch."""
    told = [figure for figure in figures if figure["goal"]]
    height, left, width = 24, 330, 420
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{height * (len(told) + 1)}"'
        ' font-family="sans-serif" font-size="12">'
    ]
    for n, figure in enumerate(told):
        top = n * height + 6
        scale = width / max(figure["high"], figure["stretch"] or 0, figure["goal"], 1e-9)
        colour = "#2a7" if figure["met"] else "#c63"
        value, low, high = (figure[name] * scale for name in ("value", "low", "high"))
        parts.append(f'<text x="4" y="{top + 12}">{_escaped(figure["id"] + " " + figure["name"])[:60]}</text>')
        parts.append(f'<rect x="{left}" y="{top}" width="{value:.1f}" height="14" fill="{colour}"/>')
        parts.append(f'<path d="M{left + low:.1f} {top + 7}H{left + high:.1f}" stroke="#222"/>')
        for name, dash in (("goal", ""), ("stretch", ' stroke-dasharray="3 2"')):
            if figure[name]:
                at = left + figure[name] * scale
                parts.append(f'<path d="M{at:.1f} {top - 3}V{top + 17}" stroke="#000"{dash}/>')
        parts.append(f'<text x="{left + width + 6}" y="{top + 12}">{figure["value"]:.2f}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
