"""What of a bundle comes back alone: counted over units that are alike, whatever their numbers."""

from hypothesis import given
from hypothesis import strategies as st

from services.returns.domain.bundle import Broken, Part, broken

WHOLE = Broken((), ())


def part(per: int, back: str, stay: str) -> Part:
    return Part(per, back.split(), stay.split())


def test_a_part_alone_names_the_rest() -> None:
    """A camera kit of three parts: the strap alone, then all of it."""
    assert broken([part(1, "", "body"), part(1, "", "lens"), part(1, "strap", "")]) == Broken(
        ("strap",), ("body", "lens")
    )
    assert broken([part(1, "body", ""), part(1, "lens", ""), part(1, "strap", "")]) == WHOLE


def test_of_two_bundles_one_comes_back_whole_whichever_units_are_named() -> None:
    """Two sets of one razor and two foams: any razor with any two foams is a set; one foam more is alone."""
    assert broken([part(1, "r2", "r1"), part(2, "f1 f2", "f3 f4")]) == WHOLE
    assert broken([part(1, "r2", "r1"), part(2, "f1 f2 f3", "f4")]) == Broken(("f3",), ("r1", "f4"))


def test_what_is_left_of_a_bundle_that_is_not_whole_any_more_goes_where_it_wants() -> None:
    """One razor of two is gone: two foams belong to nothing, the others still to the second set."""
    assert broken([part(1, "", "r2"), part(2, "f1 f2", "f3 f4")]) == WHOLE
    assert broken([part(1, "", "r2"), part(2, "f1 f2 f3", "f4")]) == Broken(("f3",), ("r2", "f4"))
    assert broken([part(1, "", ""), part(2, "f1", "f2")]) == WHOLE


@st.composite
def bundles(draw: st.DrawFn) -> list[Part]:
    """Some bundles of up to three lines, of which some units are gone, some come back, and the rest stays."""
    count, found = draw(st.integers(1, 4)), []
    for n in range(draw(st.integers(1, 3))):
        per = draw(st.integers(1, 3))
        there = draw(st.integers(0, count * per))
        back = draw(st.integers(0, there))
        units = [f"{n}-{m}" for m in range(there)]
        found.append(Part(per, units[:back], units[back:]))
    return found


def sets(parts: list[Part], of: str) -> int:
    return min(len(getattr(part, of)) // part.per for part in parts)


@given(bundles())
def test_without_what_comes_back_alone_nothing_is_broken_and_with_the_rest_neither(parts: list[Part]) -> None:
    """Whole are exactly the requests that leave as many whole bundles as they can; both ways out of any other are
    named: leave what is alone, or add what is missing."""
    before, torn = min((len(p.back) + len(p.stay)) // p.per for p in parts), broken(parts)
    assert bool(torn.alone) == bool(torn.missing)
    assert {*torn.alone} <= {u for p in parts for u in p.back} and {*torn.missing} <= {u for p in parts for u in p.stay}
    kept = [
        Part(p.per, [u for u in p.back if u not in torn.alone], [*p.stay, *(u for u in p.back if u in torn.alone)])
        for p in parts
    ]
    more = [
        Part(p.per, [*p.back, *(u for u in p.stay if u in torn.missing)], [u for u in p.stay if u not in torn.missing])
        for p in parts
    ]
    for mended in (kept, more):
        assert broken(mended) == WHOLE
        assert sets(mended, "back") + sets(mended, "stay") == before
    assert (sets(parts, "back") + sets(parts, "stay") == before) == (not torn.alone)


@given(bundles(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_means_nothing(parts: list[Part], shuffle: object) -> None:
    mixed = list(parts)
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = broken(parts), broken(mixed)
    assert (sorted(one.alone), sorted(one.missing)) == (sorted(other.alone), sorted(other.missing))
