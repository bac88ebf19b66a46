"""``dimensionFilter`` and ``metricFilter``: select the rows that match an expression."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from demo.ga4.refusal import make_invalid_error


def list_fields(expression: dict[str, Any]) -> list[str]:
    """List every dimension or metric that an expression names.

    Raises:
        RequestError: 400, the expression is invalid.
    """
    if not expression:
        return []
    ((kind, inner),) = expression.items()
    if kind in ("andGroup", "orGroup"):
        return [name for part in inner.get("expressions", []) for name in list_fields(part)]
    if kind == "notExpression":
        return list_fields(inner)
    if kind != "filter":
        raise make_invalid_error(f"Invalid filter expression {kind}.")
    return [inner.get("fieldName", "")]


def match_rows(rows: pa.Table, expression: dict[str, Any]) -> Any:
    """Return a boolean per row.

    Raises:
        RequestError: 400, the stand-in or the API does not support the filter.
    """
    if not expression:
        return pa.repeat(pa.scalar(True), rows.num_rows)
    ((kind, inner),) = expression.items()
    if kind == "notExpression":
        return pc.invert(match_rows(rows, inner))
    if kind != "filter":
        parts = [match_rows(rows, part) for part in inner["expressions"]]
        return reduce(pc.and_ if kind == "andGroup" else pc.or_, parts)
    return _match_values(rows[inner["fieldName"]], inner)


def _match_values(values: Any, condition: dict[str, Any]) -> Any:
    if "stringFilter" in condition:
        text = condition["stringFilter"]
        test = _TEXT[text.get("matchType")]
        return test(values, text.get("value", ""), not text.get("caseSensitive", False))
    if "inListFilter" in condition:
        listed = condition["inListFilter"]
        if not listed.get("values"):
            raise make_invalid_error("In list filter must have at least one value.")
        return _match_texts(values, listed["values"], not listed.get("caseSensitive", False))
    if "numericFilter" in condition:
        comparison = condition["numericFilter"]
        value = comparison.get("value", {})
        number = float(value.get("int64Value", value.get("doubleValue", 0)))
        return _NUMBER[comparison.get("operation")](values, number)
    raise make_invalid_error("This stand-in serves string, list and numeric filters only.")


def _match_texts(values: Any, texts: list[str], fold: bool) -> Any:
    if fold:
        return pc.is_in(pc.utf8_lower(values), pa.array([text.lower() for text in texts]))
    return pc.is_in(values, pa.array(texts))


def _match_regexp(values: Any, pattern: str, fold: bool) -> Any:
    try:
        return pc.match_substring_regex(values, pattern, ignore_case=fold)
    except pa.ArrowInvalid as error:
        raise make_invalid_error(f"Invalid regular expression {pattern}: {error}") from None


# The client sends enumerations as numbers; people write names.
_TEXT: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys(
        (None, 0, 1, "MATCH_TYPE_UNSPECIFIED", "EXACT"), lambda a, text, fold: _match_texts(a, [text], fold)
    ),
    **dict.fromkeys((2, "BEGINS_WITH"), lambda a, text, fold: pc.starts_with(a, text, ignore_case=fold)),
    **dict.fromkeys((3, "ENDS_WITH"), lambda a, text, fold: pc.ends_with(a, text, ignore_case=fold)),
    **dict.fromkeys((4, "CONTAINS"), lambda a, text, fold: pc.match_substring(a, text, ignore_case=fold)),
    **dict.fromkeys((5, "FULL_REGEXP"), lambda a, text, fold: _match_regexp(a, f"^(?:{text})$", fold)),
    **dict.fromkeys((6, "PARTIAL_REGEXP"), _match_regexp),
}
_NUMBER: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys((1, "EQUAL"), pc.equal),
    **dict.fromkeys((2, "LESS_THAN"), pc.less),
    **dict.fromkeys((3, "LESS_THAN_OR_EQUAL"), pc.less_equal),
    **dict.fromkeys((4, "GREATER_THAN"), pc.greater),
    **dict.fromkeys((5, "GREATER_THAN_OR_EQUAL"), pc.greater_equal),
}
