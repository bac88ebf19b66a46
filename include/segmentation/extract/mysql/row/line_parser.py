"""Lines of a server as Arrow rows: what can not be read is kept beside the row, never dropped and never bent."""

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
        noticed: how many values are no dates (``zero_dates``), could not be read (``unreadable``), or stayed as they
            were although their column is declared as mojibake (``mojibake_kept``).
    """

    rows: pa.Table
    noticed: Counter[str]


def parse_lines(columns: list[MySQLColumn], text: bytes | bytearray, crcs: pa.Array) -> ParsedRows:
    """Read lines.

    Args:
        columns: of the lines.
        text: lines (see ``render.py``), with a line break between two.
        crcs: the checksum of each line.

    Raises:
        DataError: a date is none, and its column may not hold such dates; or a text of a key is no mojibake, although
            its column is declared to hold such.
    """
    noticed: Counter[str] = Counter()
    notes: dict[str, dict[int, dict[str, str]]] = {ZERO_DATES: {}, UNREADABLE: {}}
    arrays = []
    for column, raw in zip(columns, split_fields(columns, text, len(crcs)), strict=True):
        values, flaws = _read(column, raw)
        if column.is_mojibake:
            values, kept = repair_mojibake(values)
            if kept and column.is_key:
                raise DataError(
                    f"column '{column.name}' ({column.mysql}): {kept} of {len(raw)} values of a page hold no UTF-8, so "
                    "repaired ones could equal them in the primary key; correct them, or leave it out of 'mojibake'"
                )
            noticed.update(mojibake_kept=kept)
        for row, found in flaws.items():
            kind = ZERO_DATES if column.is_time and _DATE.fullmatch(found) else UNREADABLE
            notes[kind].setdefault(row, {})[column.name] = found.decode(errors="backslashreplace")
            noticed[kind.lstrip("_")] += 1
        arrays.append(values)
    own = {CRC_COLUMN: crcs} | {name: _texts(of_rows, len(crcs)) for name, of_rows in notes.items()}
    names = [column.name for column in columns]
    return ParsedRows(pa.Table.from_arrays([*arrays, *own.values()], [*names, *own]), noticed)


def split_fields(columns: list[MySQLColumn], text: bytes | bytearray, lines: int) -> list[pa.Array]:
    """The fields of so many lines, by column, as bytes or null."""
    if not lines:
        return [pa.array([], pa.binary()) for _ in columns]
    if not text or text.endswith(b"\n"):
        text = text + b"\n"  # or the reader takes the empty last line for none
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


def _read(column: MySQLColumn, raw: pa.Array) -> tuple[pa.Array, dict[int, bytes]]:
    """The values of a column, and its fields that can not be read, by row; there the value is NULL.

    Raises:
        DataError: such a field is a date, and the column may not hold any that is none.
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
            f"column '{column.name}' ({column.mysql}): {len(dates)} of {len(raw)} values of a page are no dates, such "
            f"as {dates[0].decode()}; correct them, leave the column out, or let its source say 'zero_dates: flag' "
            "(read as NULL and noted; not in a primary key)"
        )
    return parse_values(column, pc.if_else(is_flawed, pa.scalar(None, pa.binary()), raw)), flaws


def _texts(of_rows: dict[int, dict[str, str]], rows: int) -> pa.Array:
    """A JSON object for each row that has something noted."""
    if not of_rows:
        return pa.nulls(rows, pa.string())
    found = {row: json.dumps(noted, ensure_ascii=False) for row, noted in of_rows.items()}
    return pa.array([found.get(row) for row in range(rows)], pa.string())
