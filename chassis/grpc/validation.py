"""A request that breaks a rule written in its contract never reaches a handler."""

from collections.abc import Callable

from buf.validate import validate_pb2
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2

from chassis.domain import Invalid
from chassis.grpc.plainly import plainly_valid
from chassis.texts import nul_in

_MOST_TOLD = 20
"""A status travels in headers, whose size is limited."""


class InvalidRequest(Exception):
    """The request breaks rules of its contract; `violations` names each field."""

    def __init__(self, violations: list[error_details_pb2.BadRequest.FieldViolation]) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = violations


class Undecodable(Invalid):
    """The bytes are no request of the rpc."""

    reason = "UNDECODABLE"


class Unstorable(Invalid):
    """A text that no database holds."""

    reason = "UNSTORABLE"


Deserialize = Callable[[bytes], Message]


def read(deserialize: Deserialize, raw: bytes) -> Message:
    """The request, or `Undecodable` or `Unstorable`, which repeat nothing of what was sent."""
    try:
        request = deserialize(raw)
    except DecodeError:
        raise Undecodable("request", "these bytes are no request of this rpc") from None
    if field := nul_in(request, raw):
        raise Unstorable(field, "holds the character NUL, which no text may")
    return request


def reader(deserialize: Deserialize) -> Callable[[bytes], Message | Invalid]:
    """`read` for where nothing may be raised: the refusal stands in the request's place until the caller is known."""

    def read_or_refuse(raw: bytes) -> Message | Invalid:
        try:
            return read(deserialize, raw)
        except Invalid as refusal:
            return refusal

    return read_or_refuse


def validate(request: Message) -> None:
    """`InvalidRequest` with all violations, or nothing."""
    if plainly_valid(request):  # at a fifth of what the library takes
        return
    import protovalidate  # 12 MB that a process without a doubtful request never needs

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
