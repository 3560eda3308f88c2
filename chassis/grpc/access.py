"""Who may call what: declared in the contract, read once at start, checked on every call.

A server with an rpc that declares no permission does not start, nor one whose declaration makes no sense.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from aftercare.common.v1 import access_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from chassis.domain import NotFound, NotPermitted
from chassis.work import Actor

CUSTOMER = "customer"
ROLES = frozenset(
    {
        CUSTOMER,
        "agent",
        "senior_agent",
        "supervisor",
        "warehouse",
        "finance",
        "service",
        "auditor",
        "operator",
    }
)


class UndeclaredAccess(Exception):
    """An rpc cannot be served because its contract does not say who may call it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, as the token says. `shops` empty means all; a customer has a `customer_id` and no other role."""

    subject: str
    roles: frozenset[str]
    shops: frozenset[str] = frozenset()
    customer_id: str | None = None

    @property
    def is_customer(self) -> bool:
        return CUSTOMER in self.roles

    def actor(self) -> Actor:
        """The same person as decisions know them."""
        return Actor(self.subject, self.roles, self.customer_id, self.shops)

    def must_see(self, what: str, id: object, *, shop_id: str, customer_id: str | None) -> None:
        """NotFound, exactly as if there were no such thing, unless the caller may see it."""
        if not self.actor().may_see(shop_id=shop_id, customer_id=customer_id):
            raise NotFound(what, id)


@dataclass(frozen=True, slots=True)
class Rule:
    """The permission of one rpc."""

    roles: frozenset[str]
    own_only_for_customer: bool
    mutates: bool
    carries_commands: bool = False
    all_shops: bool = False

    def must_allow(self, principal: Principal, method: str) -> None:
        if not self.roles & principal.roles:
            raise NotPermitted(
                f"{method.rsplit('/', 1)[-1]} is for {', '.join(sorted(self.roles))}",
                method=method,
                allowed=",".join(sorted(self.roles)),
            )
        if self.all_shops and principal.shops:
            raise NotPermitted(
                f"{method.rsplit('/', 1)[-1]} reaches every shop: a token limited to shops may not call it",
                method=method,
            )


@dataclass(frozen=True, slots=True)
class Call:
    """The call being answered."""

    principal: Principal
    method: str
    rule: Rule
    request_id: str
    correlation_id: str


_current: ContextVar[Call] = ContextVar("aftercare_call")


def current_call() -> Call:
    """The call being answered by the present task; LookupError outside of one."""
    return _current.get()


def current_principal() -> Principal:
    """Who makes the call being answered; LookupError outside of one."""
    return _current.get().principal


def enter(call: Call) -> None:
    """From here on this task, and no other, answers `call`."""
    _current.set(call)


def rules_of(services: Iterable[ServiceDescriptor]) -> Mapping[str, Rule]:
    """The rule of every rpc by its path ``/package.Service/Method``; UndeclaredAccess names all without a sound one."""
    rules: dict[str, Rule] = {}
    problems: list[str] = []
    for service in services:
        for method in service.methods:
            problem = _problem_of(method)
            if problem:
                problems.append(f"{method.full_name} {problem}")
                continue
            declared = method.GetOptions().Extensions[access_pb2.access]
            rules[f"/{service.full_name}/{method.name}"] = Rule(
                roles=frozenset(declared.roles),
                own_only_for_customer=declared.own_only_for_customer,
                mutates=declared.mutates,
                carries_commands=declared.carries_commands,
                all_shops=declared.all_shops,
            )
    if problems:
        raise UndeclaredAccess("; ".join(problems))
    return rules


def _problem_of(method: MethodDescriptor) -> str:
    declared = method.GetOptions().Extensions[access_pb2.access]
    if not declared.roles:
        return "declares no role that may call it: give it option (aftercare.common.v1.access)"
    unknown = sorted(set(declared.roles) - ROLES)
    if unknown:
        return f"allows {', '.join(unknown)}, which is no role; roles are {', '.join(sorted(ROLES))}"
    if declared.mutates and "request_id" not in method.input_type.fields_by_name:
        return "changes something, so its request needs a request_id"
    if declared.carries_commands and declared.mutates:
        return "carries commands, which have request ids of their own"
    if method.client_streaming and not declared.carries_commands:
        return "takes a stream, which the access rules do not cover but for carried commands"
    if method.server_streaming and declared.mutates:
        return "changes something and answers in a stream, so its answer could not be stored for a repeat"
    return ""
