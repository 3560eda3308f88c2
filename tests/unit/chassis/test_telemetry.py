"""Log lines carry what they are about and never a secret; metrics have one place."""

import json
import logging

import pytest
import structlog
from prometheus_client import CollectorRegistry

from chassis.telemetry import Metrics, about, configure_tracing, correlation, span
from tests.lines import Lines, lines

__all__ = ["lines"]


def test_a_line_carries_case_request_and_correlation(lines: Lines) -> None:
    """Ours and a library's alike, and only inside the block."""
    with about(case="c1", request="r1", correlation="x1"):
        structlog.get_logger("ours").info("decided", outcome="yes")
        logging.getLogger("library").warning("slow by %s s", 3)
        assert correlation() == "x1"
    structlog.get_logger("ours").info("after")
    decided, slow, after = lines.all()
    assert {k: decided[k] for k in ("event", "case", "request", "correlation", "outcome", "service", "level")} == {
        "event": "decided",
        "case": "c1",
        "request": "r1",
        "correlation": "x1",
        "outcome": "yes",
        "service": "returns",
        "level": "info",
    }
    assert (slow["event"], slow["case"], slow["logger"]) == ("slow by 3 s", "c1", "library")
    assert "case" not in after


def test_the_inner_block_stands_above_the_outer_one_and_says_no_more_than_it_knows(lines: Lines) -> None:
    """What it leaves empty stays, and what the line says itself stands above both."""
    with about(case="c1", request="r1", correlation="x1"):
        with about(case="c2", request="", effect=7):
            structlog.get_logger("ours").info("inner", effect=8)
            assert correlation() == "x1"
        structlog.get_logger("ours").info("outer")
    inner, outer = lines.all()
    assert [inner[name] for name in ("case", "request", "correlation", "effect")] == ["c2", "r1", "x1", 8]
    assert [outer.get(name) for name in ("case", "request", "correlation", "effect")] == ["c1", "r1", "x1", None]


def test_no_line_carries_a_secret(lines: Lines) -> None:
    log = structlog.get_logger("ours")
    log.info(
        "connecting",
        url="postgresql://u:hunter2@host/db",
        password="hunter2",
        api_token="hunter2",
        header="Bearer hunter2.hunter2",
    )
    logging.getLogger("library").error("no answer from smtp://u:hunter2@mail")
    try:
        raise ValueError("authorization: bearer hunter2")
    except ValueError:
        log.exception("failed")
    written = json.dumps(lines.all())
    assert "hunter2" not in written
    assert "postgresql://u:***@host/db" in written


def test_an_error_is_one_line_with_its_trace(lines: Lines) -> None:
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("failed", at={1, 2}, where=ValueError)
    (line,) = lines.all()
    assert line["exception"].endswith('raise ZeroDivisionError("by zero")\nZeroDivisionError')


def test_each_metric_is_there_once_and_named_for_us() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.rpcs.labels("/a/B", "OK").inc()
    assert registry.get_sample_value("aftercare_rpcs_total", {"method": "/a/B", "code": "OK"}) == 1
    assert all(family.name.startswith("aftercare_") for family in registry.collect())


def test_tracing_is_off_until_an_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """No exporter is needed, and a span is still harmless."""
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    configure_tracing("returns")
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with span("work", {"traceparent": trace}) as current:
        assert not current.is_recording()
        assert f"{current.get_span_context().trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
