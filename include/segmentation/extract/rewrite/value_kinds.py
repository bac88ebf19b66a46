"""The kind of a value: its type in MySQL, its type in the lake, and what may be computed with it.

Kinds follow from the columns of the base tables by MySQL's rules. This gives a query one schema in the lake whichever
server answers it, although servers report different types (ROW_NUMBER is unsigned on MySQL 8 and signed on MariaDB,
SUM(bigint) has 42 digits). Expressions whose value differs between servers are refused.
"""

from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

import pyarrow as pa
from sqlglot import exp

from include.segmentation.extract.mysql.row.mysql_columns import MOMENT, MySQLColumn

Family = Literal[
    "integer", "decimal", "double", "text", "bytes", "moment", "date", "time", "truth", "null", "opaque", "unknown"
]

MOST_DIGITS = 38
QUOTIENT_DIGITS = 4
"""Digits that AVG and / add to the scale: div_precision_increment, which our sessions set."""
BIGINT, BIGINT_UNSIGNED = 19, 20
_INTEGERS = {"tinyint": 3, "smallint": 5, "mediumint": 7, "int": 10, "bigint": 19, "year": 4}
_UNSIGNED_DIGITS = {"mediumint": 8, "bigint": 20}
_FAMILIES: dict[str, Family] = {
    **dict.fromkeys(["float", "double"], "double"),
    **dict.fromkeys(["char", "varchar", "tinytext", "text", "mediumtext", "longtext"], "text"),
    **dict.fromkeys(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"], "bytes"),
    **dict.fromkeys(["datetime", "timestamp"], "moment"),
    "date": "date",
    "time": "time",
}
_NUMBERS = ("integer", "truth", "decimal")


class UnsupportedSqlError(Exception):
    """A query has no exact equivalent. The message completes a sentence that ends in "because"."""


@dataclass(frozen=True)
class ValueKind:
    """The kind of a value.

    Attributes:
        family: decides which operations are allowed. ``opaque`` values (ENUM, JSON, ...) can only be passed on;
            ``unknown`` means that no server was asked.
        mysql: the type as MySQL would declare it.
        lake: the type in the lake.
        digits: the largest number of digits; numbers only.
        scale: the number of digits after the decimal point; numbers only.
        is_natural: a whole-number literal, which is signed or unsigned depending on the other operand.
        is_quotient: servers carry more digits than they show, so nothing may be computed from the value.
    """

    family: Family
    mysql: str
    lake: pa.DataType
    nullable: bool
    digits: int = 0
    scale: int = 0
    unsigned: bool = False
    is_natural: bool = False
    is_quotient: bool = False

    @property
    def is_number(self) -> bool:
        """Whether arithmetic on it is exact."""
        return self.family in _NUMBERS

    @property
    def is_large_unsigned(self) -> bool:
        """Whether it is a BIGINT UNSIGNED, which versions combine with signed numbers in different ways."""
        return self.family == "integer" and self.digits == BIGINT_UNSIGNED

    def make_nullable(self, nullable: bool = True) -> "ValueKind":
        """The same kind, nullable if it or the argument is."""
        return replace(self, nullable=self.nullable or nullable)


NULL_KIND = ValueKind("null", "null", pa.null(), nullable=True)
UNKNOWN_KIND = ValueKind("unknown", "unknown", pa.null(), nullable=True)


def make_column_kind(column: MySQLColumn) -> ValueKind:
    """The kind of a base table's column."""
    kind, unsigned = column.kind, "unsigned" in column.mysql
    if kind in _INTEGERS:
        digits = _UNSIGNED_DIGITS.get(kind, _INTEGERS[kind]) if unsigned else _INTEGERS[kind]
        return ValueKind("integer", column.mysql, column.type, column.nullable, digits, unsigned=unsigned)
    if kind == "decimal" and pa.types.is_decimal(column.type):
        digits, scale = column.type.precision, column.type.scale
        return ValueKind("decimal", column.mysql, column.type, column.nullable, digits, scale, unsigned)
    family = "moment" if column.type == MOMENT else _FAMILIES.get(kind, "opaque")
    return ValueKind(family, column.mysql, column.type, column.nullable)


def make_integer_kind(digits: int, nullable: bool = False, unsigned: bool = False) -> ValueKind:
    """The kind of a whole number that an expression computes."""
    large = unsigned and digits == BIGINT_UNSIGNED
    lake = pa.decimal128(BIGINT_UNSIGNED, 0) if large else pa.int64()
    return ValueKind("integer", "bigint unsigned" if large else "bigint", lake, nullable, digits, unsigned=unsigned)


def make_decimal_kind(digits: int, scale: int, nullable: bool, is_quotient: bool = False) -> ValueKind:
    """The kind of an exact number that an expression computes, limited to the lake's 38 digits."""
    digits = min(digits, MOST_DIGITS)
    if scale > digits:
        raise UnsupportedSqlError(f"the lake cannot hold a number with {scale} digits after the decimal point")
    lake = pa.decimal128(digits, scale)
    return ValueKind("decimal", f"decimal({digits},{scale})", lake, nullable, digits, scale, is_quotient=is_quotient)


def unite_kinds(kinds: list[ValueKind], where: exp.Expr) -> ValueKind:
    """The common kind of alternative values, such as the branches of CASE.

    Raises:
        UnsupportedSqlError: they have no common kind that is the same on every server.
    """
    return replace(reduce(lambda one, other: _unite_two_kinds(one, other, where), kinds), is_natural=False)


def require_comparable(one: ValueKind, other: ValueKind, where: exp.Expr) -> None:
    """Check that every server compares two values in the same way.

    Raises:
        UnsupportedSqlError: servers differ.
    """
    families = {one.family, other.family} - {"null", "unknown"}
    exact = not (one.is_quotient or other.is_quotient or "opaque" in families)
    if not exact or not (len(families) <= 1 or families <= set(_NUMBERS) or families <= {"moment", "date"}):
        raise UnsupportedSqlError(f"{format_expression(where)} compares {one.mysql} with {other.mysql}")


def format_expression(node: exp.Expr) -> str:
    """Shorten an expression for a message."""
    text = " ".join(node.sql("mysql").split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _unite_two_kinds(one: ValueKind, other: ValueKind, where: exp.Expr) -> ValueKind:
    nullable = one.nullable or other.nullable
    if "null" in (one.family, other.family):
        return (other if one.family == "null" else one).make_nullable()
    if "unknown" in (one.family, other.family):
        return UNKNOWN_KIND
    if one.is_number and other.is_number and not (one.is_quotient or other.is_quotient):
        return _unite_numbers(one, other, nullable, where)
    if one.family != other.family or one.is_quotient or other.is_quotient or one.family == "opaque":
        raise UnsupportedSqlError(f"{format_expression(where)} may be {one.mysql} or {other.mysql}")
    return one.make_nullable(nullable)


def _unite_numbers(one: ValueKind, other: ValueKind, nullable: bool, where: exp.Expr) -> ValueKind:
    if "decimal" in (one.family, other.family):
        scale = max(one.scale, other.scale)
        return make_decimal_kind(max(one.digits - one.scale, other.digits - other.scale) + scale, scale, nullable)
    unsigned = all(kind.unsigned or kind.is_natural for kind in (one, other))
    if not unsigned and (one.is_large_unsigned or other.is_large_unsigned):
        raise UnsupportedSqlError(
            f"{format_expression(where)} may be {one.mysql} or {other.mysql}, which old servers confuse"
        )
    both = make_integer_kind(max(one.digits, other.digits), nullable, unsigned and (one.unsigned or other.unsigned))
    return replace(both, is_natural=one.is_natural and other.is_natural)
