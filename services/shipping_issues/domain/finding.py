"""From a rule that spoke to a finding: the figures the customer and the agent are told, and why.

Guarantee: a pure function of parcel, rules and clock, so the record can be decided again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from casework import Alternative, Clause, DecisionRecord
from chassis.domain import derived_id
from services.shipping_issues.domain.guidelines import (
    CARRIER_CLAIM,
    ESTIMATE_SLIPPED,
    CarrierRules,
    FindingGuideline,
    Rules,
)
from services.shipping_issues.domain.shipment import Shipment
from services.shipping_issues.domain.values import DELIVERED
from services.shipping_issues.domain.watching import Watch


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found to be wrong, as it was known then."""

    finding: str
    found_at: datetime
    noticed_by: str
    responsibility: str
    carrier: str
    tracking_number: str
    promised_by: datetime | None
    hours_before_promise: int | None
    expected_by: datetime | None
    last_seen_at: datetime | None
    last_seen_place: str


def conclude(
    parcel: Shipment, watch: Watch, rules: Rules, *, at: datetime
) -> tuple[Finding, DecisionRecord, FindingGuideline]:
    """What the watch means for this parcel now."""
    guideline = rules.guidelines.of(watch.finding)
    carrier = rules.carriers.of(parcel.carrier)
    where, promised = parcel.whereabouts, parcel.promised_by
    finding = Finding(
        finding=watch.finding,
        found_at=at,
        noticed_by=watch.noticed_by,
        responsibility=watch.responsibility,
        carrier=parcel.carrier,
        tracking_number=parcel.parcel.tracking_number if parcel.parcel else "",
        promised_by=promised,
        hours_before_promise=None if promised is None else (promised - at) // timedelta(hours=1),
        expected_by=honest_estimate(parcel, guideline, carrier, at=at),
        last_seen_at=where.last_sign_at,
        last_seen_place=where.last_place,
    )
    return finding, _record(parcel, watch, finding, guideline, carrier, rules, at), guideline


def trouble_of(finding: str, parcel: Shipment, rules: Rules) -> str:
    """The story a finding belongs to. "It never came", said of a parcel that nobody claims was delivered, is
    the story of its delay."""
    if finding == "not_received" and parcel.whereabouts.status != DELIVERED:
        return rules.guidelines.of("stalled").trouble
    return rules.guidelines.of(finding).trouble


def honest_estimate(
    parcel: Shipment, guideline: FindingGuideline, carrier: CarrierRules, *, at: datetime
) -> datetime | None:
    """When the customer may expect it: the carrier's newer word where it lies ahead, else what parcels in this
    trouble usually take; None where nobody can say."""
    estimate = parcel.carrier_estimate
    last = parcel.whereabouts.last_carrier_sign_at
    fresh = estimate is not None and estimate.delivery_by > at and (last is None or estimate.said_at >= last)
    if estimate is not None and fresh and guideline.finding == ESTIMATE_SLIPPED:
        return estimate.delivery_by
    if guideline.expect is None:
        return None
    usual = carrier.calendar.end_after(at, guideline.expect)
    return max(usual, estimate.delivery_by) if estimate is not None and fresh else usual


def _record(
    parcel: Shipment,
    watch: Watch,
    finding: Finding,
    guideline: FindingGuideline,
    carrier: CarrierRules,
    rules: Rules,
    at: datetime,
) -> DecisionRecord:
    facts = {
        "status": parcel.whereabouts.status,
        "sub_status": parcel.whereabouts.sub_status,
        "carrier": parcel.carrier,
        "calendar": carrier.calendar.name,
        "basis": watch.basis,
        "due_at": watch.due_at.isoformat(),
        "carriers_version": rules.carriers.version,
    }
    for name, value in (
        ("promised_by", finding.promised_by),
        ("expected_by", finding.expected_by),
        ("last_seen_at", finding.last_seen_at),
    ):
        if value is not None:
            facts[name] = value.isoformat()
    clauses = [Clause(f"watch.{watch.finding}", "allows", watch.text, carrier.source)]
    clauses += [
        Clause(f"guideline.{guideline.finding}.{remedy}", "allows", why) for remedy, why in guideline.why.items()
    ]
    if CARRIER_CLAIM in guideline.proposals and carrier.claim is not None and parcel.handed_over_at is not None:
        earliest = parcel.handed_over_at + timedelta(days=carrier.claim.earliest_days)
        latest = parcel.handed_over_at + timedelta(days=carrier.claim.latest_days)
        text = f"a claim may be filed from {earliest.date().isoformat()} to {latest.date().isoformat()}"
        clauses.append(Clause("carrier.claim", "limits", text, carrier.claim.source))
    return DecisionRecord(
        id=derived_id("shipping_issues.decision", *_about(parcel), watch.finding, watch.basis),
        question="parcel_in_trouble",
        outcome=watch.finding,
        policy="shipping_guidelines",
        policy_version=rules.guidelines.version,
        decided_at=at,
        decided_by="system",
        facts=facts,
        clauses=tuple(clauses),
        alternatives=(Alternative("wait silently", "the customer is told before the customer notices"),),
    )


def _about(parcel: Shipment) -> tuple[str, ...]:
    """What tells this parcel's decisions from all others': one that no fact has made yet is known by its order only."""
    return (str(parcel.id),) if parcel.shipment_id else ("order", parcel.shop_id, parcel.order_id)
