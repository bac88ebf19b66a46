"""Guess the role of each column of a table from its type, its name and a sample of its values."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from include.segmentation.errors import SourceError
from include.segmentation.extract import SampledColumn, TablePreview
from include.segmentation.profile.identifiers import require_sql_name

_CUSTOMER = r"(^|_)(customer|cust|client|user|member|buyer|account|shopper|person|guest|subscriber|patient|kunde)"
_ABOUT_CUSTOMER = r"(name|type|group|country|city|since|age|status|mail|phone|address|note|comment|rating|level)s?$"
_NUMBER = r"_?(id|no|nr|num|number|code|key|ref|uuid)$"
_MAIL = r"e?_?mail"
_ORDER = r"(order|invoice|receipt|basket|transaction|ticket|booking|bill|checkout|purchase|cart)" + _NUMBER
_UPDATED = r"(updated|modified|changed|last_update|mtime)"
_HAPPENED = r"(created|ordered|order_|bought|paid|placed|invoice|sold|happened|logged|visited|date|time|_at$|_on$)"
_OTHER_TIME = r"(birth|dob|delet|cancel|expir|due|deliver|ship|valid|until|end|next|refund|return)"
_MONEY = [
    r"(total|amount|revenue|turnover|paid|spent|betrag|umsatz)",
    r"(value|sum|sales|gross|net|payment|purchases|summe)",
    r"(price|cost|fee|preis)",
]
_NOT_MONEY = r"(tax|vat|discount|rate|percent|pct|share|score|weight|lat|lon|qty|quantity|count|number|limit|size)|_id$"
_UNIT_PRICE = r"(unit|item|piece).*(price|cost)|^price$|^preis$"
_QUANTITY = r"(^|_)(qty|quantity|menge|anzahl|pieces|units)$"
_CURRENCY = r"currency|waehrung"
_ATTRIBUTE = r"(^|_)(country|region|state|city|town|language|gender|sex|channel|store|branch|tier)$"
_KIND = r"(^|_)(status|state|type|kind|channel|currency|payment|method)"
_PERSONAL = (
    r"((first|last|full|sur|nick|user)_?name|^name$|mail|phone|mobile|fax|street|address|zip|postcode|birth|dob|passw"
    r"|pwd|token|secret|iban|card_?(no|num)|(^|_)ip(_|$)|session|comment|note|message)"
)
_WRITABLE = re.compile(r"[^'\"`\\{}%#\x00-\x1f]+")
"""Names that can stand between quotes in SQL and templates as they are."""
_SURE_SCORE = 3
"""From this score on, the name of a column or its table says that it identifies customers."""
_MAX_KIND_VALUES, _MIN_KIND_SAMPLE = 8, 50
_MAX_ATTRIBUTES = 3
_MAX_DIGITS = 18
"""Digits of a DECIMAL that can still be multiplied by a whole number and summed exactly."""
_MAX_SNAPSHOT_ROWS = 100_000
"""Tables of up to this many rows may be read whole at every pull."""


@dataclass(frozen=True)
class ColumnRoles:
    """The roles of a table's columns.

    Attributes:
        is_customers: whether the table has one row per customer, not one per purchase or event.
        customer: the column that identifies the customer.
        is_customer_sure: whether a name says that it does.
        happened: the time at which the row's event happened.
        updated: the time that moves when a row changes, if there is one.
        money: an amount, or the price of one piece if there is a ``quantity``.
        order: the value that all rows of one purchase share, if a purchase may have several rows.
        attributes: attributes of customers that are kept beside KPIs.
        kinds: columns with a few different values.
        left_out: the columns that are not read, and why.
    """

    key: list[str]
    customer: SampledColumn
    is_customer_sure: bool
    is_customers: bool
    happened: SampledColumn
    updated: SampledColumn | None
    money: SampledColumn | None
    quantity: SampledColumn | None
    currency: SampledColumn | None
    order: SampledColumn | None
    attributes: list[SampledColumn]
    kinds: list[SampledColumn]
    left_out: dict[str, str]


def guess_roles(preview: TablePreview) -> ColumnRoles:
    """Guess the role of each column.

    Raises:
        SourceError: the table is empty, or has no usable key, time or customer.
    """
    if not preview.sampled:
        raise SourceError(f"table '{preview.table}' is empty; a profile is proposed from its rows")
    left_out = dict(preview.left_out)
    for column in preview.columns:
        if not _WRITABLE.fullmatch(column.name):
            left_out[column.name] = "its name cannot be written into SQL"
    columns = [column for column in preview.columns if column.name not in left_out]
    key = _find_key(preview, columns)
    times = [column for column in columns if column.column.is_time and column.first]
    if not times:
        raise SourceError(
            f"table '{preview.table}' has no time column: no DATE, DATETIME or TIMESTAMP with times between 1971 and "
            "now; a profile needs to know when something happened"
        )
    updated = _find_best(times, lambda column: 2.0 if column.is_set_on_update else float(_is_named(_UPDATED, column)))
    happened = _find_best([column for column in times if column is not updated], _score_happened(preview)) or times[0]
    customer, is_sure = _find_customer(preview, columns, key)
    is_customers = [customer.name] in preview.keys
    money = _find_money(columns, {customer.name, *key})
    quantity = _find_first(columns, _is_quantity) if money and _is_named(_UNIT_PRICE, money) else None
    order = None if is_customers else _find_first(columns, lambda column: _is_order(column, preview))
    used = {column.name for column in (customer, happened, updated, money, quantity, order) if column} | set(key)
    free = [column for column in columns if column.name not in used]
    left_out |= {column.name: reason for column in free if (reason := _find_reason_to_skip(column))}
    free = [column for column in free if column.name not in left_out]
    return ColumnRoles(
        key=key,
        customer=customer,
        is_customer_sure=is_sure,
        is_customers=is_customers,
        happened=happened,
        updated=updated if updated and not updated.nulls else None,
        money=money,
        quantity=quantity,
        currency=_find_first(free, lambda column: _is_named(_CURRENCY, column) and bool(column.values)),
        order=order,
        attributes=[column for column in free if _is_attribute(column)][:_MAX_ATTRIBUTES],
        kinds=[column for column in free if _is_kind(column)],
        left_out=left_out,
    )


def can_be_read_whole(preview: TablePreview) -> bool:
    """Whether a table is so small that every pull may read all of it."""
    return preview.rows <= _MAX_SNAPSHOT_ROWS


def is_exact(column: SampledColumn) -> bool:
    """Whether sums of a column, and of its products with whole numbers, are exact without a cast."""
    kind = column.column.type
    return bool(kind == pa.int64() or (pa.types.is_decimal(kind) and kind.precision <= _MAX_DIGITS))


def count_negatives(column: SampledColumn) -> int:
    """Count the sampled values below zero."""
    return sum(value.startswith("-") for value in column.values)


def _find_key(preview: TablePreview, columns: list[SampledColumn]) -> list[str]:
    names = {column.name for column in columns}
    for key in preview.keys:
        if names.issuperset(key):
            return key
    raise SourceError(f"table '{preview.table}': its keys hold columns that cannot be read: {preview.keys}")


def _find_customer(preview: TablePreview, columns: list[SampledColumn], key: list[str]) -> tuple[SampledColumn, bool]:
    """Find the column that identifies customers, and whether a name says so."""
    is_about_people = _contains_words(_CUSTOMER, preview.table)

    def score(column: SampledColumn) -> float:
        if not _can_identify_customers(column) or not column.values:
            return 0
        if _is_named(_CUSTOMER, column) and not _is_named(_ABOUT_CUSTOMER, column):
            return 6 if _is_named(_NUMBER, column) else 5
        if is_about_people and key == [column.name]:
            return 4
        if _is_named(_MAIL, column):
            return 3
        is_number = _is_named(_NUMBER, column) and not _is_named(_ORDER, column)
        if is_number and _has_repeats(column) and column.name not in key:
            return 2
        return 1 if column.name in key else 0.5

    best = _find_best(columns, score)
    if best is None:
        raise SourceError(
            f"table '{preview.table}' has no column that could tell customers apart; allowed: whole numbers, texts "
            "and bytes"
        )
    return best, score(best) >= _SURE_SCORE


def _can_identify_customers(column: SampledColumn) -> bool:
    kind = column.column.kind
    if column.column.is_text:
        return kind not in ("enum", "set", "json")
    return column.column.is_bytes or (column.column.is_whole_number and kind not in ("time", "year"))


def _score_happened(preview: TablePreview) -> Callable[[SampledColumn], float]:
    leading = {index.columns[0] for index in preview.indexes}

    def score(column: SampledColumn) -> float:
        by_name = -4.0 if _is_named(_OTHER_TIME, column) else 4.0 if _is_named(_HAPPENED, column) else 0.0
        by_content = 2 * (column.nulls == 0) + (column.name in leading) + 0.5 * (column.column.kind != "date")
        return 10 + by_name + by_content

    return score


def _find_money(columns: list[SampledColumn], excluded: set[str]) -> SampledColumn | None:
    def score(column: SampledColumn) -> float:
        kind = column.column.type
        is_decimal = pa.types.is_decimal(kind) and kind.scale > 0
        is_number = is_decimal or kind == pa.float64() or column.column.is_whole_number
        if column.name in excluded or not column.values or not is_number or _is_named(_NOT_MONEY, column):
            return 0
        if column.column.kind in ("time", "year", "bit"):
            return 0
        by_name = next((3.0 - rank for rank, words in enumerate(_MONEY) if _is_named(words, column)), 0.0)
        return float(by_name + 0.5 * is_decimal + 0.25 * (kind == pa.float64()) if by_name else 0.4 * is_decimal)

    return _find_best(columns, score)


def _is_quantity(column: SampledColumn) -> bool:
    return _is_named(_QUANTITY, column) and column.column.is_whole_number and is_exact(column)


def _is_order(column: SampledColumn, preview: TablePreview) -> bool:
    is_shared = _has_repeats(column) and [column.name] not in preview.keys
    return _is_named(_ORDER, column) and is_shared and _can_identify_customers(column)


def _is_attribute(column: SampledColumn) -> bool:
    try:
        require_sql_name(column.name.lower())
    except ValueError:
        return False
    return _is_named(_ATTRIBUTE, column) and column.column.is_text and bool(column.values)


def _is_kind(column: SampledColumn) -> bool:
    has_few_values = 0 < len(set(column.values)) <= _MAX_KIND_VALUES and len(column.values) >= _MIN_KIND_SAMPLE
    return _is_named(_KIND, column) and column.column.is_text and has_few_values


def _find_reason_to_skip(column: SampledColumn) -> str:
    """Return why a column is not read, or an empty text."""
    if _is_named(_PERSONAL, column):
        return "personal, and no KPI needs it"
    if column.column.is_bytes or column.column.kind in ("json", "longtext", "mediumtext"):
        return "large, and no KPI needs it"
    return ""


def _find_best(columns: list[SampledColumn], score: Callable[[SampledColumn], float]) -> SampledColumn | None:
    """Find the first column with the highest score; None if no score is above zero."""
    best = max(columns, key=score, default=None)
    return best if best is not None and score(best) > 0 else None


def _find_first(columns: list[SampledColumn], accepts: Callable[[SampledColumn], bool]) -> SampledColumn | None:
    return next(filter(accepts, columns), None)


def _has_repeats(column: SampledColumn) -> bool:
    return len(set(column.values)) < len(column.values)


def _is_named(words: str, column: SampledColumn) -> bool:
    return _contains_words(words, column.name)


def _contains_words(words: str, name: str) -> bool:
    """Whether words are in a name, however it is written: ``CustomerID``, ``customer-id``, ``customer_id``."""
    snake_case = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).lower()
    return re.search(words, snake_case) is not None
