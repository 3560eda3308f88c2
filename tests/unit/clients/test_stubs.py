"""The command reaches every rpc of every contract, also of one that was added yesterday."""

from clients.cli.stubs import find
from tests.contract import contracts


def test_every_rpc_of_the_contracts_is_found_by_its_name() -> None:
    """By service and name alone; the operators' are the same for each."""
    rpcs = [
        m for m in contracts.methods() if m.full_name.split(".")[1] not in ("admin", "casework", "commands", "common")
    ]
    assert len(rpcs) > 150
    missing = [m.full_name for m in rpcs if find(m.full_name.split(".")[1], m.name).full_name != m.full_name]
    assert missing == []
