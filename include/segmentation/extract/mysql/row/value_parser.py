"""Parse raw text of a server into values of the lake, column by column: exactly, or not at all."""

from binascii import unhexlify

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn

_TIME = r"^(?P<sign>-?)(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.(?P<fraction>\d{1,6}))?$"
_NO_YEAR = "0000"
"""A year that the calendar lacks, but that a server may keep and Arrow would read."""
_LATIN1 = {ord(char): byte for byte in range(256) if (char := bytes([byte]).decode("cp1252", "ignore"))}
"""Code point -> byte of MySQL's latin1: Windows' cp1252, with control characters in its five holes."""


def parse_values(column: MySQLColumn, raw: pa.Array) -> pa.Array:
    """Parse the values of a column.

    Args:
        column: the column.
        raw: its fields (see ``line_sql.py``), as bytes or null.

    Raises:
        pyarrow.ArrowInvalid: at least one cannot be read.
    """
    if column.is_bytes:
        return _parse_bytes(raw)
    words = raw.cast(pa.string())
    if column.kind == "time":
        return _parse_times(words)
    if column.is_time and pc.any(pc.starts_with(words, _NO_YEAR)).as_py():
        raise pa.ArrowInvalid(f"a date in the year {_NO_YEAR}")
    if pa.types.is_timestamp(column.type):  # in UTC, as the session is
        return pc.assume_timezone(words.cast(pa.timestamp("us")), "UTC")
    values = words.cast(column.type)
    if pa.types.is_floating(column.type) and pc.any(pc.invert(pc.is_finite(values))).as_py():
        raise pa.ArrowInvalid("not a finite number")
    return values


def find_unreadable(column: MySQLColumn, raw: pa.Array) -> pa.Array:
    """Find the distinct fields of a column that cannot be read."""
    return pa.array(_search_unreadable(column, pc.drop_null(pc.unique(raw))), pa.binary())


def repair_mojibake(texts: pa.Array) -> tuple[pa.Array, int]:
    """Repair UTF-8 in the texts of a latin1 column.

    Returns:
        The texts, unchanged where they are no UTF-8; and how many unchanged texts are not ASCII.
    """
    is_other = pc.fill_null(pc.invert(pc.string_is_ascii(texts)), False)
    repaired = [_repair_text(text) for text in texts.filter(is_other).to_pylist()]
    values = pc.replace_with_mask(texts, is_other, pa.array(repaired, pa.string()))
    unrepaired = pc.sum(pc.equal(values.filter(is_other), texts.filter(is_other))).as_py()
    return values, unrepaired or 0


def _search_unreadable(column: MySQLColumn, different: pa.Array) -> list[bytes]:
    """Search by halves: unreadable fields are rare or much the same."""
    try:
        parse_values(column, different)
    except pa.ArrowInvalid:
        if len(different) == 1:
            return list(different.to_pylist())
        half = len(different) // 2
        return _search_unreadable(column, different[:half]) + _search_unreadable(column, different[half:])
    return []


def _parse_bytes(raw: pa.Array) -> pa.Array:
    """Parse hexadecimal digits."""
    _, offsets, digits = raw.buffers()
    ends = np.frombuffer(offsets, np.int32)[raw.offset : raw.offset + len(raw) + 1]
    data = unhexlify(memoryview(digits)[ends[0] : ends[-1]])
    buffers = [raw.is_valid().buffers()[1], pa.py_buffer((ends - ends[0]) // 2), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(raw), buffers)


def _parse_times(words: pa.Array) -> pa.Array:
    """Parse times of day, which may be negative or beyond 24 hours, into microseconds."""
    parts = pc.extract_regex(words, _TIME)
    if parts.null_count > words.null_count:
        raise pa.ArrowInvalid("not a time of day")
    sign, hours, minutes, seconds, fraction = parts.flatten()
    whole = pc.add(
        pc.multiply(pc.add(pc.multiply(_parse_integers(hours), 60), _parse_integers(minutes)), 60),
        _parse_integers(seconds),
    )
    size = pc.add(pc.multiply(whole, 1_000_000), _parse_integers(pc.utf8_rpad(fraction, 6, "0")))
    return pc.if_else(pc.equal(sign, "-"), pc.negate(size), size)


def _parse_integers(digits: pa.Array) -> pa.Array:
    return digits.cast(pa.int64())


def _repair_text(text: str) -> str:
    try:
        return bytes(_LATIN1.get(ord(char), ord(char)) for char in text).decode("utf-8")
    except ValueError:  # a character beyond latin1, or bytes that are not UTF-8
        return text
