"""Raw text of a server as values of the lake, a whole column at a time: exactly, or not at all."""

from binascii import unhexlify

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn

_TIME = r"^(?P<sign>-?)(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.(?P<fraction>\d{1,6}))?$"
_NO_YEAR = "0000"
"""The calendar has no such year; a server may keep one all the same, and Arrow would read it."""
_LATIN1 = {ord(char): byte for byte in range(256) if (char := bytes([byte]).decode("cp1252", "ignore"))}
"""The code points of MySQL's latin1, which is Windows' cp1252; its five holes are the control characters."""


def parse_values(column: MySQLColumn, raw: pa.Array) -> pa.Array:
    """The values of a column.

    Args:
        column: whose they are.
        raw: the fields of lines (see ``render.py``) as bytes, or null.

    Raises:
        pyarrow.ArrowInvalid: at least one can not be read.
    """
    if column.is_bytes:
        return _bytes(raw)
    words = raw.cast(pa.string())
    if column.kind == "time":
        return _microseconds(words)
    if column.is_time and pc.any(pc.starts_with(words, _NO_YEAR)).as_py():
        raise pa.ArrowInvalid(f"a date in the year {_NO_YEAR}")
    if pa.types.is_timestamp(column.type):  # in UTC, as the session is
        return pc.assume_timezone(words.cast(pa.timestamp("us")), "UTC")
    values = words.cast(column.type)
    if pa.types.is_floating(column.type) and pc.any(pc.invert(pc.is_finite(values))).as_py():
        raise pa.ArrowInvalid("not a finite number")
    return values


def find_unreadable(column: MySQLColumn, raw: pa.Array) -> pa.Array:
    """The different fields of a column that can not be read."""
    return pa.array(_unreadable(column, pc.drop_null(pc.unique(raw))), pa.binary())


def repair_mojibake(texts: pa.Array) -> tuple[pa.Array, int]:
    """Texts of a latin1 column as what they mean where they hold UTF-8.

    Returns:
        The texts; one that is not UTF-8 that way stays as it is. And how many stayed though they are not ASCII.
    """
    is_other = pc.fill_null(pc.invert(pc.string_is_ascii(texts)), False)
    meant = [_meant(text) for text in texts.filter(is_other).to_pylist()]
    values = pc.replace_with_mask(texts, is_other, pa.array(meant, pa.string()))
    kept = pc.sum(pc.equal(values.filter(is_other), texts.filter(is_other))).as_py()
    return values, kept or 0


def _unreadable(column: MySQLColumn, different: pa.Array) -> list[bytes]:
    """Halve until what can not be read is alone: it is rare, or much the same."""
    try:
        parse_values(column, different)
    except pa.ArrowInvalid:
        if len(different) == 1:
            return list(different.to_pylist())
        half = len(different) // 2
        return _unreadable(column, different[:half]) + _unreadable(column, different[half:])
    return []


def _bytes(raw: pa.Array) -> pa.Array:
    """Hexadecimal digits as the bytes that they stand for."""
    _, offsets, digits = raw.buffers()
    ends = np.frombuffer(offsets, np.int32)[raw.offset : raw.offset + len(raw) + 1]
    data = unhexlify(memoryview(digits)[ends[0] : ends[-1]])
    buffers = [raw.is_valid().buffers()[1], pa.py_buffer((ends - ends[0]) // 2), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(raw), buffers)


def _microseconds(words: pa.Array) -> pa.Array:
    """Times of day, which may be negative and beyond 24 hours."""
    parts = pc.extract_regex(words, _TIME)
    if parts.null_count > words.null_count:
        raise pa.ArrowInvalid("not a time of day")
    sign, hours, minutes, seconds, fraction = parts.flatten()
    whole = pc.add(pc.multiply(pc.add(pc.multiply(_whole(hours), 60), _whole(minutes)), 60), _whole(seconds))
    size = pc.add(pc.multiply(whole, 1_000_000), _whole(pc.utf8_rpad(fraction, 6, "0")))
    return pc.if_else(pc.equal(sign, "-"), pc.negate(size), size)


def _whole(digits: pa.Array) -> pa.Array:
    return digits.cast(pa.int64())


def _meant(text: str) -> str:
    try:
        return bytes(_LATIN1.get(ord(char), ord(char)) for char in text).decode("utf-8")
    except ValueError:  # a character beyond latin1, or bytes that are not UTF-8
        return text
