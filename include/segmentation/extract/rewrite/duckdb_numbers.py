"""Exact numbers in DuckDB: the types of the lake, and division that rounds as MySQL does."""

import pyarrow as pa
from sqlglot import exp

from include.segmentation.extract.rewrite.value_kinds import (
    MOST_DIGITS,
    QUOTIENT_DIGITS,
    UnsupportedSqlError,
    ValueKind,
    format_expression,
)

QUOTIENT_MACRO = (
    "CREATE MACRO quotient(a, b) AS CASE WHEN b = 0 THEN NULL "
    "ELSE sign(a) * sign(b) * ((abs(a) * 2 + abs(b)) // (abs(b) * 2)) END"
)
"""Divides whole numbers and rounds to the nearest, halves away from zero."""
_WORD_DIGITS = 9
"""MySQL stores decimals in words of nine digits."""


def map_duckdb_type(lake: pa.DataType) -> str:
    """The DuckDB type for a type of the lake."""
    if pa.types.is_decimal(lake):
        return f"DECIMAL({lake.precision}, {lake.scale})"
    if lake == pa.null():
        raise UnsupportedSqlError("only the server knows the types of its columns")
    names = {pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.string(): "VARCHAR", pa.binary(): "BLOB"}
    return names.get(lake) or ("DATE" if pa.types.is_date(lake) else "TIMESTAMP")


def name_exact_type(kind: ValueKind) -> str:
    """The type that holds just the digits of a number; of other values, the lake's type."""
    return f"DECIMAL({max(kind.digits, 1)}, {kind.scale})" if kind.is_number else map_duckdb_type(kind.lake)


def write_unscaled(value: str, kind: ValueKind) -> str:
    """An exact number without its decimal point, as a HUGEINT.

    Raises:
        UnsupportedSqlError: it has too many digits.
    """
    if kind.digits + kind.scale + 1 > MOST_DIGITS:
        raise UnsupportedSqlError(
            f"it divides a number of {kind.digits} digits, {kind.scale} of them after the decimal point"
        )
    shifted = f"CAST({value} AS {name_exact_type(kind)}) * CAST({10**kind.scale} AS DECIMAL({kind.scale + 1}, 0))"
    return f"CAST({shifted} AS HUGEINT)"


def write_quotient(node: exp.Expr, kind: ValueKind, scales: tuple[int, int], dividend: str, divisor: str) -> str:
    """The quotient of two unscaled numbers.

    Args:
        node: the division, for messages.
        kind: the kind of the quotient.
        scales: the scales of dividend and divisor.
        dividend: whole number without its decimal point.
        divisor: likewise.

    Raises:
        UnsupportedSqlError: MySQL would not round, or DuckDB lacks the digits.
    """
    if kind.scale >= _count_computed_digits(*scales):
        raise UnsupportedSqlError(f"{format_expression(node)}: MySQL truncates the last digit instead of rounding it")
    if kind.digits + kind.scale > MOST_DIGITS:
        raise UnsupportedSqlError(f"{format_expression(node)} needs more than {MOST_DIGITS} digits")
    power = 10 ** (scales[1] + QUOTIENT_DIGITS)
    rounded = f"quotient(({dividend}) * CAST({power} AS HUGEINT), CAST({divisor} AS HUGEINT))"
    unit = f"CAST(0.{'1'.zfill(kind.scale)} AS DECIMAL({kind.scale}, {kind.scale}))"
    return f"CAST(CAST({rounded} AS DECIMAL({kind.digits}, 0)) * {unit} AS {name_exact_type(kind)})"


def _count_computed_digits(dividend_scale: int, divisor_scale: int) -> int:
    """How many digits after the decimal point MySQL computes of a quotient before it rounds: whole words."""
    dividend, divisor = _round_up_to_words(dividend_scale), _round_up_to_words(divisor_scale)
    missing = max(0, QUOTIENT_DIGITS - (dividend - dividend_scale) - (divisor - divisor_scale))
    return _round_up_to_words(dividend + divisor + missing)


def _round_up_to_words(digits: int) -> int:
    return -(-digits // _WORD_DIGITS) * _WORD_DIGITS
