"""Search and statistics by rpc. No decisions.

Whoever may not see a shop is told that it does not exist.
"""

from collections.abc import Mapping
from typing import Any

from aftercare.returns.v1 import search_pb2 as pb
from aftercare.returns.v1 import search_pb2_grpc

from chassis.domain import NotFound
from chassis.grpc.convert import timestamp_from_proto, timestamp_to_proto
from chassis.grpc.pages import page_of, parse_filter
from services.returns.grpc_api.reads import Context, actor
from services.returns.presenting.shared import unit_ref
from services.returns.queries import Queries
from services.returns.searching import UNIT_FILTERS, Sought, UnitSearch
from services.returns.statistics import Days, Rate, Statistics


class SearchApi(search_pb2_grpc.ReturnsSearchServiceServicer):
    """What agents, clerks and quality people may look for."""

    def __init__(self, search: UnitSearch, statistics: Statistics, queries: Queries) -> None:
        self._search, self._statistics, self._queries = search, statistics, queries

    async def SearchUnits(self, request: pb.SearchUnitsRequest, context: Context) -> pb.SearchUnitsResponse:
        sought = Sought(
            parse_filter(request.filter, UNIT_FILTERS),
            request.order_by,
            timestamp_from_proto(request.asked_before, "asked_before") if request.HasField("asked_before") else None,
            timestamp_from_proto(request.due_before, "due_before") if request.HasField("due_before") else None,
        )
        listed = await self._search.units(page_of(request), sought, seen_by=actor())
        return pb.SearchUnitsResponse(units=[found_unit(row) for row in listed.rows], next_page_token=listed.next_token)

    async def CountUnits(self, request: pb.CountUnitsRequest, context: Context) -> pb.CountUnitsResponse:
        _must_see(request.shop_id)
        days = Days.of(request.first_day, request.last_day, request.time_zone)
        counts, cut = await self._statistics.counts(request.shop_id, request.sku, request.by, request.bucket, days)
        return pb.CountUnitsResponse(
            counts=[
                pb.CountUnitsResponse.Count(
                    begins_on=one.begins_on.isoformat(), sku=one.sku, word=one.word, units=one.units
                )
                for one in counts
            ],
            cut=cut,
        )

    async def GetReturnRates(self, request: pb.GetReturnRatesRequest, context: Context) -> pb.GetReturnRatesResponse:
        days = Days.of(request.first_day, request.last_day, request.time_zone)
        book, _ = await self._queries.book(request.shop_id, seen_by=actor())
        rates, position = await self._statistics.rates(request.shop_id, request.skus, days, book)
        return pb.GetReturnRatesResponse(rates=[_rate(one) for one in rates], position=position)


def found_unit(row: Mapping[str, Any]) -> pb.FoundUnit:
    """A row as it is told."""
    return pb.FoundUnit(
        case_id=str(row["case_id"]),
        unit=unit_ref(row["unit_id"]),
        asked_at=timestamp_to_proto(row["asked_at"]),
        received_at=timestamp_to_proto(row["received_at"]),
        due_at=timestamp_to_proto(row["due_at"]),
        **{name: row[name] for name in _AS_THEY_ARE},
    )


_AS_THEY_ARE = (
    "kind shop_id order_id customer_id sku reason remedy authorisation goods condition responsibility disposition money"
    " waiting_on assignee serials lot_id tracking_numbers signals policy_version"
).split()


def _rate(one: Rate) -> pb.GetReturnRatesResponse.Rate:
    return pb.GetReturnRatesResponse.Rate(
        sku=one.sku,
        policy_version=one.policy_version,
        sold=one.sold,
        reasons=[
            pb.GetReturnRatesResponse.Reason(reason=reason, asked=asked, received=received, refunded=refunded)
            for reason, asked, received, refunded in one.reasons
        ],
        received_rate=one.received_rate,
    )


def _must_see(shop_id: str) -> None:
    if not actor().may_see(shop_id=shop_id, customer_id=None):
        raise NotFound("shop", shop_id)
