"""Everything a process says about itself: JSON log lines, Prometheus metrics, and traces where they are asked for.

Each log line carries the case, request and correlation ids of the work it belongs to, wherever in the code it is
written. No line carries a secret. The chassis's metrics all stand in `Metrics`, so a dashboard has one place to read.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, Token
from typing import Any

import orjson
import structlog
from opentelemetry import propagate, trace
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from chassis.throttle import Throttle
from chassis.told import trace_of

_SECRET_NAMES = re.compile(r"password|secret|token|authorization|\bkek\b|private_key", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?P<head>\w+://[^:@/\s]*):[^@/\s]+@")
_BEARER = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+")
_REPETITIVE = ("aiokafka",)
"""Each of its clients tells of an absent broker several times a second."""
_HEARD_EVERY = 30.0
_FAST = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)


class Metrics:
    """Every metric of the chassis. One value per process, `METRICS`."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        one: dict[str, Any] = {"namespace": "aftercare", "registry": self.registry}
        self.rpcs = Counter("rpcs", "Answered calls by status code", ["method", "code"], **one)
        self.rpc_seconds = Histogram("rpc_seconds", "Time to answer a call", ["method"], buckets=_FAST, **one)
        self.rpcs_running = Gauge("rpcs_running", "Calls being answered now", **one)
        self.commands = Counter(
            "commands",
            "Commands by outcome: accepted, dry_run, refused",
            ["method", "outcome"],
            **one,
        )
        self.units = Counter("units", "Units of work by the verdict of the append", ["verdict"], **one)
        self.append_seconds = Histogram("append_seconds", "One call of the append function", buckets=_FAST, **one)
        self.append_units = Histogram(
            "append_units",
            "Units in one call of the append function",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
            **one,
        )
        self.records = Counter(
            "records",
            "Records from Kafka by outcome: applied, duplicate, ignored, parked",
            ["topic", "outcome"],
            **one,
        )
        self.published = Counter("published", "Records acknowledged by Kafka", ["topic"], **one)
        self.timers_fired = Counter(
            "timers_fired",
            "Timers by outcome: fired, set_aside",
            ["kind", "outcome"],
            **one,
        )
        self.effect_attempts = Counter(
            "effect_attempts",
            "Calls of the outside by outcome",
            ["kind", "outcome"],
            **one,
        )
        self.effect_circuit = Gauge(
            "effect_circuit", "1 while calls of a kind do not begin because its provider keeps failing", ["kind"], **one
        )
        self.role_up = Gauge("role_up", "1 while the role is ready, else 0", ["role"], **one)
        self.state = Gauge(
            "state",
            "What waits in the database: parked, held_effects, unknown_effects, overdue_timers, ...",
            ["what"],
            **one,
        )


METRICS = Metrics()


def configure_logging(level: str, **fixed: str) -> None:
    """One JSON object per line on stdout, from our code and from every library alike; `fixed` is on each line."""

    def add_fixed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        for name, value in fixed.items():
            line.setdefault(name, value)
        return line

    shared: list[structlog.typing.Processor] = [
        what_it_is_about,
        add_fixed,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(trace_of),
        structlog.processors.UnicodeDecoder(),
        without_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    handler.addFilter(Throttle(_REPETITIVE, seconds=_HEARD_EVERY, say=handler.handle))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for chatty in (
        "aiokafka",
        "faststream",
        "uvicorn.access",
        "uvicorn.error",
        "asyncio",
        "sqlalchemy.engine",
    ):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def without_secrets(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A value under a telling name, a password inside a URL and a bearer token are blotted out."""
    for name, value in line.items():
        if _SECRET_NAMES.search(name):
            line[name] = "***"
        elif isinstance(value, str):
            line[name] = _BEARER.sub("Bearer ***", _URL_PASSWORD.sub(r"\g<head>:***@", value))
    return line


def _json(line: Mapping[str, Any], default: Any = None, **_: Any) -> str:
    return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class about:
    """Inside this block every log line names the case, request and correlation it is about, and whatever more is told.

    What is empty stays as the block around it has it. Every decision and record passes through here, so nothing is
    looked at and no text is made before a line is written.
    """

    __slots__ = ("_named", "_outer")

    _outer: "Token[tuple[about, ...]]"

    def __init__(self, **named: object) -> None:
        self._named = named

    def named(self) -> Mapping[str, object]:
        """What lines are to say."""
        return self._named

    def __enter__(self) -> None:
        self._outer = _ABOUT.set((*_ABOUT.get(), self))

    def __exit__(self, *_: object) -> None:
        _ABOUT.reset(self._outer)


_ABOUT: ContextVar[tuple[about, ...]] = ContextVar("about", default=())


def correlation() -> str:
    """The correlation id of the present work, empty where none is told."""
    for block in reversed(_ABOUT.get()):
        if said := block.named().get("correlation"):
            return str(said)
    return ""


def what_it_is_about(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What a line says itself stands above what its block says."""
    for block in reversed(_ABOUT.get()):
        for name, value in block.named().items():
            if value:
                line.setdefault(name, str(value))
    return line


def configure_tracing(service: str) -> None:
    """Send traces where the standard OTEL_EXPORTER_OTLP_ENDPOINT says; without it nothing is made or loaded."""
    if not (os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")):
        return
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"aftercare.{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def span(
    name: str,
    carrier: Mapping[str, str],
    kind: trace.SpanKind = trace.SpanKind.INTERNAL,
) -> AbstractContextManager[trace.Span]:
    """A span that continues the trace named in `carrier` (W3C traceparent); costs nothing where nobody traces."""
    if "traceparent" not in carrier and type(trace.get_tracer_provider()) is trace.ProxyTracerProvider:
        return _UNTRACED
    return trace.get_tracer("aftercare").start_as_current_span(
        name, context=propagate.extract(dict(carrier)), kind=kind
    )


_UNTRACED = nullcontext(trace.INVALID_SPAN)
