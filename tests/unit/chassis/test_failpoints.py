"""Failpoints fire where and when they were armed, and nowhere else."""

from pathlib import Path

import pytest

from chassis import failpoints
from chassis.failpoints import Failpoint, FailpointReached, failpoint, parse


def test_parse_names_actions_and_passes() -> None:
    """Each part arms one place with its action, argument and pass."""
    assert parse("a=kill, b=sleep:0.5@3,c=raise@2,") == {
        "a": Failpoint("kill"),
        "b": Failpoint("sleep", 0.5, 3),
        "c": Failpoint("raise", 0.0, 2),
    }
    assert parse("") == {}


@pytest.mark.parametrize("text", ["a", "a=explode", "a=sleep", "a=kill:3", "a=sleep:soon"])
def test_a_malformed_plan_is_refused(text: str) -> None:
    """A typo must not pass for an armed failpoint."""
    with pytest.raises(ValueError):
        parse(text)


async def test_only_the_named_pass_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    """`@2` fires on the second pass alone; other names never fire."""
    plan = parse("a=raise@2")
    monkeypatch.setattr(failpoints, "_plan", lambda: plan)
    await failpoint("a")
    await failpoint("b")
    with pytest.raises(FailpointReached):
        await failpoint("a")
    await failpoint("a")


async def test_a_plan_in_a_file_is_taken_anew_when_it_is_replaced(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without the file nothing is armed; the same plan again counts its passes from the beginning."""
    file = tmp_path / "plan"
    monkeypatch.setenv(failpoints.VARIABLE, f"@{file}")
    monkeypatch.setattr(failpoints, "_plan", failpoints._source.__wrapped__())
    await failpoint("a")
    for _ in range(2):
        new = tmp_path / "new"
        new.write_text("a=raise@2")
        new.replace(file)
        await failpoint("a")
        with pytest.raises(FailpointReached):
            await failpoint("a")
        await failpoint("a")
    file.unlink()
    await failpoint("a")
