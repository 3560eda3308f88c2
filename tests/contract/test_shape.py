"""What all contracts have in common: permissions, request ids, receipts, and where messages travel."""

from __future__ import annotations

import re

import pytest
import yaml
from aftercare.common.v1 import access_pb2
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from infra.proto.asyncapi import DOCUMENT, TOPICS
from tests.contract.contracts import inbound, methods, rule_of, services, travelling

ROLES = {
    "agent",
    "auditor",
    "customer",
    "finance",
    "operator",
    "senior_agent",
    "service",
    "supervisor",
    "warehouse",
}
METHODS = pytest.mark.parametrize("method", methods(), ids=lambda method: method.full_name)
TRAVELLING = pytest.mark.parametrize("message", travelling(), ids=lambda message: message.full_name)


def access(method: MethodDescriptor) -> access_pb2.AccessRule:
    return method.GetOptions().Extensions[access_pb2.access]


def type_name(field: FieldDescriptor) -> str:
    return field.message_type.full_name if field.message_type is not None else ""


@METHODS
def test_an_rpc_declares_who_may_call_it(method: MethodDescriptor) -> None:
    """Only roles that exist, and at least one."""
    assert set(access(method).roles) <= ROLES
    assert access(method).roles


@METHODS
def test_an_rpc_that_changes_something_can_be_sent_twice(method: MethodDescriptor) -> None:
    """Its request begins with a bounded request_id and its answer is a receipt; one that reads has neither."""
    request, answer = method.input_type.fields_by_name, method.output_type.fields_by_name
    assert ("request_id" in request) == ("receipt" in answer) == access(method).mutates
    if access(method).mutates:
        bounds = request["request_id"].GetOptions().Extensions[validate_pb2.field].string
        assert (request["request_id"].number, bounds.min_len, bounds.max_len) == (1, 1, 64)
        assert type_name(answer["receipt"]) == "aftercare.common.v1.Receipt"


@METHODS
def test_customers_reach_what_is_theirs_and_only_by_self_service(method: MethodDescriptor) -> None:
    """An agents' rpc never admits a customer's token."""
    self_service = method.containing_service.name.endswith("SelfService")
    assert (list(access(method).roles) == ["customer"]) == self_service
    assert access(method).own_only_for_customer == self_service


def test_every_service_has_its_apis() -> None:
    """Agents', customers', those of policy and finance, that of approvals, and the two that all share."""
    assert sorted(service.full_name for service in services()) == [
        "aftercare.admin.v1.AdminService",
        "aftercare.casework.v1.ApprovalService",
        "aftercare.commands.v1.CommandService",
        "aftercare.notifications.v1.NotificationsSelfService",
        "aftercare.notifications.v1.NotificationsService",
        "aftercare.quality_complaints.v1.QualityComplaintsSelfService",
        "aftercare.quality_complaints.v1.QualityComplaintsService",
        "aftercare.returns.v1.ChangeSelfService",
        "aftercare.returns.v1.ChangeService",
        "aftercare.returns.v1.ConformitySelfService",
        "aftercare.returns.v1.ConformityService",
        "aftercare.returns.v1.ExchangeSelfService",
        "aftercare.returns.v1.ExchangeService",
        "aftercare.returns.v1.FinanceService",
        "aftercare.returns.v1.GiftSelfService",
        "aftercare.returns.v1.GiftService",
        "aftercare.returns.v1.LabelSelfService",
        "aftercare.returns.v1.LabelService",
        "aftercare.returns.v1.PayoutSelfService",
        "aftercare.returns.v1.PolicyService",
        "aftercare.returns.v1.QuoteSelfService",
        "aftercare.returns.v1.QuoteService",
        "aftercare.returns.v1.ReturnsIntakeService",
        "aftercare.returns.v1.ReturnsSearchService",
        "aftercare.returns.v1.ReturnsSelfService",
        "aftercare.returns.v1.ReturnsService",
        "aftercare.returns.v1.WithdrawalSelfService",
        "aftercare.returns.v1.WithdrawalService",
        "aftercare.shipping_issues.v1.ShippingIssuesSelfService",
        "aftercare.shipping_issues.v1.ShippingIssuesService",
    ]


@TRAVELLING
def test_a_record_says_whose_it_is_when_it_was_and_what_it_is_keyed_by(message: Descriptor) -> None:
    """Policy, templates and sender resolve by shop; order by key; folds by instant."""
    fields = message.fields_by_name
    assert fields["shop_id"].number == 1
    assert type_name(fields["occurred_at"]) == "google.protobuf.Timestamp"
    assert fields[rule_of(message).key].type == FieldDescriptor.TYPE_STRING


@pytest.mark.parametrize("message", inbound(), ids=lambda message: message.name)
def test_what_a_shop_publishes_can_be_flagged_as_history(message: Descriptor) -> None:
    """The flag belongs to the record."""
    assert message.fields_by_name["history"].type == FieldDescriptor.TYPE_BOOL


@TRAVELLING
def test_a_public_event_carries_no_personal_data(message: Descriptor) -> None:
    """Nothing that the world may read has an address, a name, or a text of a person in it."""
    if not any(topic.endswith(".events.v1") for topic in rule_of(message).topics):
        return
    personal = {"address", "email", "phone", "given_name", "family_name", "recipient", "comment", "text", "description"}
    assert not personal & names_below(message)


def names_below(message: Descriptor) -> set[str]:
    below = [field.message_type for field in message.fields if field.message_type is not None]
    return {field.name for field in message.fields}.union(*(names_below(inner) for inner in below))


def test_the_topics_are_those_that_messages_travel_on() -> None:
    """At least twelve partitions each; ours keep the order of a key behind a parked record, the shop's do not."""
    topics = {topic["name"]: topic for topic in yaml.safe_load(TOPICS.read_text(encoding="utf-8"))["topics"]}
    assert set(topics) == {topic for message in travelling() for topic in rule_of(message).topics}
    assert all(topic["partitions"] >= 12 for topic in topics.values())
    assert {name for name, topic in topics.items() if topic["ordered"]} == {
        name for name in topics if name.startswith("aftercare.")
    }


def test_what_carries_addresses_or_texts_is_gone_after_three_days() -> None:
    """A segment is closed every day, so that the newest one does not keep the rest."""
    topics = {topic["name"]: topic["config"] for topic in yaml.safe_load(TOPICS.read_text(encoding="utf-8"))["topics"]}
    day = 24 * 60 * 60 * 1000
    short = {name for name in topics if name.endswith(".texts.v1")} | {
        "aftercare.fulfilment.requests.v1",
        "aftercare.payout.requests.v1",
    }
    kept = {(topics[name]["retention.ms"], topics[name]["segment.ms"]) for name in short}
    assert kept == {(3 * day, day)}


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    """The document can be read by a tool that follows references."""
    text = DOCUMENT.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    references = set(re.findall(r"\$ref: '?#/([^'\s]+)", text))
    assert references
    for reference in references:
        place = document
        for step in reference.split("/"):
            assert step in place, reference
            place = place[step]
