"""Kafka never runs from a jar whose bytes are not the locked ones."""

import hashlib
from pathlib import Path, PurePosixPath

import pytest

from infra.local.failures import JarsUnavailable
from infra.local.jars import LOCK, LockedJar, complete, mirrors_in, read_lock, sources

CONTENT = b"a jar of bytes"
JAR = LockedJar(PurePosixPath("org/example/a/1/a-1.jar"), hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Maven repository in a folder, which serves the right bytes."""
    file = tmp_path / "repository" / JAR.path
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    return tmp_path / "repository"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jars").mkdir()
    return tmp_path / "jars"


def test_a_missing_jar_is_fetched(repository: Path, folder: Path) -> None:
    assert complete(folder, [JAR], lambda: [repository.as_uri()]) == [folder / "a-1.jar"]
    assert (folder / "a-1.jar").read_bytes() == CONTENT


@pytest.mark.parametrize("damaged", [b"a jar of bytez", b"a jar", b"", b"a jar of bytes and more"])
def test_a_tampered_or_truncated_jar_is_replaced(damaged: bytes, repository: Path, folder: Path) -> None:
    (folder / "a-1.jar").write_bytes(damaged)
    complete(folder, [JAR], lambda: [repository.as_uri()])
    assert (folder / "a-1.jar").read_bytes() == CONTENT


def test_good_jars_need_no_source(folder: Path) -> None:
    def unreachable() -> list[str]:
        raise AssertionError("no source may be looked for")

    (folder / "a-1.jar").write_bytes(CONTENT)
    assert complete(folder, [JAR], unreachable) == [folder / "a-1.jar"]


@pytest.mark.parametrize("served", [b"a jar of bytez", b"a jar", b"a jar of bytes and more"])
def test_a_source_with_other_bytes_is_refused_and_nothing_is_kept(
    served: bytes, repository: Path, folder: Path
) -> None:
    (repository / JAR.path).write_bytes(served)
    with pytest.raises(JarsUnavailable) as refused:
        complete(folder, [JAR], lambda: [repository.as_uri()])
    assert "a-1.jar could not be fetched" in str(refused.value)
    assert "sent other bytes than those in requirements/kafka.lock" in str(refused.value)
    assert list(folder.iterdir()) == []


def test_the_next_source_is_asked_when_one_fails(repository: Path, folder: Path, tmp_path: Path) -> None:
    complete(folder, [JAR], lambda: [(tmp_path / "empty").as_uri(), repository.as_uri()])
    assert (folder / "a-1.jar").read_bytes() == CONTENT


def test_what_an_interrupted_fetch_left_goes(repository: Path, folder: Path) -> None:
    (folder / ".part-123").write_bytes(b"a ja")
    complete(folder, [JAR], lambda: [repository.as_uri()])
    assert [path.name for path in folder.iterdir()] == ["a-1.jar"]


def test_a_named_mirror_replaces_every_other_host(tmp_path: Path) -> None:
    named = {"AFTERCARE_MAVEN_MIRROR": "https://mirror.invalid/maven/"}
    assert sources(named, tmp_path / "none.xml", "file:///m2", "https://default.invalid") == [
        "file:///m2",
        "https://mirror.invalid/maven",
    ]
    assert sources({}, tmp_path / "none.xml", None, "https://default.invalid/") == ["https://default.invalid"]


def test_mirrors_of_the_central_repository_are_read_from_mavens_settings(tmp_path: Path) -> None:
    settings = tmp_path / "settings.xml"
    settings.write_text(
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><mirrors>'
        "<mirror><mirrorOf>*,!private</mirrorOf><url>https://a.invalid/</url></mirror>"
        "<mirror><mirrorOf>snapshots</mirrorOf><url>https://b.invalid</url></mirror>"
        "<mirror><mirrorOf>*,!central</mirrorOf><url>https://c.invalid</url></mirror>"
        "</mirrors></settings>"
    )
    assert mirrors_in(settings) == ["https://a.invalid"]
    settings.write_text("<settings>")
    assert mirrors_in(settings) == []


def test_the_lock_names_46_jars_and_no_host() -> None:
    text = LOCK.read_text()
    assert len(read_lock(text)) == 46
    assert "://" not in text
