"""Draws the table from the engine: nothing in it is written by hand."""

from pathlib import Path

from casework.amounts import spoken
from services.returns.domain.policy import Judged, Outcome, judge_promise
from services.returns.policies import EXAMPLES, example_text, load_policy
from services.returns.what_if.situations import example_situations

FILE = Path(__file__).parents[2] / "docs" / "policy-examples.md"

_WORDS = {Outcome.AUTHORISE: "yes", Outcome.PERSON: "a person", Outcome.DECLINE: "no"}

_HEAD = """# Five shops, twenty-five situations

Written by `python -m infra.policies` from `services/returns/data/examples/`, never by hand: each cell is a decision of
the engine. First the outcome with the clause that decides; *law* marks a rule of law that no clause of the shop may go
against. Then what the answer comes with: fees, what is asked for before, when the money goes back (where it is not
after inspection). What the situations are in full stands in `services/returns/data/examples/situations.yaml`; the
clauses are explained in [write your policy](policy.md).

"""


def document() -> str:
    """The whole document."""
    policies = [load_policy(example_text(name)) for name in EXAMPLES]
    rows = [
        f"| situation | {' | '.join(EXAMPLES)} |",
        f"| --- | {' | '.join('---' for _ in EXAMPLES)} |",
        *(
            f"| {n}. {situation.name} | {' | '.join(_cell(judge_promise(p, situation.facts(p))) for p in policies)} |"
            for n, situation in enumerate(example_situations(), start=1)
        ),
    ]
    return _HEAD + "\n".join(rows) + "\n"


def _cell(judged: Judged) -> str:
    said = f"**{_WORDS[judged.outcome]}** ({judged.clause}{', law' if judged.by_law == judged.clause else ''})"
    offer, more = judged.offer, []
    if judged.outcome is Outcome.DECLINE:
        return said
    if offer.returnless:
        more.append("keeps it")
    more += [f"{fee.name.replace('_', ' ')} {spoken(fee.amount)}" for fee in offer.fees]
    if offer.proofs:
        more.append(f"needs {', '.join(offer.proofs).replace('_', ' ')}")
    if offer.preferred:
        more.append(f"rather {offer.preferred.replace('_', ' ')}")
    if offer.refund_at != "inspection":
        more.append(f"money at {offer.refund_at.replace('_', ' ')}")
    return f"{said}{': ' if more else ''}{', '.join(more)}"
