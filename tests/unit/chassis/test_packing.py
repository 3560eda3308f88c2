"""Overlaps inside a batch: what the writer reports and SQL settles equals judging units one after another."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from chassis.packing import TAKES, overlaps
from chassis.unit import Fence, RequestRow, StoredEvent, Unit, Verdict

IDS = [UUID(int=n) for n in range(1, 5)]


def one_by_one(units: list[Unit], doomed: set[int]) -> list[Verdict]:
    """The plain meaning of a batch: each unit meets the writes of the accepted ones before it."""
    taken: set[object] = set()
    out = []
    for n, unit in enumerate(units):
        keys = {
            "request": ("request", unit.request.key) if unit.request else None,
            "fence": ("fence", unit.fences[0].source, unit.fences[0].partition) if unit.fences else None,
        }
        if n in doomed:
            out.append(Verdict.ERASED)  # stands for any refusal by stored state
            continue
        refusals = {Verdict.OVERTAKEN for a in unit.reads if a in taken}
        refusals |= {Verdict.KNOWN for i in unit.inbox if ("inbox", i) in taken}
        refusals |= {Verdict.REPLAYED for k in [keys["request"]] if k in taken and k}
        refusals |= {Verdict.FENCE for k in [keys["fence"]] if k in taken and k}
        if refusals:
            out.append(Verdict.OVERTAKEN if Verdict.OVERTAKEN in refusals else min(refusals))
            continue
        out.append(Verdict.ACCEPTED)
        taken |= {e.aggregate_id for e in unit.events} | {("inbox", i) for i in unit.inbox}
        taken |= {k for k in keys.values() if k}
    return out


def settled(units: list[Unit], doomed: set[int]) -> list[Verdict]:
    """What the SQL function does with the reported entries."""
    status = [Verdict.ERASED if n in doomed else Verdict.ACCEPTED for n in range(len(units))]
    taken: set[int] = set()
    for u, group, kind in zip(*overlaps(units).arrays(), strict=True):
        if status[u - 1] is Verdict.ACCEPTED:
            if kind == TAKES:
                taken.add(group)
            elif group in taken:
                status[u - 1] = Verdict(kind)
    return status


units = st.builds(
    lambda reads, writes, inbox, request, fence: Unit(
        reads=dict.fromkeys([*reads, *writes], 0),
        events=[StoredEvent(i, 1, "t", b"") for i in writes],
        inbox=inbox,
        request=RequestRow(request, request, b"") if request else None,
        fences=[Fence("s", fence, 0, 1)] if fence else [],
    ),
    reads=st.lists(st.sampled_from(IDS), unique=True),
    writes=st.lists(st.sampled_from(IDS), unique=True, max_size=2),
    inbox=st.lists(st.sampled_from(IDS), unique=True, max_size=2),
    request=st.none() | st.sampled_from(IDS),
    fence=st.none() | st.integers(1, 2),
)


@given(batch=st.lists(units, max_size=8), doomed=st.sets(st.integers(0, 7)))
def test_a_batch_is_judged_as_if_its_units_ran_one_after_another(batch: list[Unit], doomed: set[int]) -> None:
    expected = [v is Verdict.ACCEPTED for v in one_by_one(batch, doomed)]
    assert [v is Verdict.ACCEPTED for v in settled(batch, doomed)] == expected


@given(batch=st.lists(units, max_size=1))
def test_a_lone_unit_overlaps_with_nothing(batch: list[Unit]) -> None:
    assert overlaps(batch).entries == []
