"""Every mutant, in the order of docs/guarantees.md, and the promises that none can attack here."""

from tests.mutants.catalogue import (
    approvals,
    bundles,
    changes,
    decisions,
    documents,
    exchanges,
    goods,
    labels,
    lost,
    money,
    parts,
    people,
    policies,
    recovery,
    requests,
    surface,
    twice,
    walks,
)

MUTANTS = (
    *lost.MUTANTS,
    *twice.MUTANTS,
    *requests.MUTANTS,
    *parts.MUTANTS,
    *decisions.MUTANTS,
    *policies.MUTANTS,
    *money.MUTANTS,
    *exchanges.MUTANTS,
    *documents.MUTANTS,
    *goods.MUTANTS,
    *bundles.MUTANTS,
    *labels.MUTANTS,
    *changes.MUTANTS,
    *walks.MUTANTS,
    *people.MUTANTS,
    *approvals.MUTANTS,
    *recovery.MUTANTS,
    *surface.MUTANTS,
)

WITHOUT: dict[str, str] = {**recovery.WITHOUT}
"""Promise -> why no mutant of it is possible."""
