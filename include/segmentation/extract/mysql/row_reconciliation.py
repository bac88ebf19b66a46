"""Compare a change log with its table or query, and correct the log.

A pull only sees rows by their cursor. It misses deletions, and rows that changed or came without a new cursor. So
reconcile compares everything up to the position of the pulls, and leaves the rest to them.

A table is compared by checksums, and rows are only fetched where these differ:

- **Ranges** of the primary key, if the lake orders it as the server does (numbers and times).
- **Buckets** by the remainder of a row's checksum, if it does not (texts have collations). The server computes them
  range by range; then the rows of the differing buckets are fetched from all ranges.

A query is read whole. Changes meanwhile are found now or by the next reconcile, and never corrupt the log: every row
that is written was read from the server, and a row only counts as deleted after a lookup of its key on the server.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_mysql_identifier
from include.segmentation.connections import resolve_address
from include.segmentation.errors import NotReadyError
from include.segmentation.extract.log_comparison import BucketSums, LoggedRows, load_logged_rows, write_bucket_condition
from include.segmentation.extract.log_corrections import LogCorrections
from include.segmentation.extract.mysql.extract_relation import (
    RowsExtract,
    check_unique,
    find_position,
    find_relation,
    list_order_columns,
)
from include.segmentation.extract.mysql.key_range import (
    KeyRange,
    compute_range_sums,
    divide_range,
    find_walk_order,
    has_same_order,
    write_crc_condition,
)
from include.segmentation.extract.mysql.page.keyset import (
    Position,
    ReadSpan,
    Relation,
    can_lack_place,
    limit_to_placeless,
    write_up_to_condition,
)
from include.segmentation.extract.mysql.page.page_reader import read_pages
from include.segmentation.extract.mysql.query_extract import NeedsLakeError
from include.segmentation.extract.mysql.row.mysql_columns import MySQLColumn, build_arrow_schema
from include.segmentation.extract.mysql.schema_changes import adapt_log
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.page_size import PageSize
from include.segmentation.lake.change_log import LogState
from include.segmentation.profile.mysql_source import MySQLSource, QueryExtract
from include.segmentation.run import Run

RANGE_ROWS, PART_ROWS = 50_000, 2_000
"""The most rows of a range, and of the parts into which a differing range is divided."""
_BUCKET_ROWS, _MOST_BUCKETS = 500, 4_096
_KEYS_AT_ONCE = 500
_NOTHING = dict.fromkeys(["compared", "differing", "rows_compared", "rows_fetched"], 0)


def reconcile_rows(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Compare and correct the log of one table or query; the caller holds the log's writer.

    Position and complete_through stay as they are. A reconcile that breaks can be repeated.

    Returns:
        ``method`` (ranges, buckets, whole, or computed: nothing to do, as every pull compares the whole query),
        ``compared`` and ``differing`` (ranges or buckets), ``rows_compared``, ``rows_fetched``, ``missing``,
        ``changed`` and ``deleted``.

    Raises:
        NotReadyError: the first load has not ended, or a pull has to read everything again.
        UnavailableError, SourceError, DataError: as for a pull.
    """
    log = run.lake.open_log(name)
    state = log.read_state()
    if state.complete_through is None:
        raise NotReadyError("its first load has not ended; reconcile compares what pulls have read")
    corrections = LogCorrections(log, state, declared.primary_key, retracts=declared.mode == "append")
    source = cast(MySQLSource, run.profile.sources[declared.source])  # the only source of tables and queries
    with connect_mysql(resolve_address(source.connection), source.pace) as server:
        try:
            relation = find_relation(run.profile, server, declared)
            corrections.state = adapt_log(log, state, declared, relation)
            _require_position(corrections.state)
            position = find_position(relation, corrections.state)
            method, counts = _compare_source(run, name, declared, server, relation, position, corrections)
        except NeedsLakeError:  # every pull compares it
            method, counts = "computed", dict(_NOTHING)
    corrections.commit()
    corrected = {"missing": corrections.missing, "changed": corrections.changed, "deleted": corrections.deleted}
    return {"method": method, **counts, **corrected}


def _require_position(state: LogState) -> None:
    """Check that the log has no rows after its position: they would look deleted.

    Raises:
        NotReadyError: a pull that reads the source again has not ended.
    """
    if any(state.cursor.get(why) for why in ("computed", "reordered")):
        raise NotReadyError("a pull has to read its source again and has not ended; reconcile after it")


def _compare_source(
    run: Run,
    name: str,
    declared: RowsExtract,
    server: MySQLServer,
    relation: Relation,
    position: Position | None,
    corrections: LogCorrections,
) -> tuple[str, dict[str, int]]:
    """Compare by the method that suits the source; return its name and counts."""
    key = [column for name in declared.primary_key for column in relation.columns if column.name == name]
    order, left_out, sort_columns = find_walk_order(relation, key), None, None
    if isinstance(declared, QueryExtract):
        method, columns = "whole", relation.columns
    else:
        method, columns = "buckets", key
        left_out = _fetch_keys_after(server, relation, position) if declared.mode == "merge" and position else None
        if has_same_order(order):
            method, sort_columns = "ranges", [column.name for column in order]
    schema = build_arrow_schema(columns)
    with load_logged_rows(run.lake, name, declared.primary_key, schema, left_out, sort_columns) as logged:
        comparison = _Comparison(declared, server, relation, position, key, order, logged, corrections)
        comparison.compare_by(method)
    return method, comparison.counts


def _fetch_keys_after(server: MySQLServer, relation: Relation, position: Position) -> pa.Table:
    """Fetch the keys of the rows after the position; in ``merge`` mode the log may have older versions, which stay."""
    low = relation.cursor.write_literal(position[0])
    order = list_order_columns(relation)
    return _fetch_columns(server, relation, order, ReadSpan([], order, low=low, after=position))


def _fetch_columns(server: MySQLServer, relation: Relation, columns: list[MySQLColumn], span: ReadSpan) -> pa.Table:
    return pa.concat_tables(page.rows for page in read_pages(server, replace(relation, columns=columns), span))


@dataclass
class _Comparison:
    """The comparison of one log with its source.

    Attributes:
        position: where the pulls have arrived; the comparison ends there.
        key: the columns of the primary key.
        order: those of them along which a table is walked.
        counts: what was compared and fetched.
    """

    declared: RowsExtract
    server: MySQLServer
    relation: Relation
    position: Position | None
    key: list[MySQLColumn]
    order: list[MySQLColumn]
    logged: LoggedRows
    corrections: LogCorrections
    counts: dict[str, int] = field(default_factory=lambda: dict(_NOTHING))

    def compare_by(self, method: str) -> None:
        """Compare by one of the methods: ranges, buckets, or whole."""
        {"ranges": self._compare_ranges, "buckets": self._compare_buckets, "whole": self._compare_whole}[method]()

    def _compare_ranges(self) -> None:
        """Compare the checksums of ranges of the primary key, and of the parts of differing ranges."""
        for key_range in self._walk_ranges(KeyRange(self.order), size := self._make_page_size(RANGE_ROWS)):
            server_sums = self._compute_sums(key_range, 1, size)
            self.counts["compared"] += 1
            self.counts["rows_compared"] += _count_rows(server_sums)
            if server_sums != self.logged.compute_sums(key_range.lake_condition, 1):
                self.counts["differing"] += 1
                self._correct_range(key_range)

    def _correct_range(self, key_range: KeyRange) -> None:
        differing: list[KeyRange] = []
        for part in self._walk_ranges(key_range, size := self._make_page_size(PART_ROWS)):
            if self._compute_sums(part, 1, size) != self.logged.compute_sums(part.lake_condition, 1):
                if differing and differing[-1].to == part.after:  # adjoining parts are fetched as one
                    differing[-1] = replace(differing[-1], to=part.to)
                else:
                    differing.append(part)
        for part in differing:
            self._correct_rows([part.server_condition], part.lake_condition)

    def _compare_buckets(self) -> None:
        """Compare the checksums of buckets; the server computes them range by range."""
        buckets = _choose_bucket_count(self.logged.count)
        server_sums: BucketSums = {}
        for key_range in self._walk_ranges(KeyRange(self.order), size := self._make_page_size(RANGE_ROWS)):
            _add_sums(server_sums, self._compute_sums(key_range, buckets, size))
        log_sums = self.logged.compute_sums("true", buckets)
        differing = sorted(
            bucket for bucket in log_sums | server_sums if log_sums.get(bucket) != server_sums.get(bucket)
        )
        self.counts |= {"compared": buckets, "differing": len(differing), "rows_compared": _count_rows(server_sums)}
        if differing:
            chosen = write_crc_condition(self.relation, buckets, differing)
            conditions = (
                f"{key_range.server_condition} AND {chosen}"
                for key_range in self._walk_ranges(KeyRange(self.order), size)
            )
            self._correct_rows(conditions, write_bucket_condition(buckets, differing))

    def _compare_whole(self) -> None:
        """Read everything up to the position, in the order of the pulls."""
        cursor, order = self.relation.cursor, list_order_columns(self.relation)
        is_placeless = limit_to_placeless(cursor)(quote_mysql_identifier(cursor.name))
        if self.position:
            conditions = [write_up_to_condition(order, self.position), f"NOT ({is_placeless})"]
            self._correct_span(ReadSpan(conditions, order, high=cursor.write_literal(self.position[0])))
        if can_lack_place(cursor):
            self._correct_span(ReadSpan([is_placeless], self.relation.key))
        if self.declared.mode == "merge" and self.position:  # last, to see rows that move on meanwhile
            self.logged.mark_seen(_fetch_keys_after(self.server, self.relation, self.position))
        self.corrections.add_deletions(self.logged.find_unseen("true"))
        is_differing = self.corrections.missing + self.corrections.changed + self.corrections.deleted > 0
        self.counts |= {"compared": 1, "differing": int(is_differing), "rows_compared": self.counts["rows_fetched"]}

    def _correct_rows(self, conditions: Iterable[str], lake_condition: str) -> None:
        """Correct the rows of the lake's condition by the rows of the same conditions on the server."""
        for condition in conditions:
            self._correct_span(ReadSpan([condition, self._scope], self.order))
        for keys in self.logged.find_unseen(lake_condition).to_batches(max_chunksize=_KEYS_AT_ONCE):
            self.corrections.add_deletions(self._filter_absent(pa.Table.from_batches([keys])))

    def _correct_span(self, span: ReadSpan) -> None:
        for page in read_pages(self.server, self.relation, span):
            check_unique(self.relation, self.declared, page)
            self.counts["rows_fetched"] += page.rows.num_rows
            self.corrections.add_rows(page.rows, self.logged.find_differing(page.rows))
            self.logged.mark_seen(page.rows)

    def _filter_absent(self, keys: pa.Table) -> pa.Table:
        """Keep the keys that the server does not have.

        A row that has moved past the position is present in ``merge``, where the next pull reads a newer version of
        it. In ``append`` the next pull reads it as a new row.
        """
        rows = _list_tuples(self.key, keys)
        has_key = " OR ".join(_write_key_condition(self.key, row) for row in rows)
        scope = [self._scope] if self.declared.mode == "append" else []
        present = _fetch_columns(self.server, self.relation, self.key, ReadSpan([f"({has_key})", *scope], self.key))
        present_keys = set(_list_tuples(self.key, present))
        return keys.filter(pa.array([row not in present_keys for row in rows]))

    @property
    def _scope(self) -> str:
        """The condition of the compared rows: up to the position, and without a place, which every pull reads."""
        cursor = self.relation.cursor
        scope = [write_up_to_condition(list_order_columns(self.relation), self.position)] if self.position else []
        scope += [limit_to_placeless(cursor)(quote_mysql_identifier(cursor.name))] if can_lack_place(cursor) else []
        return f"({' OR '.join(scope) or '1 = 0'})"

    def _walk_ranges(self, key_range: KeyRange, size: PageSize) -> Iterator[KeyRange]:
        return divide_range(self.server, self.relation, key_range, size)

    def _compute_sums(self, key_range: KeyRange, buckets: int, size: PageSize) -> BucketSums:
        return compute_range_sums(self.server, self.relation, key_range, self._scope, buckets, size)

    def _make_page_size(self, most_rows: int) -> PageSize:
        return PageSize(self.server.pace.page_seconds, most_rows)


def _choose_bucket_count(rows: int) -> int:
    """Choose a power of two that gives buckets of at most ``_BUCKET_ROWS`` rows, up to ``_MOST_BUCKETS``."""
    count = 1
    while count * _BUCKET_ROWS < rows and count < _MOST_BUCKETS:
        count *= 2
    return count


def _add_sums(total_sums: BucketSums, sums: BucketSums) -> None:
    for bucket, (count, xor, total) in sums.items():
        before = total_sums.get(bucket, (0, 0, 0))
        total_sums[bucket] = (before[0] + count, before[1] ^ xor, before[2] + total)


def _count_rows(sums: BucketSums) -> int:
    return sum(count for count, _, _ in sums.values())


def _list_tuples(columns: list[MySQLColumn], rows: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(rows[column.name].to_pylist() for column in columns), strict=True))


def _write_key_condition(columns: list[MySQLColumn], row: tuple[Any, ...]) -> str:
    """Write the server's condition of one key of the lake."""
    same = (_write_equality(column, _format_value(value)) for column, value in zip(columns, row, strict=True))
    return f"({' AND '.join(same)})"


def _write_equality(column: MySQLColumn, text: str) -> str:
    name = quote_mysql_identifier(column.name)
    if column.is_mojibake:  # the text as it was before its repair, or without one
        return f"({name} = {column.write_literal(text)} OR {name} = _latin1 x'{text.encode().hex()}')"
    return f"{name} = {column.write_literal(text)}"


def _format_value(value: Any) -> str:
    """Format a value of the lake as a server writes it."""
    if isinstance(value, bytes):
        return value.hex()
    return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else str(value)
