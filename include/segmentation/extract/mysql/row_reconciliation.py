"""Compare what a change log holds with its table or query, and correct the log.

A pull sees what its cursor shows: not a row that was deleted, nor one that changed or came without the cursor's saying
so. This looks at everything that pulls have passed. What they have not reached yet is left to them.

A table is compared by checksums, and only where they differ are rows fetched. Which rows those are:

- **Ranges** of the primary key, where the lake orders it as the server does (numbers and times).
- **Buckets** by the remainder of a row's own checksum, where it does not (texts have collations): the server still
  computes them range by range, and the rows of the buckets that differ are then looked for in all ranges.

A query is read whole. Whatever changes meanwhile is found now or by the next reconcile, and never written wrong: every
row that is written was read from the server, and one counts as deleted only where the server was asked for its key.
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
"""The most rows whose checksums are compared at once, and into how small parts a range that differs is cut."""
_BUCKET_ROWS, _MOST_BUCKETS = 500, 4_096
_KEYS_AT_ONCE = 500
_NOTHING = dict.fromkeys(["compared", "differing", "rows_compared", "rows_fetched"], 0)


def reconcile_rows(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Compare and correct the log of one table or query; the caller holds the log's writer.

    Position and complete_through stay as they are. A broken reconcile is simply repeated.

    Returns:
        ``method`` (ranges, buckets, whole, or computed: nothing to do, as every pull compares such a query whole),
        ``compared`` and ``differing`` (ranges or buckets), ``rows_compared``, ``rows_fetched``, ``missing``,
        ``changed`` and ``deleted``.

    Raises:
        NotReadyError: the extract has not been loaded whole yet, or has to be read anew.
        UnavailableError, SourceError, DataError: as for a pull.
    """
    log = run.lake.open_log(name)
    state = log.read_state()
    if state.complete_through is None:
        raise NotReadyError("its first load has not ended; reconcile compares what pulls have passed")
    found = LogCorrections(log, state, declared.primary_key, retracts=declared.mode == "append")
    source = cast(MySQLSource, run.profile.sources[declared.source])  # a profile gives tables and queries no other
    with connect_mysql(resolve_address(source.connection), source.pace) as server:
        try:
            relation = find_relation(run.profile, server, declared)
            found.state = adapt_log(log, state, declared, relation)
            _check_passed(found.state)
            method, counts = _compare(
                run, name, declared, server, relation, find_position(relation, found.state), found
            )
        except NeedsLakeError:  # so will the next pull do
            method, counts = "computed", dict(_NOTHING)
    found.commit()
    return {"method": method, **counts, "missing": found.missing, "changed": found.changed, "deleted": found.deleted}


def _check_passed(state: LogState) -> None:
    """Refuse a log that holds rows beyond its position: to us, pulls would have passed them and the source lost them.

    Raises:
        NotReadyError: a pull has to read the source anew, and has not come to its end yet.
    """
    if any(state.cursor.get(why) for why in ("computed", "reordered")):
        raise NotReadyError("its source is to be read anew by a pull, which has not ended; reconcile after it")


def _compare(
    run: Run,
    name: str,
    declared: RowsExtract,
    server: MySQLServer,
    relation: Relation,
    position: Position | None,
    found: LogCorrections,
) -> tuple[str, dict[str, int]]:
    """Compare by the method that suits the source; its name and what it has counted."""
    key = [column for name in declared.primary_key for column in relation.columns if column.name == name]
    order, beyond, by = find_walk_order(relation, key), None, None
    if isinstance(declared, QueryExtract):
        method, columns = _Comparison.whole, relation.columns
    else:
        method, columns = _Comparison.buckets, key
        beyond = _beyond(server, relation, position) if declared.mode == "merge" and position else None
        if has_same_order(order):
            method, by = _Comparison.ranges, [column.name for column in order]
    with load_logged_rows(run.lake, name, declared.primary_key, build_arrow_schema(columns), beyond, by) as held:
        comparison = _Comparison(declared, server, relation, position, key, order, held, found)
        method(comparison)
    return method.__name__, comparison.counts


def _beyond(server: MySQLServer, relation: Relation, position: Position) -> pa.Table:
    """The keys of the rows beyond the position; in ``merge`` mode the lake may hold older versions, which stay."""
    low = relation.cursor.write_literal(position[0])
    return _only(
        server,
        relation,
        list_order_columns(relation),
        ReadSpan([], list_order_columns(relation), low=low, after=position),
    )


def _only(server: MySQLServer, relation: Relation, columns: list[MySQLColumn], span: ReadSpan) -> pa.Table:
    return pa.concat_tables(page.rows for page in read_pages(server, replace(relation, columns=columns), span))


@dataclass
class _Comparison:
    """One log beside its source.

    Attributes:
        position: what pulls have passed ends there.
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
    held: LoggedRows
    found: LogCorrections
    counts: dict[str, int] = field(default_factory=lambda: dict(_NOTHING))

    def ranges(self) -> None:
        """Compare the checksums of ranges of the primary key, and of parts of those that differ."""
        for stretch in self._walk(KeyRange(self.order), size := self._size(RANGE_ROWS)):
            theirs = self._sums(stretch, 1, size)
            self.counts["compared"] += 1
            self.counts["rows_compared"] += _rows(theirs)
            if theirs != self.held.compute_sums(stretch.lake_condition, 1):
                self.counts["differing"] += 1
                self._parts(stretch)

    def _parts(self, stretch: KeyRange) -> None:
        differing: list[KeyRange] = []
        for part in self._walk(stretch, size := self._size(PART_ROWS)):
            if self._sums(part, 1, size) != self.held.compute_sums(part.lake_condition, 1):
                if differing and differing[-1].to == part.behind:  # they adjoin: fetched as one
                    differing[-1] = replace(differing[-1], to=part.to)
                else:
                    differing.append(part)
        for part in differing:
            self._settle([part.server_condition], part.lake_condition)

    def buckets(self) -> None:
        """Compare the checksums of buckets, which the server adds up range by range."""
        buckets = _bucket_count(self.held.count)
        theirs: BucketSums = {}
        for stretch in self._walk(KeyRange(self.order), size := self._size(RANGE_ROWS)):
            _add(theirs, self._sums(stretch, buckets, size))
        ours = self.held.compute_sums("true", buckets)
        differing = sorted(bucket for bucket in ours | theirs if ours.get(bucket) != theirs.get(bucket))
        self.counts |= {"compared": buckets, "differing": len(differing), "rows_compared": _rows(theirs)}
        if differing:
            chosen = write_crc_condition(self.relation, buckets, differing)
            again = (f"{stretch.server_condition} AND {chosen}" for stretch in self._walk(KeyRange(self.order), size))
            self._settle(again, write_bucket_condition(buckets, differing))

    def whole(self) -> None:
        """Read everything that pulls have passed, in their order."""
        cursor, order = self.relation.cursor, list_order_columns(self.relation)
        nowhere = limit_to_placeless(cursor)(quote_mysql_identifier(cursor.name))
        if self.position:
            conditions = [write_up_to_condition(order, self.position), f"NOT ({nowhere})"]
            self._take(ReadSpan(conditions, order, high=cursor.write_literal(self.position[0])))
        if can_lack_place(cursor):
            self._take(ReadSpan([nowhere], self.relation.key))
        if self.declared.mode == "merge" and self.position:  # last: whatever moves on meanwhile is seen here
            self.held.mark_seen(_beyond(self.server, self.relation, self.position))
        self.found.add_deletions(self.held.find_unseen("true"))
        is_differing = self.found.missing + self.found.changed + self.found.deleted > 0
        self.counts |= {"compared": 1, "differing": int(is_differing), "rows_compared": self.counts["rows_fetched"]}

    def _settle(self, conditions: Iterable[str], in_lake: str) -> None:
        """Fetch the rows of conditions on the server and correct those of the same condition in the lake."""
        for condition in conditions:
            self._take(ReadSpan([condition, self._passed], self.order))
        for keys in self.held.find_unseen(in_lake).to_batches(max_chunksize=_KEYS_AT_ONCE):
            self.found.add_deletions(self._absent(pa.Table.from_batches([keys])))

    def _take(self, span: ReadSpan) -> None:
        for page in read_pages(self.server, self.relation, span):
            check_unique(self.relation, self.declared, page)
            self.counts["rows_fetched"] += page.rows.num_rows
            self.found.add_rows(page.rows, self.held.find_differing(page.rows))
            self.held.mark_seen(page.rows)

    def _absent(self, keys: pa.Table) -> pa.Table:
        """Those of the keys that the server does not have.

        A row that has moved on beyond the position counts as there in ``merge``, where the next pull brings a newer
        version of it; in ``append`` the next pull brings it as a new row.
        """
        rows = _tuples(self.key, keys)
        asked = " OR ".join(_is(self.key, row) for row in rows)
        passed = [self._passed] if self.declared.mode == "append" else []
        there = _only(self.server, self.relation, self.key, ReadSpan([f"({asked})", *passed], self.key))
        found = set(_tuples(self.key, there))
        return keys.filter(pa.array([row not in found for row in rows]))

    @property
    def _passed(self) -> str:
        """The rows that pulls have passed: up to the position, and those without a place, which every pull reads."""
        cursor = self.relation.cursor
        passed = [write_up_to_condition(list_order_columns(self.relation), self.position)] if self.position else []
        passed += [limit_to_placeless(cursor)(quote_mysql_identifier(cursor.name))] if can_lack_place(cursor) else []
        return f"({' OR '.join(passed) or '1 = 0'})"

    def _walk(self, stretch: KeyRange, size: PageSize) -> Iterator[KeyRange]:
        return divide_range(self.server, self.relation, stretch, size)

    def _sums(self, stretch: KeyRange, buckets: int, size: PageSize) -> BucketSums:
        return compute_range_sums(self.server, self.relation, stretch, self._passed, buckets, size)

    def _size(self, most_rows: int) -> PageSize:
        return PageSize(self.server.pace.page_seconds, most_rows)


def _bucket_count(rows: int) -> int:
    """A power of two that gives buckets of at most ``_BUCKET_ROWS``, while that is not too many."""
    count = 1
    while count * _BUCKET_ROWS < rows and count < _MOST_BUCKETS:
        count *= 2
    return count


def _add(to: BucketSums, more: BucketSums) -> None:
    for bucket, (count, xor, total) in more.items():
        before = to.get(bucket, (0, 0, 0))
        to[bucket] = (before[0] + count, before[1] ^ xor, before[2] + total)


def _rows(found: BucketSums) -> int:
    return sum(count for count, _, _ in found.values())


def _tuples(columns: list[MySQLColumn], rows: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(rows[column.name].to_pylist() for column in columns), strict=True))


def _is(columns: list[MySQLColumn], row: tuple[Any, ...]) -> str:
    """The condition of a key that the lake holds."""
    same = (_equals(column, _text(value)) for column, value in zip(columns, row, strict=True))
    return f"({' AND '.join(same)})"


def _equals(column: MySQLColumn, text: str) -> str:
    name = quote_mysql_identifier(column.name)
    if column.is_mojibake:  # as it was before it was repaired, unless there was nothing to repair
        return f"({name} = {column.write_literal(text)} OR {name} = _latin1 x'{text.encode().hex()}')"
    return f"{name} = {column.write_literal(text)}"


def _text(value: Any) -> str:
    """A value of the lake as a server would have written it."""
    if isinstance(value, bytes):
        return value.hex()
    return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else str(value)
