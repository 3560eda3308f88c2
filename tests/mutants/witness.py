"""Writes down how each test ended and by what, for whoever runs pytest with `-p tests.mutants.witness`."""

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

VARIABLE = "AFTERCARE_MUTANTS_WITNESS"


def pytest_configure() -> None:
    """One failing example is enough: the smallest one costs minutes to find."""
    phases, slowness = (Phase.explicit, Phase.generate), [HealthCheck.too_slow]
    settings.register_profile("mutants", phases=phases, database=None, deadline=None, suppress_health_check=slowness)
    settings.load_profile("mutants")


def _kinds(error: BaseException) -> list[str]:
    """What an error is; of a group, what is in it."""
    if isinstance(error, BaseExceptionGroup):
        return sorted({kind for inner in error.exceptions for kind in _kinds(inner)})
    return [type(error).__name__]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    told = yield
    if told.when == "call" or not told.passed:
        kinds = [] if call.excinfo is None else _kinds(call.excinfo.value)
        seen = {"test": item.nodeid, "when": told.when, "outcome": told.outcome, "kinds": kinds}
        with Path(os.environ[VARIABLE]).open("a") as file:
            file.write(json.dumps(seen) + "\n")
    return told
