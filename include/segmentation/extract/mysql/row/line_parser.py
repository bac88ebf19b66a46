"""Parse lines of a server into Arrow rows. Values that cannot be read are kept beside the row, as they are."""

import json
import re
from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from include.segmentation.errors import DataError
from include.segmentation.extract.mysql.row.line_sql import NULL_FIELD
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn
from include.segmentation.extract.mysql.row.value_parser import find_unreadable, parse_values, repair_mojibake
from include.segmentation.lake.log_columns import CRC_COLUMN, UNREADABLE, ZERO_DATES

_DATE = re.compile(rb"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?")


@dataclass(frozen=True)
class ParsedRows:
    """Rows in the types of the lake.

    Attributes:
        rows: the columns, ``_crc``, ``_zero_dates`` and ``_unreadable``.
        noticed: the counts of invalid dates (``zero_dates``), values that cannot be read (``unreadable``), and texts of
            mojibake columns that needed no repair or allowed none (``mojibake_kept``).
    """

    rows: pa.Table
    noticed: Counter[str]


def parse_lines(columns: list[MySQLColumn], text: bytes | bytearray, crcs: pa.Array) -> ParsedRows:
    """Parse lines.

    Args:
        columns: the columns of the lines.
        text: lines (see ``line_sql.py``), with line breaks in between.
        crcs: the checksum of each line.

    Raises:
        DataError: a date is invalid and not allowed, or a key that is declared as mojibake has a text that is none.
    """
    noticed: Counter[str] = Counter()
    notes: dict[str, dict[int, dict[str, str]]] = {ZERO_DATES: {}, UNREADABLE: {}}
    arrays = []
    for column, raw in zip(columns, split_fields(columns, text, len(crcs)), strict=True):
        values, flaws = _parse_column(column, raw)
        if column.is_mojibake:
            values, unrepaired = repair_mojibake(values)
            if unrepaired and column.is_key:
                raise DataError(
                    f"column '{column.name}' ({column.mysql}): {unrepaired} of {len(raw)} values are no UTF-8, "
                    "so repaired ones could equal them in the primary key; correct them, or leave it out of 'mojibake'"
                )
            noticed.update(mojibake_kept=unrepaired)
        for row, field in flaws.items():
            kind = ZERO_DATES if column.is_time and _DATE.fullmatch(field) else UNREADABLE
            notes[kind].setdefault(row, {})[column.name] = field.decode(errors="backslashreplace")
            noticed[kind.lstrip("_")] += 1
        arrays.append(values)
    own = {CRC_COLUMN: crcs} | {name: _write_notes(row_notes, len(crcs)) for name, row_notes in notes.items()}
    names = [column.name for column in columns]
    return ParsedRows(pa.Table.from_arrays([*arrays, *own.values()], [*names, *own]), noticed)


def split_fields(columns: list[MySQLColumn], text: bytes | bytearray, lines: int) -> list[pa.Array]:
    """Split lines into fields, by column, as bytes or null."""
    if not lines:
        return [pa.array([], pa.binary()) for _ in columns]
    if not text or text.endswith(b"\n"):
        text = text + b"\n"  # or the reader ignores the empty last line
    names = [column.name for column in columns]
    table = pa_csv.read_csv(
        pa.BufferReader(text),
        pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(text) + 1),  # one block: one chunk
        pa_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()),
            null_values=[NULL_FIELD.decode()],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return [column.chunk(0) for column in table.columns]


def _parse_column(column: MySQLColumn, raw: pa.Array) -> tuple[pa.Array, dict[int, bytes]]:
    """Parse a column. Return its values (NULL where a field cannot be read), and those fields by row.

    Raises:
        DataError: such a field is a date, and the column does not allow invalid dates.
    """
    try:
        return parse_values(column, raw), {}
    except pa.ArrowInvalid:
        flawed = find_unreadable(column, raw)
    is_flawed = pc.is_in(raw, value_set=flawed)
    rows = pc.indices_nonzero(is_flawed)
    flaws = dict(zip(rows.to_pylist(), raw.take(rows).to_pylist(), strict=True))
    dates = [text for text in flaws.values() if column.is_time and _DATE.fullmatch(text)]
    if dates and not column.allows_zero_dates:
        raise DataError(
            f"column '{column.name}' ({column.mysql}): {len(dates)} of {len(raw)} values of a page are invalid "
            f"dates, such as {dates[0].decode()}; correct them, leave the column out, or set 'zero_dates: flag' on its "
            "source (read as NULL and noted; not in a primary key)"
        )
    return parse_values(column, pc.if_else(is_flawed, pa.scalar(None, pa.binary()), raw)), flaws


def _write_notes(row_notes: dict[int, dict[str, str]], rows: int) -> pa.Array:
    """Write a JSON object for each row with notes."""
    if not row_notes:
        return pa.nulls(rows, pa.string())
    texts = {row: json.dumps(noted, ensure_ascii=False) for row, noted in row_notes.items()}
    return pa.array([texts.get(row) for row in range(rows)], pa.string())
