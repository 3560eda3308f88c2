"""A shop's policy by rpc: look at it from all sides, and store a new version. No decisions.

Whoever may not see a shop is told that it does not exist.
"""

import asyncio
from contextlib import aclosing

from aftercare.returns.v1 import policy_pb2 as pb
from aftercare.returns.v1 import policy_pb2_grpc

from chassis.domain import NotFound
from chassis.grpc import Commands
from chassis.grpc.convert import receipt_to_proto, timestamp_from_proto
from chassis.service import Receipt
from chassis.work import Work
from services.returns.application import Application
from services.returns.application.deciding import Asking, Item, chosen_units
from services.returns.application.judging import judged_together
from services.returns.domain.identity import policy_id_of
from services.returns.domain.policy import Policy
from services.returns.domain.policy.diff import differences
from services.returns.domain.policy.grading import checklist_for
from services.returns.domain.policy.law import LawRule
from services.returns.grpc_api.reads import Context, actor
from services.returns.policies import InvalidPolicy, lint, load_policy, read_policy
from services.returns.presenting import policy as present
from services.returns.presenting.policy_json_ld import json_ld
from services.returns.presenting.policy_page import page
from services.returns.queries import Queries
from services.returns.what_if.job import WhatIf
from services.returns.what_if.report import Report


class PolicyApi(policy_pb2_grpc.PolicyServiceServicer):
    """What staff and other programs may ask of policies."""

    def __init__(
        self, app: Application, queries: Queries, commands: Commands, what_if: WhatIf, law: tuple[LawRule, ...]
    ) -> None:
        self._app, self._queries, self._commands, self._what_if, self._law = app, queries, commands, what_if, law

    async def LintPolicy(self, request: pb.LintPolicyRequest, context: Context) -> pb.LintPolicyResponse:
        draft = await asyncio.to_thread(lint, request.text, self._law)
        read = draft.policy or read_policy(request.text).policy
        return pb.LintPolicyResponse(
            problems=[present.problem(found) for found in draft.problems],
            valid=draft.policy is not None,
            policy_id=read.id if read else "",
            version=read.version if read else "",
        )

    async def ActivatePolicy(self, request: pb.ActivatePolicyRequest, context: Context) -> pb.ActivatePolicyResponse:
        self._must_see(request.shop_id)
        draft = await asyncio.to_thread(lint, request.text, self._law)
        policy = draft.policy
        if policy is None:
            raise InvalidPolicy(draft.errors)
        begins = timestamp_from_proto(request.active_from, "active_from") if request.HasField("active_from") else None

        async def decide(work: Work) -> Receipt:
            return await self._app.adopt_policy(work, request.shop_id, policy, request.text, begins)

        receipt = await self._commands.run(request, context, decide, on=policy_id_of(request.shop_id))
        warnings = [present.problem(found) for found in draft.problems]
        return pb.ActivatePolicyResponse(receipt=receipt_to_proto(receipt), warnings=warnings)

    async def GetPolicyVersions(
        self, request: pb.GetPolicyVersionsRequest, context: Context
    ) -> pb.GetPolicyVersionsResponse:
        book, stored = await self._queries.book(request.shop_id, seen_by=actor())
        now = self._queries.now
        versions = [present.version(book, known, now, stored=stored) for known in book.versions]
        return pb.GetPolicyVersionsResponse(versions=versions)

    async def GetPolicy(self, request: pb.GetPolicyRequest, context: Context) -> pb.GetPolicyResponse:
        book, stored = await self._queries.book(request.shop_id, seen_by=actor())
        now = self._queries.now
        known = book.named(request.version) if request.version else book.version_at(now)
        return pb.GetPolicyResponse(version=present.version(book, known, now, stored=stored), text=known.text)

    async def ExplainPolicy(self, request: pb.ExplainPolicyRequest, context: Context) -> pb.ExplainPolicyResponse:
        caller = actor()
        shop_id = await self._queries.shop_of(request.order_id, request.shop_id, seen_by=caller)
        order, snapshot = await self._queries.order(shop_id, request.order_id, seen_by=caller)
        book, _ = await self._queries.book(shop_id, seen_by=caller)
        if request.text:
            policy = load_policy(request.text)
        else:
            policy = book.named(request.version).policy if request.version else book.governing(snapshot.placed_at)
        asked_at = timestamp_from_proto(request.asked_at, "asked_at") if request.HasField("asked_at") else None
        items = [Item(i.line_id, i.quantity, i.reason, (), i.stated_condition, tuple(i.proofs)) for i in request.items]
        asking = Asking(
            asked_at or self._queries.now,
            self._app.legal_days,
            request.remedy or "refund",
            await self._queries.done_before(shop_id, snapshot),
        )
        facts, judged = judged_together(policy, order, snapshot, chosen_units(order, items), asking)
        return pb.ExplainPolicyResponse(
            policy_id=policy.id,
            version=policy.version,
            units=[
                present.explained(one, fact, checklist_for(policy, fact))
                for one, fact in zip(judged, facts, strict=True)
            ],
        )

    async def DiffPolicies(self, request: pb.DiffPoliciesRequest, context: Context) -> pb.DiffPoliciesResponse:
        book, _ = await self._queries.book(request.shop_id, seen_by=actor())
        now = self._queries.now

        def named(version: str) -> Policy:
            return (book.named(version) if version else book.version_at(now)).policy

        after = load_policy(request.text) if request.text else named(request.to_version)
        found = differences(named(request.from_version), after)
        return pb.DiffPoliciesResponse(changes=[present.change(one) for one in found])

    async def WhatIf(  # type: ignore[override]  # the stub knows generators only; grpc.aio also lets one write
        self, request: pb.WhatIfRequest, context: Context
    ) -> None:
        self._must_see(request.shop_id)
        policy = load_policy(request.text)
        since = timestamp_from_proto(request.since, "since") if request.HasField("since") else None
        until = timestamp_from_proto(request.until, "until") if request.HasField("until") else None
        total = await self._what_if.total(request.shop_id, since, until)
        await context.write(pb.WhatIfResponse(total=total))
        told = self._what_if.run(
            request.shop_id, request.text, since=since, until=until, examples=request.examples or EXAMPLES
        )
        async with aclosing(told):
            async for said in told:
                answer = pb.WhatIfResponse(total=total)
                if isinstance(said, Report):
                    answer.decisions, answer.changed = said.decisions, said.changed_decisions
                    answer.report.CopyFrom(present.report(policy.id, policy.version, said))
                else:
                    answer.decisions, answer.changed = said.decisions, said.changed
                await context.write(answer)

    async def GetPublishedPolicy(
        self, request: pb.GetPublishedPolicyRequest, context: Context
    ) -> pb.GetPublishedPolicyResponse:
        book, stored = await self._queries.book(request.shop_id, seen_by=actor())
        now = self._queries.now
        known = book.version_at(now)
        language = request.language or "en"
        return pb.GetPublishedPolicyResponse(
            version=present.version(book, known, now, stored=stored),
            page=page(known.policy, language, request.country),
            json_ld=json_ld(known.policy, request.country, request.url),
        )

    def _must_see(self, shop_id: str) -> None:
        if not actor().may_see(shop_id=shop_id, customer_id=None):
            raise NotFound("shop", shop_id)


EXAMPLES = 50
"""How many changes a what-if tells one by one unless asked for more."""
