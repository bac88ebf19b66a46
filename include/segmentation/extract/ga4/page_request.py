"""Build the request for one page of one day of a report."""

from datetime import date
from typing import Any

from google.analytics.data_v1beta import types as ga4

from include.segmentation.profile.ga4_reports import FilterCondition, GA4Extract

REPORT_PAGE_ROWS = 250_000
"""The most rows that the API gives at once."""


def build_page_request(name: str, report: GA4Extract, day: date, offset: int) -> ga4.RunReportRequest:
    """Ask for the rows of a day from ``offset`` on, ordered by all dimensions so that pages never overlap."""
    metrics = {field: condition for field, condition in report.filter.items() if field in report.metrics}
    dimensions = {field: condition for field, condition in report.filter.items() if field not in metrics}
    return ga4.RunReportRequest(
        property=name,
        dimensions=[ga4.Dimension(name=dimension) for dimension in report.dimensions],
        metrics=[ga4.Metric(name=metric) for metric in report.metrics],
        date_ranges=[ga4.DateRange(start_date=day.isoformat(), end_date=day.isoformat())],
        dimension_filter=_build_filter(dimensions),
        metric_filter=_build_filter(metrics),
        order_bys=[
            ga4.OrderBy(dimension=ga4.OrderBy.DimensionOrderBy(dimension_name=dimension))
            for dimension in report.dimensions
        ],
        limit=REPORT_PAGE_ROWS,
        offset=offset,
        return_property_quota=True,
    )


def _build_filter(conditions: dict[str, FilterCondition]) -> ga4.FilterExpression | None:
    return _join_all([part for field, condition in conditions.items() for part in _split_condition(field, condition)])


def _split_condition(field: str, condition: FilterCondition) -> list[ga4.FilterExpression]:
    """Return each comparison of a condition on its own."""
    match, operation = ga4.Filter.StringFilter.MatchType, ga4.Filter.NumericFilter.Operation
    texts = {
        match.BEGINS_WITH: condition.begins_with,
        match.ENDS_WITH: condition.ends_with,
        match.CONTAINS: condition.contains,
        match.FULL_REGEXP: condition.regexp,
    }
    numbers = {
        operation.EQUAL: condition.equals,
        operation.GREATER_THAN_OR_EQUAL: condition.at_least,
        operation.GREATER_THAN: condition.more_than,
        operation.LESS_THAN_OR_EQUAL: condition.at_most,
        operation.LESS_THAN: condition.less_than,
    }
    filters = [_compare_with_list(field, condition.one_of)] if condition.one_of else []
    filters += [_compare_text(field, kind, text) for kind, text in texts.items() if text is not None]
    filters += [_compare_number(field, kind, number) for kind, number in numbers.items() if number is not None]
    parts = [ga4.FilterExpression(filter=each) for each in filters]
    if condition.is_not:
        parts.append(ga4.FilterExpression(not_expression=_join_all(_split_condition(field, condition.is_not))))
    return parts


def _compare_with_list(field: str, values: list[str]) -> ga4.Filter:
    if len(values) == 1:
        return _compare_text(field, ga4.Filter.StringFilter.MatchType.EXACT, values[0])
    return ga4.Filter(field_name=field, in_list_filter=ga4.Filter.InListFilter(values=values, case_sensitive=True))


def _compare_text(field: str, kind: Any, text: str) -> ga4.Filter:
    string_filter = ga4.Filter.StringFilter(match_type=kind, value=text, case_sensitive=True)
    return ga4.Filter(field_name=field, string_filter=string_filter)


def _compare_number(field: str, kind: Any, number: float) -> ga4.Filter:
    value = ga4.NumericValue(int64_value=int(number)) if number.is_integer() else ga4.NumericValue(double_value=number)
    return ga4.Filter(field_name=field, numeric_filter=ga4.Filter.NumericFilter(operation=kind, value=value))


def _join_all(parts: list[ga4.FilterExpression]) -> ga4.FilterExpression | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return ga4.FilterExpression(and_group=ga4.FilterExpressionList(expressions=parts))
