"""Which column of a table is what: told by its type, its name, and a few of its values."""

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
_NO_MONEY = r"(tax|vat|discount|rate|percent|pct|share|score|weight|lat|lon|qty|quantity|count|number|limit|size)|_id$"
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
"""Names that can be written into SQL and templates as they are, between quotes."""
_MOST_VALUES, _FEWEST_SAMPLED = 8, 50
_MOST_ATTRIBUTES = 3
_WIDEST = 18
"""Digits of a DECIMAL that can still be multiplied by a whole number and summed exactly."""
_SMALL = 100_000
"""Rows that may be read whole at every pull."""


@dataclass(frozen=True)
class ColumnRoles:
    """What the columns of a table are taken for.

    Attributes:
        is_customers: whether the table has one row per customer, and not one per purchase or event.
        customer: who it is about; ``is_customer_sure``: whether its name says so.
        happened: when what a row tells of happened.
        updated: the time that moves when a row changes, if there is one.
        money: an amount, or the price of one piece where ``quantity`` is there too.
        order: what lines of one purchase have in common, where a purchase may have several rows.
        attributes: what is kept of a customer beside KPIs.
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


def guess_roles(glance: TablePreview) -> ColumnRoles:
    """Guess what each column is.

    Raises:
        SourceError: the table is empty, or lacks a key, a time or a customer that can be used.
    """
    if not glance.sampled:
        raise SourceError(f"table '{glance.table}' is empty; a profile is proposed from its rows")
    left_out = dict(glance.left_out)
    left_out |= {each.name: "its name can not be written into SQL" for each in glance.columns if not _writable(each)}
    columns = [each for each in glance.columns if each.name not in left_out]
    key = _key(glance, columns)
    times = [each for each in columns if each.column.is_time and each.first]
    if not times:
        raise SourceError(
            f"table '{glance.table}' has no time column: no DATE, DATETIME or TIMESTAMP with times between 1971 and "
            "now; without one nobody knows when something happened"
        )
    updated = _best(times, lambda each: 2.0 if each.is_set_on_update else 1.0 if _has(_UPDATED, each) else 0.0)
    happened = _best([each for each in times if each is not updated], _happened(glance)) or times[0]
    customer, is_sure = _customer(glance, columns, key)
    is_customers = [customer.name] in glance.keys
    money = _money(columns, {customer.name, *key})
    quantity = _best(columns, lambda each: float(_is_quantity(each))) if money and _has(_UNIT_PRICE, money) else None
    order = None if is_customers else _best(columns, lambda each: float(_is_order(each, glance)))
    used = {each.name for each in (customer, happened, updated, money, quantity, order) if each} | set(key)
    free = [each for each in columns if each.name not in used]
    left_out |= {each.name: why for each in free if (why := _private(each))}
    free = [each for each in free if each.name not in left_out]
    return ColumnRoles(
        key=key,
        customer=customer,
        is_customer_sure=is_sure,
        is_customers=is_customers,
        happened=happened,
        updated=updated if updated and not updated.nulls else None,
        money=money,
        quantity=quantity,
        currency=_best(free, lambda each: float(_has(_CURRENCY, each) and bool(each.values))),
        order=order,
        attributes=[each for each in free if _is_attribute(each)][:_MOST_ATTRIBUTES],
        kinds=[each for each in free if _is_kind(each)],
        left_out=left_out,
    )


def can_be_read_whole(glance: TablePreview) -> bool:
    """Whether a table is so small that every pull may read all of it."""
    return glance.rows <= _SMALL


def is_exact(each: SampledColumn) -> bool:
    """Whether sums of a column, and of its products with whole numbers, are exact as they are."""
    kind = each.column.type
    return bool(kind == pa.int64() or (pa.types.is_decimal(kind) and kind.precision <= _WIDEST))


def count_negatives(each: SampledColumn) -> int:
    """How many of the sampled values are below zero."""
    return sum(value.startswith("-") for value in each.values)


def _key(glance: TablePreview, columns: list[SampledColumn]) -> list[str]:
    names = {each.name for each in columns}
    for key in glance.keys:
        if names.issuperset(key):
            return key
    raise SourceError(f"table '{glance.table}': its keys hold columns that can not be read: {glance.keys}")


def _customer(glance: TablePreview, columns: list[SampledColumn], key: list[str]) -> tuple[SampledColumn, bool]:
    about_people = _found(_CUSTOMER, glance.table)
    single = key[0] if len(key) == 1 else None

    def score(each: SampledColumn) -> float:
        if not _can_tell_customers(each) or not each.values:
            return 0
        if _has(_CUSTOMER, each) and not _has(_ABOUT_CUSTOMER, each):
            return 6 if _has(_NUMBER, each) else 5
        if about_people and each.name == single:
            return 4
        if _has(_MAIL, each):
            return 3
        repeats = len(set(each.values)) < len(each.values)
        if _has(_NUMBER, each) and repeats and not _has(_ORDER, each) and each.name not in key:
            return 2
        return 1 if each.name in key else 0.5

    best = _best(columns, score)
    if best is None:
        raise SourceError(
            f"table '{glance.table}' has no column that could tell customers apart; allowed are whole numbers, texts "
            "and bytes"
        )
    return best, score(best) >= 3


def _can_tell_customers(each: SampledColumn) -> bool:
    is_text = each.column.is_text and each.column.kind not in ("enum", "set", "json")
    return is_text or each.column.is_bytes or (each.column.is_whole_number and each.column.kind not in ("time", "year"))


def _happened(glance: TablePreview) -> Callable[[SampledColumn], float]:
    leading = {index.columns[0] for index in glance.indexes}

    def score(each: SampledColumn) -> float:
        by_name = -4.0 if _has(_OTHER_TIME, each) else 4.0 if _has(_HAPPENED, each) else 0.0
        return 10 + by_name + 2 * (each.nulls == 0) + (each.name in leading) + 0.5 * (each.column.kind != "date")

    return score


def _money(columns: list[SampledColumn], taken: set[str]) -> SampledColumn | None:
    def score(each: SampledColumn) -> float:
        kind = each.column.type
        is_decimal = pa.types.is_decimal(kind) and kind.scale > 0
        is_number = is_decimal or kind == pa.float64() or each.column.is_whole_number
        if each.name in taken or not each.values or not is_number or _has(_NO_MONEY, each):
            return 0
        if each.column.kind in ("time", "year", "bit"):
            return 0
        by_name = next((3.0 - rank for rank, words in enumerate(_MONEY) if _has(words, each)), 0.0)
        return float(by_name + 0.5 * is_decimal + 0.25 * (kind == pa.float64()) if by_name else 0.4 * is_decimal)

    return _best(columns, score)


def _is_quantity(each: SampledColumn) -> bool:
    return _has(_QUANTITY, each) and each.column.is_whole_number and is_exact(each)


def _is_order(each: SampledColumn, glance: TablePreview) -> bool:
    repeats = len(set(each.values)) < len(each.values)
    return _has(_ORDER, each) and repeats and [each.name] not in glance.keys and _can_tell_customers(each)


def _is_attribute(each: SampledColumn) -> bool:
    try:
        require_sql_name(each.name.lower())
    except ValueError:
        return False
    return _has(_ATTRIBUTE, each) and each.column.is_text and bool(each.values)


def _is_kind(each: SampledColumn) -> bool:
    few = 0 < len(set(each.values)) <= _MOST_VALUES and len(each.values) >= _FEWEST_SAMPLED
    return _has(_KIND, each) and each.column.is_text and few


def _private(each: SampledColumn) -> str:
    """Why a column is not read; empty where it is."""
    if _has(_PERSONAL, each):
        return "personal, and no KPI needs it"
    if each.column.is_bytes or each.column.kind in ("json", "longtext", "mediumtext"):
        return "large, and no KPI needs it"
    return ""


def _best(columns: list[SampledColumn], score: Callable[[SampledColumn], float]) -> SampledColumn | None:
    """The column with the highest score, the first of equals; None where no score is above zero."""
    best = max(columns, key=score, default=None)
    return best if best is not None and score(best) > 0 else None


def _writable(each: SampledColumn) -> bool:
    return bool(_WRITABLE.fullmatch(each.name))


def _has(words: str, each: SampledColumn) -> bool:
    return _found(words, each.name)


def _found(words: str, name: str) -> bool:
    """Whether words are in a name, however it is written: ``CustomerID``, ``customer-id``, ``customer_id``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).lower()
    return re.search(words, parted) is not None
