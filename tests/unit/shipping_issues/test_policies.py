"""Data is whole or the service does not start."""

from importlib.resources import files
from typing import Any

import pytest
import yaml

from services.shipping_issues.domain.values import STATUSES
from services.shipping_issues.policies import FINDINGS, carriers_from, guidelines_from, load_rules


def data(name: str) -> Any:
    return yaml.safe_load((files("services.shipping_issues") / "data" / name).read_text(encoding="utf-8"))


def test_every_finding_has_a_guideline_with_reasons() -> None:
    """Each proposal says why; each choice of the customer is also a proposal."""
    rules = load_rules()
    for finding in FINDINGS:
        guideline = rules.guidelines.of(finding)
        assert set(guideline.choices) <= set(guideline.proposals)
        assert all(guideline.why[remedy] for remedy in guideline.proposals)


def test_every_carrier_says_where_its_codes_come_from() -> None:
    """And every code maps to a status there is."""
    rules = load_rules()
    for carrier in rules.carriers.by_name.values():
        assert carrier.source
        assert {meaning.status for meaning in carrier.codes.values()} <= set(STATUSES)


def test_a_finding_without_a_guideline_stops_the_start() -> None:
    """The missing one is named."""
    entries = data("guidelines.yaml")
    del entries["findings"]["stalled"]
    with pytest.raises(ValueError, match="no entry for stalled"):
        guidelines_from(entries)


def test_an_unknown_remedy_stops_the_start() -> None:
    """It could never be carried out."""
    entries = data("guidelines.yaml")
    entries["findings"]["stalled"]["choices"].append("voucher")
    with pytest.raises(ValueError, match="stalled names unknown remedies voucher"):
        guidelines_from(entries)


def test_a_choice_that_agents_may_not_carry_out_stops_the_start() -> None:
    """A customer must not be offered what would then be refused."""
    entries = data("guidelines.yaml")
    entries["findings"]["customs_hold"]["choices"].append("reship")
    with pytest.raises(ValueError, match="customs_hold offers customers what agents may not do: reship"):
        guidelines_from(entries)


def test_an_unknown_status_stops_the_start() -> None:
    """Carrier, code and word are named."""
    entries = data("carriers.yaml")
    entries["carriers"]["dhl"]["codes"]["TRANSIT"] = {"status": "flying"}
    with pytest.raises(ValueError, match="DHL maps TRANSIT to the unknown status 'flying'"):
        carriers_from(entries)


def test_what_a_carrier_leaves_out_is_the_defaults() -> None:
    """Codes, hours and all; a carrier not listed is judged by the default."""
    rules = load_rules().carriers
    assert rules.of("ups").stalled == rules.default.stalled
    assert rules.of("DHL").meaning("transit").status == "in_transit"
    assert rules.of("nobody").meaning("FAILED_ATTEMPT").sub_status == "failed_attempt"
    assert rules.of("dhl").meaning("??").status == "unknown"
