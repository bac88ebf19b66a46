"""Fetch one page with one statement."""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.errors import DataError
from include.segmentation.extract.mysql.page.keyset import Position, ReadSpan, Relation, write_page_sql
from include.segmentation.extract.mysql.row.line_parser import parse_lines, split_fields
from include.segmentation.extract.mysql.row.line_sql import join_values, write_values_sql
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer, RawRow
from include.segmentation.extract.page_size import PAGE_BYTES

CUT = 2
"""A page is cut at this many times its planned bytes, if its rows are wider than those before."""
_NO_CRC = 2**32


@dataclass(frozen=True)
class Page:
    """Rows fetched by one statement.

    Attributes:
        rows: the rows, in the types of the lake.
        last: the position of the last row; None if the page is empty.
        is_end: whether the span ends here.
        noticed: counts of odd values (see ``line_parser.py``).
    """

    rows: pa.Table
    last: Position | None = field(default=None)
    is_end: bool = True
    noticed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class PageLines:
    """A page as the server wrote it.

    Attributes:
        columns: the columns of its lines.
        order: the ordering columns.
        text: its lines, with line breaks in between.
        crcs: the checksum of each line; NULL if the server cannot write the line.
        last, is_end: as in ``Page``.
        repeats: whether it begins with the row that it continues after.
    """

    columns: list[MySQLColumn]
    order: list[MySQLColumn]
    text: bytearray
    crcs: pa.Array
    last: Position | None
    is_end: bool
    repeats: bool = False

    @property
    def count(self) -> int:
        """The number of its lines."""
        return len(self.crcs)

    @property
    def size(self) -> int:
        """The number of its bytes."""
        return len(self.text)

    def parse_page(self) -> Page:
        """Parse the page into the types of the lake.

        Raises:
            DataError: a date is invalid and not allowed, an ordering value cannot be read, or two rows are equal in
                the ordering columns.
        """
        parsed = parse_lines(self.columns, self.text, self.crcs)
        for column in self.order:
            missing = parsed.rows[column.name].null_count
            if missing and not column.allows_zero_dates:
                raise DataError(
                    f"column '{column.name}' orders the rows, but is NULL or cannot be read in {missing} of "
                    f"{self.count} rows of a page"
                )
        return Page(self._drop_repeated(parsed.rows), self.last, self.is_end, parsed.noticed)

    def _drop_repeated(self, rows: pa.Table) -> pa.Table:
        if not self.repeats:
            return rows
        names = [column.name for column in self.order]
        if rows[:2].group_by(names).aggregate([]).num_rows < len(rows[:2]):
            raise DataError(f"cursor and primary_key ({', '.join(names)}) are not unique: two rows are equal in them")
        return rows[1:]


class _LineBuffer:
    """Lines from the server, joined as they come: separate lines would take several times the memory."""

    def __init__(self, columns: list[MySQLColumn], most_bytes: int) -> None:
        self.columns = columns
        self.most_bytes = most_bytes
        self.text = bytearray()
        self.crcs = array("q")
        self.first: bytes | None = None
        self.last: bytes | None = None
        self.has_long_line = False

    def add_lines(self, rows: tuple[RawRow, ...]) -> bool:
        """Add lines, and return whether to go on. A line that the server cannot write ends the page."""
        lines = [line for (line,) in rows if line is not None]
        self.has_long_line = len(lines) < len(rows)
        return not self.has_long_line and self._append_lines(lines, map(crc32, lines))

    def add_values(self, rows: tuple[RawRow, ...]) -> bool:
        """Add rows of checksums and values, and return whether there is room for more."""
        lines = [join_values(self.columns, values) for _, *values in rows]
        return self._append_lines(lines, (_NO_CRC if crc is None else int(crc) for crc, *_ in rows))

    def _append_lines(self, lines: list[bytes], crcs: Iterable[int]) -> bool:
        if self.crcs:
            self.text += b"\n"
        self.text += b"\n".join(lines)
        self.crcs.extend(crcs)
        self.first, self.last = lines[0] if self.first is None else self.first, lines[-1]
        return len(self.text) < self.most_bytes


def fetch_page(
    server: MySQLServer, relation: Relation, span: ReadSpan, at: Position | None, limit: int, planned: int = PAGE_BYTES
) -> PageLines:
    """Fetch the page of a span after a row, of at most ``limit`` rows and about twice the planned bytes.

    Raises:
        UnavailableError, SourceError: the server does not answer, or refuses.
    """
    columns = relation.columns
    repeats = at is not None and relation.table is None
    buffer = _LineBuffer(columns, CUT * planned)
    is_whole = server.read_rows(write_page_sql(relation, span, at, limit), buffer.add_lines)
    if buffer.has_long_line:
        buffer = _LineBuffer(columns, CUT * planned)
        is_whole = server.read_rows(
            write_page_sql(relation, span, at, limit, write_values_sql(columns)), buffer.add_values
        )
    return PageLines(
        columns,
        span.order,
        buffer.text,
        _build_checksums(buffer.crcs),
        read_position(columns, span.order, buffer.last),
        is_end=is_whole and len(buffer.crcs) < limit + repeats,
        repeats=repeats and read_position(columns, span.order, buffer.first) == at,
    )


def _build_checksums(crcs: "array[int]") -> pa.Array:
    checksums = pa.Array.from_buffers(pa.int64(), len(crcs), [None, pa.py_buffer(crcs)])
    return pc.if_else(pc.equal(checksums, _NO_CRC), None, checksums) if _NO_CRC in crcs else checksums


def read_position(columns: list[MySQLColumn], order: list[MySQLColumn], line: bytes | None) -> Position | None:
    """Read the values of the ordering columns from a line; None without a line."""
    if line is None:
        return None
    fields = dict(zip(columns, split_fields(columns, line, 1), strict=True))
    return [fields[column][0].as_py().decode(errors="replace") for column in order]
