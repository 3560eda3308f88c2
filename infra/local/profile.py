"""What differs between parts for tests and for people; all else is the same, so that tests prove the real thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    durable: bool
    heap: tuple[str, ...]
    postgres_settings: Mapping[str, str] = field(default_factory=dict)


# Without fsync a killed process still loses nothing, only a lost machine does. A commit is waited for all the same.
TESTS = Profile(
    name="tests",
    durable=False,
    heap=("-Xmx256m", "-Xms48m", "-Xss512k", "-XX:TieredStopAtLevel=1"),
    postgres_settings={"fsync": "off", "full_page_writes": "off", "shared_buffers": "96MB"},
)
DEMO = Profile(
    name="demo",
    durable=True,
    heap=("-Xmx512m", "-Xms128m"),
    postgres_settings={"shared_buffers": "128MB"},
)
PROFILES = {profile.name: profile for profile in (TESTS, DEMO)}
