"""Answer ``runReport`` requests of the GA4 Data API from the facts, in the API's format.

The format follows https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/runReport:
64-bit integers are text, and a report without rows has neither ``rows`` nor ``rowCount``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demo.ga4.facts import DIMENSIONS, METRICS
from demo.ga4.filters import list_fields, match_rows
from demo.ga4.refusal import make_invalid_error

DEFAULT_LIMIT, MOST_ROWS = 10_000, 250_000
_MOST_DIMENSIONS, _MOST_METRICS = 9, 10
_THRESHOLDED = {"userAgeBracket", "userGender"}
_FEWEST_USERS = 10  # Google withholds smaller cells in reports on age and gender
_SCHEMA_PAGE = "https://developers.google.com/analytics/devguides/reporting/data/v1/api-schema"


@dataclass(frozen=True)
class ReportRequest:
    """A valid ``runReport`` body.

    Attributes:
        dimension_filter, metric_filter: expressions; a filter may use any dimension but only requested metrics.
        order: (column, "ascending" or "descending") for dimensions and metrics.
    """

    start: str
    end: str
    dimensions: list[str]
    metrics: list[str]
    dimension_filter: dict[str, Any]
    metric_filter: dict[str, Any]
    order: list[tuple[str, str]]
    limit: int
    offset: int
    with_quota: bool

    @property
    def is_thresholded(self) -> bool:
        """Whether Google may withhold small cells."""
        return bool(_THRESHOLDED & {*self.dimensions, *list_fields(self.dimension_filter)})


def parse_request(body: dict[str, Any]) -> ReportRequest:
    """Parse a request.

    Raises:
        RequestError: 400; the text is the API's own for errors that the API also reports.
    """
    dimensions = [_check_name(item.get("name", ""), DIMENSIONS, "dimension") for item in body.get("dimensions", [])]
    metrics = [_check_name(item.get("name", ""), METRICS, "metric") for item in body.get("metrics", [])]
    if not dimensions and not metrics:
        raise make_invalid_error("A report must have at least one dimension or metric.")
    if len(dimensions) > _MOST_DIMENSIONS or len(metrics) > _MOST_METRICS:
        raise make_invalid_error(f"Requests are limited to {_MOST_DIMENSIONS} dimensions and {_MOST_METRICS} metrics.")
    ranges = body.get("dateRanges", [])
    if len(ranges) != 1:
        raise make_invalid_error(f"This stand-in serves exactly one date range; the request has {len(ranges)}.")
    start, end = (_parse_date(ranges[0].get(key, "")) for key in ("startDate", "endDate"))
    if start > end:
        raise make_invalid_error(f"Invalid date range: startDate {start} is after endDate {end}.")
    limit, offset = int(body.get("limit", 0)) or DEFAULT_LIMIT, int(body.get("offset", 0))
    if limit < 0 or offset < 0:
        raise make_invalid_error("Limit and offset must not be negative.")
    return ReportRequest(
        start=start,
        end=end,
        dimensions=dimensions,
        metrics=metrics,
        dimension_filter=_check_filter(body.get("dimensionFilter", {}), DIMENSIONS, "dimension"),
        metric_filter=_check_filter(body.get("metricFilter", {}), metrics, "metric"),
        order=_parse_order(body.get("orderBys", []), dimensions, metrics),
        limit=min(limit, MOST_ROWS),
        offset=offset,
        with_quota=bool(body.get("returnPropertyQuota")),
    )


def select_rows(facts: pa.Table, request: ReportRequest) -> pa.Table:
    """Select all rows of the report, before paging, with the requested columns and order."""
    keep = pc.and_(pc.greater_equal(facts["date"], request.start), pc.less_equal(facts["date"], request.end))
    facts = facts.filter(keep)
    facts = facts.filter(match_rows(facts, request.dimension_filter))
    grouped = facts.group_by(request.dimensions, use_threads=False)
    counted = ("visitor", "count_distinct")
    summed = [(name, "sum") for name in METRICS if name in facts.column_names]
    rows = grouped.aggregate([counted, *summed])
    rows = rows.rename_columns({"visitor_count_distinct": "activeUsers"} | {f"{name}_sum": name for name, _ in summed})
    fewest = _FEWEST_USERS if request.is_thresholded else 1
    rows = rows.filter(pc.greater_equal(rows["activeUsers"], fewest))
    rows = rows.filter(match_rows(rows, request.metric_filter))
    ties = [(name, "ascending") for name in request.dimensions]
    order = request.order or [(name, "descending") for name in request.metrics[:1]]
    return rows.sort_by(order + [tie for tie in ties if tie[0] not in dict(order)] or [("activeUsers", "descending")])


def make_response(rows: pa.Table, request: ReportRequest, most_rows: int, time_zone: str) -> dict[str, Any]:
    """Make the API's JSON for one page of a report."""
    page = rows.slice(request.offset, min(request.limit, most_rows))
    answer: dict[str, Any] = {
        "dimensionHeaders": [{"name": name} for name in request.dimensions],
        "metricHeaders": [{"name": name, "type": METRICS[name]} for name in request.metrics],
    }
    if len(rows):
        answer |= {"rows": _make_json_rows(page, request), "rowCount": len(rows)}
    metadata: dict[str, Any] = {"currencyCode": "EUR", "timeZone": time_zone}
    if request.is_thresholded:
        metadata["subjectToThresholding"] = True
    return answer | {"metadata": metadata, "kind": "analyticsData#runReport"}


def _make_json_rows(page: pa.Table, request: ReportRequest) -> list[dict[str, Any]]:
    dimensions = [pc.cast(page[name], pa.string()).to_pylist() for name in request.dimensions]
    metrics = [pc.cast(page[name], pa.string()).to_pylist() for name in request.metrics]
    return [
        {
            "dimensionValues": [{"value": values[place]} for values in dimensions],
            "metricValues": [{"value": values[place]} for values in metrics],
        }
        for place in range(len(page))
    ]


def _check_filter(expression: dict[str, Any], allowed: Iterable[str], kind: str) -> dict[str, Any]:
    for name in list_fields(expression):
        _check_name(name, allowed, kind)
    return expression


def _parse_order(items: list[dict[str, Any]], dimensions: list[str], metrics: list[str]) -> list[tuple[str, str]]:
    order = []
    for item in items:
        name = item.get("dimension", {}).get("dimensionName") or item.get("metric", {}).get("metricName") or ""
        if name not in (*dimensions, *metrics):
            raise make_invalid_error(f"Field {name} is in orderBys but is not a requested dimension or metric.")
        order.append((name, "descending" if item.get("desc") else "ascending"))
    return order


def _check_name(name: str, allowed: Any, kind: str) -> str:
    if name not in allowed:
        raise make_invalid_error(
            f"Field {name} is not a valid {kind}. For a list of valid dimensions and metrics, see {_SCHEMA_PAGE} "
        )
    return name


def _parse_date(text: str) -> str:
    try:
        return date.fromisoformat(text).strftime("%Y%m%d")
    except ValueError:
        raise make_invalid_error(f"Invalid date: {text}. This stand-in takes YYYY-MM-DD.") from None
