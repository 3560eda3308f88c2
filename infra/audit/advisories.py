"""Asks an advisory service of the Open Source Vulnerability schema about exact versions. Silence is never a pass."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

from infra.audit.locks import Component

SERVICE = "https://api.osv.dev"
_AT_ONCE = 500
_PATIENCE = 30


class Unanswered(Exception):
    """Nobody can say whether there are weaknesses; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Weakness:
    component: Component
    id: str


def weaknesses(found: Sequence[Component], service: str) -> list[Weakness]:
    """Every advisory that names one of these versions, or `Unanswered`."""
    told: list[Weakness] = []
    for start in range(0, len(found), _AT_ONCE):
        asked = found[start : start + _AT_ONCE]
        queries = [{"package": {"name": c.name, "ecosystem": c.ecosystem}, "version": c.version} for c in asked]
        answers = _ask(f"{service.rstrip('/')}/v1/querybatch", {"queries": queries})
        if len(answers) != len(asked):
            raise Unanswered(f"audit: {service} answered {len(answers)} of {len(asked)} questions: nothing is known.")
        for component, answer in zip(asked, answers, strict=True):
            told += [Weakness(component, str(one["id"])) for one in (answer or {}).get("vulns", [])]
    return told


def _ask(url: str, body: object) -> list[dict[str, list[dict[str, str]]] | None]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            return list(json.load(answer)["results"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        raise Unanswered(f"audit: the advisory service {url} gave no answer ({why}): nothing is known.") from None
