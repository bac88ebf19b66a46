"""One page: one statement, its rows fetched whole."""

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
"""A page is cut at so many times the bytes that were planned, where its rows turn out to be wider than those before."""
_NO_CRC = 2**32


@dataclass(frozen=True)
class Page:
    """Rows fetched by one statement.

    Attributes:
        last: where the next page goes on; None where the page is empty.
        is_end: whether the span ends here.
        noticed: what was found odd in its values (see ``parse.py``), with how often.
    """

    rows: pa.Table
    last: Position | None = field(default=None)
    is_end: bool = True
    noticed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class PageLines:
    """A page as the server wrote it.

    Attributes:
        order: the columns that order it.
        text: its lines, with a line break between two.
        crcs: the checksum of each line; NULL where the server can not write it.
        last, is_end: as of a ``Page``.
        repeats: whether it begins with the row that it goes on behind.
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
        """How many lines it has."""
        return len(self.crcs)

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.text)

    def parse_page(self) -> Page:
        """The page in the types of the lake.

        Raises:
            DataError: a date is none where that is not allowed, what orders the rows can not be read, or the row that
                the page goes on behind has its equal.
        """
        parsed = parse_lines(self.columns, self.text, self.crcs)
        for column in self.order:
            missing = parsed.rows[column.name].null_count
            if missing and not column.allows_zero_dates:
                raise DataError(
                    f"column '{column.name}' orders the rows, but is NULL or can not be read in {missing} of "
                    f"{self.count} rows of a page"
                )
        return Page(self._without_first(parsed.rows), self.last, self.is_end, parsed.noticed)

    def _without_first(self, rows: pa.Table) -> pa.Table:
        if not self.repeats:
            return rows
        names = [column.name for column in self.order]
        if rows[:2].group_by(names).aggregate([]).num_rows < len(rows[:2]):
            raise DataError(f"cursor and primary_key ({', '.join(names)}) are not unique: two rows are equal in them")
        return rows[1:]


class _Taken:
    """Lines as they come from the server, joined at once: one by one they would need several times the memory."""

    def __init__(self, columns: list[MySQLColumn], most_bytes: int) -> None:
        self.columns = columns
        self.most_bytes = most_bytes
        self.text = bytearray()
        self.crcs = array("q")
        self.first: bytes | None = None
        self.last: bytes | None = None
        self.is_too_long = False

    def lines(self, rows: tuple[RawRow, ...]) -> bool:
        """Take rows of lines; those of a page with one that the server can not write have to be taken otherwise."""
        lines = [line for (line,) in rows if line is not None]
        self.is_too_long = len(lines) < len(rows)
        return not self.is_too_long and self._take(lines, map(crc32, lines))

    def values(self, rows: tuple[RawRow, ...]) -> bool:
        """Take rows of checksums and values."""
        lines = [join_values(self.columns, values) for _, *values in rows]
        return self._take(lines, (_NO_CRC if crc is None else int(crc) for crc, *_ in rows))

    def _take(self, lines: list[bytes], crcs: Iterable[int]) -> bool:
        if self.crcs:
            self.text += b"\n"
        self.text += b"\n".join(lines)
        self.crcs.extend(crcs)
        self.first, self.last = lines[0] if self.first is None else self.first, lines[-1]
        return len(self.text) < self.most_bytes


def fetch_page(
    server: MySQLServer, relation: Relation, span: ReadSpan, at: Position | None, limit: int, planned: int = PAGE_BYTES
) -> PageLines:
    """Fetch the page of a span behind a row, of at most ``limit`` rows and about twice the bytes that were planned.

    Raises:
        UnavailableError, SourceError: the server does not answer, or refuses.
    """
    columns = relation.columns
    again = at is not None and relation.table is None
    taken = _Taken(columns, CUT * planned)
    is_whole = server.read_rows(write_page_sql(relation, span, at, limit), taken.lines)
    if taken.is_too_long:
        taken = _Taken(columns, CUT * planned)
        is_whole = server.read_rows(write_page_sql(relation, span, at, limit, write_values_sql(columns)), taken.values)
    return PageLines(
        columns,
        span.order,
        taken.text,
        _checksums(taken.crcs),
        read_position(columns, span.order, taken.last),
        is_end=is_whole and len(taken.crcs) < limit + again,
        repeats=again and read_position(columns, span.order, taken.first) == at,
    )


def _checksums(crcs: "array[int]") -> pa.Array:
    found = pa.Array.from_buffers(pa.int64(), len(crcs), [None, pa.py_buffer(crcs)])
    return pc.if_else(pc.equal(found, _NO_CRC), None, found) if _NO_CRC in crcs else found


def read_position(columns: list[MySQLColumn], order: list[MySQLColumn], line: bytes | None) -> Position | None:
    """What a line of these columns says of those that order the rows."""
    if line is None:
        return None
    fields = dict(zip(columns, split_fields(columns, line, 1), strict=True))
    return [fields[column][0].as_py().decode(errors="replace") for column in order]
