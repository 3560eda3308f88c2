"""Every mutant, in the order of docs/guarantees.md, and the promises that none can attack here."""

from tests.mutants.catalogue import decisions, lost, money, people, surface, twice

MUTANTS = (*lost.MUTANTS, *twice.MUTANTS, *decisions.MUTANTS, *money.MUTANTS, *people.MUTANTS, *surface.MUTANTS)

WITHOUT: dict[str, str] = {}
"""Promise -> why no mutant of it is possible."""
