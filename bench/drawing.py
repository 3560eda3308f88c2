"""One bar for each figure that has a goal, drawn as a share of the goal, so that all bars can be compared."""

from typing import Any

LEFT, WIDTH, RIGHT, ROW, TOP = 360, 420, 150, 30, 64
MOST = 1.6
"""Times the goal at which a bar is cut off."""


def draw(figures: list[dict[str, Any]], machine: str) -> str:
    """Longer is better in every row: where less is wanted, the goal is divided by the value."""
    told = [figure for figure in figures if figure["goal"]]
    height = TOP + ROW * len(told) + 16
    goal_at = LEFT + WIDTH / MOST
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}"'
        ' font-family="sans-serif" font-size="13">',
        f'<rect width="100%" height="{height}" fill="#fff"/>',
        '<text x="12" y="22" font-size="15" font-weight="bold">Reached of each goal (longer is better)</text>',
        f'<text x="12" y="42" fill="#555">{_escaped(machine)}</text>',
        f'<text x="{goal_at:.1f}" y="{TOP - 8}" text-anchor="middle" fill="#555">goal</text>',
        f'<path d="M{goal_at:.1f} {TOP - 4}V{height - 12}" stroke="#000"/>',
    ]
    for n, figure in enumerate(told):
        parts += _row(figure, TOP + n * ROW)
    return "\n".join([*parts, "</svg>", ""])


def _row(figure: dict[str, Any], top: int) -> list[str]:
    value, low, high = (_place(figure, figure[name]) for name in ("value", "low", "high"))
    sign = "≤" if figure["less_is_better"] else "≥"
    row = [
        f'<text x="12" y="{top + 16}">{_escaped(figure["id"] + "  " + figure["name"])[:52]}</text>',
        f'<rect x="{LEFT}" y="{top + 3}" width="{value - LEFT:.1f}" height="18"'
        f' fill="{"#2a9d6f" if figure["met"] else "#d1633c"}"/>',
        f'<path d="M{min(low, high):.1f} {top + 12}H{max(low, high):.1f}" stroke="#222" stroke-width="2"/>',
        f'<text x="{LEFT + WIDTH + 10}" y="{top + 16}">{figure["value"]:,.4g} ({sign} {figure["goal"]:,g})</text>',
    ]
    if figure["stretch"]:
        at = _place(figure, figure["stretch"])
        row.append(f'<path d="M{at:.1f} {top}V{top + 24}" stroke="#000" stroke-dasharray="3 2"/>')
    return row


def _place(figure: dict[str, Any], value: float) -> float:
    goal = float(figure["goal"])
    reached = goal / max(value, 1e-9) if figure["less_is_better"] else value / goal
    return LEFT + min(reached, MOST) * WIDTH / MOST


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
