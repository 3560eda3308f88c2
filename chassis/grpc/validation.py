"""A request that breaks a rule written in its contract never reaches a handler."""

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2

_MOST_TOLD = 20
"""A status travels in headers, whose size is limited."""


class InvalidRequest(Exception):
    """The request breaks rules of its contract; `violations` names each field."""

    def __init__(self, violations: list[error_details_pb2.BadRequest.FieldViolation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = violations


def validate(request: Message) -> None:
    """`InvalidRequest` with all violations, or nothing."""
    try:
        protovalidate.validate(request)
    except protovalidate.ValidationError as error:
        # The library's own message type is not a google.protobuf message; the bytes are the same.
        found = validate_pb2.Violations.FromString(error.to_proto().to_binary())
        raise InvalidRequest([_violation(one) for one in found.violations[:_MOST_TOLD]]) from None


def _violation(
    one: validate_pb2.Violation,
) -> error_details_pb2.BadRequest.FieldViolation:
    return error_details_pb2.BadRequest.FieldViolation(
        field=".".join(_named(step) for step in one.field.elements),
        description=one.message,
        reason=_reason(one.rule_id),
    )


def _named(step: validate_pb2.FieldPathElement) -> str:
    if step.HasField("index"):
        return f"{step.field_name}[{step.index}]"
    if step.HasField("string_key"):
        return f'{step.field_name}["{step.string_key}"]'
    return step.field_name


def _reason(rule_id: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in rule_id).upper()
