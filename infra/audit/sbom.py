"""The bill of materials as CycloneDX 1.6: the same locks give the same bytes, so a diff of two shows what changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from infra.audit.locks import Component


def document(version: str, found: Sequence[Component]) -> dict[str, Any]:
    """The whole document, without the instant it was made at."""
    listed = [_component(one) for one in found]
    serial = uuid5(NAMESPACE_URL, json.dumps([version, listed], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "aftercare", "name": "aftercare", "version": version}
        },
        "components": listed,
        "dependencies": [{"ref": "aftercare", "dependsOn": [one.purl for one in found]}],
    }


def _component(one: Component) -> dict[str, Any]:
    """A package comes as one of several files: whichever is installed is one of `hashes`' files, a jar is its one."""
    group, _, artifact = one.name.rpartition(":")
    named = {"group": group, "name": artifact} if group else {"name": one.name}
    made: dict[str, Any] = {"type": "library", "bom-ref": one.purl, **named, "version": one.version, "purl": one.purl}
    if len(one.sha256) == 1:
        made["hashes"] = [{"alg": "SHA-256", "content": one.sha256[0]}]
    else:
        made["externalReferences"] = [
            {"type": "distribution", "url": one.purl, "hashes": [{"alg": "SHA-256", "content": sha256}]}
            for sha256 in one.sha256
        ]
    return made
