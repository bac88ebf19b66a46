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

from include.segmentation.connections import resolve
from include.segmentation.errors import NotReadyError
from include.segmentation.extract.log_comparison import Held, Sums, holding, in_buckets
from include.segmentation.extract.log_corrections import Corrections
from include.segmentation.extract.mysql.extract_relation import (
    RowsExtract,
    check_unique,
    order_of,
    position_of,
    relation_of,
)
from include.segmentation.extract.mysql.key_range import (
    Stretch,
    crc_in_buckets,
    is_ordered_alike,
    sums,
    walk,
    walked,
)
from include.segmentation.extract.mysql.page.keyset import Position, Relation, Span, has_placeless, placeless, up_to
from include.segmentation.extract.mysql.page.page_reader import read_pages
from include.segmentation.extract.mysql.query_extract import ComputedInLake
from include.segmentation.extract.mysql.row.mysql_columns import Column, arrow_schema
from include.segmentation.extract.mysql.schema_changes import adapted
from include.segmentation.extract.mysql.server.mysql_server import MySQL, connected, identifier
from include.segmentation.extract.page_size import PageSize
from include.segmentation.lake.change_log import State
from include.segmentation.profile.sources import MySQLSource, QueryExtract
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
    log = run.lake.log(name)
    state = log.state()
    if state.complete_through is None:
        raise NotReadyError("its first load has not ended; reconcile compares what pulls have passed")
    found = Corrections(log, state, declared.primary_key, retracts=declared.mode == "append")
    source = cast(MySQLSource, run.profile.sources[declared.source])  # a profile gives tables and queries no other
    with connected(resolve(source.connection), source.pace) as server:
        try:
            relation = relation_of(run.profile, server, declared)
            found.state = adapted(log, state, declared, relation)
            _check_passed(found.state)
            method, counts = _compare(run, name, declared, server, relation, position_of(relation, found.state), found)
        except ComputedInLake:  # so will the next pull do
            method, counts = "computed", dict(_NOTHING)
    found.commit()
    return {"method": method, **counts, "missing": found.missing, "changed": found.changed, "deleted": found.deleted}


def _check_passed(state: State) -> None:
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
    server: MySQL,
    relation: Relation,
    position: Position | None,
    found: Corrections,
) -> tuple[str, dict[str, int]]:
    """Compare by the method that suits the source; its name and what it has counted."""
    key = [column for name in declared.primary_key for column in relation.columns if column.name == name]
    order, beyond, by = walked(relation, key), None, None
    if isinstance(declared, QueryExtract):
        method, columns = _Comparison.whole, relation.columns
    else:
        method, columns = _Comparison.buckets, key
        beyond = _beyond(server, relation, position) if declared.mode == "merge" and position else None
        if is_ordered_alike(order):
            method, by = _Comparison.ranges, [column.name for column in order]
    with holding(run.lake, name, declared.primary_key, arrow_schema(columns), beyond, by) as held:
        comparison = _Comparison(declared, server, relation, position, key, order, held, found)
        method(comparison)
    return method.__name__, comparison.counts


def _beyond(server: MySQL, relation: Relation, position: Position) -> pa.Table:
    """The keys of the rows beyond the position; in ``merge`` mode the lake may hold older versions, which stay."""
    low = relation.cursor.literal(position[0])
    return _only(server, relation, order_of(relation), Span([], order_of(relation), low=low, after=position))


def _only(server: MySQL, relation: Relation, columns: list[Column], span: Span) -> pa.Table:
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
    server: MySQL
    relation: Relation
    position: Position | None
    key: list[Column]
    order: list[Column]
    held: Held
    found: Corrections
    counts: dict[str, int] = field(default_factory=lambda: dict(_NOTHING))

    def ranges(self) -> None:
        """Compare the checksums of ranges of the primary key, and of parts of those that differ."""
        for stretch in self._walk(Stretch(self.order), size := self._size(RANGE_ROWS)):
            theirs = self._sums(stretch, 1, size)
            self.counts["compared"] += 1
            self.counts["rows_compared"] += _rows(theirs)
            if theirs != self.held.sums(stretch.in_lake, 1):
                self.counts["differing"] += 1
                self._parts(stretch)

    def _parts(self, stretch: Stretch) -> None:
        differing: list[Stretch] = []
        for part in self._walk(stretch, size := self._size(PART_ROWS)):
            if self._sums(part, 1, size) != self.held.sums(part.in_lake, 1):
                if differing and differing[-1].to == part.behind:  # they adjoin: fetched as one
                    differing[-1] = replace(differing[-1], to=part.to)
                else:
                    differing.append(part)
        for part in differing:
            self._settle([part.on_server], part.in_lake)

    def buckets(self) -> None:
        """Compare the checksums of buckets, which the server adds up range by range."""
        buckets = _bucket_count(self.held.count)
        theirs: Sums = {}
        for stretch in self._walk(Stretch(self.order), size := self._size(RANGE_ROWS)):
            _add(theirs, self._sums(stretch, buckets, size))
        ours = self.held.sums("true", buckets)
        differing = sorted(bucket for bucket in ours | theirs if ours.get(bucket) != theirs.get(bucket))
        self.counts |= {"compared": buckets, "differing": len(differing), "rows_compared": _rows(theirs)}
        if differing:
            chosen = crc_in_buckets(self.relation, buckets, differing)
            again = (f"{stretch.on_server} AND {chosen}" for stretch in self._walk(Stretch(self.order), size))
            self._settle(again, in_buckets(buckets, differing))

    def whole(self) -> None:
        """Read everything that pulls have passed, in their order."""
        cursor, order = self.relation.cursor, order_of(self.relation)
        nowhere = placeless(cursor)(identifier(cursor.name))
        if self.position:
            conditions = [up_to(order, self.position), f"NOT ({nowhere})"]
            self._take(Span(conditions, order, high=cursor.literal(self.position[0])))
        if has_placeless(cursor):
            self._take(Span([nowhere], self.relation.key))
        if self.declared.mode == "merge" and self.position:  # last: whatever moves on meanwhile is seen here
            self.held.see(_beyond(self.server, self.relation, self.position))
        self.found.delete(self.held.unseen("true"))
        is_differing = self.found.missing + self.found.changed + self.found.deleted > 0
        self.counts |= {"compared": 1, "differing": int(is_differing), "rows_compared": self.counts["rows_fetched"]}

    def _settle(self, conditions: Iterable[str], in_lake: str) -> None:
        """Fetch the rows of conditions on the server and correct those of the same condition in the lake."""
        for condition in conditions:
            self._take(Span([condition, self._passed], self.order))
        for keys in self.held.unseen(in_lake).to_batches(max_chunksize=_KEYS_AT_ONCE):
            self.found.delete(self._absent(pa.Table.from_batches([keys])))

    def _take(self, span: Span) -> None:
        for page in read_pages(self.server, self.relation, span):
            check_unique(self.relation, self.declared, page)
            self.counts["rows_fetched"] += page.rows.num_rows
            self.found.correct(page.rows, self.held.differing(page.rows))
            self.held.see(page.rows)

    def _absent(self, keys: pa.Table) -> pa.Table:
        """Those of the keys that the server does not have.

        A row that has moved on beyond the position counts as there in ``merge``, where the next pull brings a newer
        version of it; in ``append`` the next pull brings it as a new row.
        """
        rows = _tuples(self.key, keys)
        asked = " OR ".join(_is(self.key, row) for row in rows)
        passed = [self._passed] if self.declared.mode == "append" else []
        there = _only(self.server, self.relation, self.key, Span([f"({asked})", *passed], self.key))
        found = set(_tuples(self.key, there))
        return keys.filter(pa.array([row not in found for row in rows]))

    @property
    def _passed(self) -> str:
        """The rows that pulls have passed: up to the position, and those without a place, which every pull reads."""
        cursor = self.relation.cursor
        passed = [up_to(order_of(self.relation), self.position)] if self.position else []
        passed += [placeless(cursor)(identifier(cursor.name))] if has_placeless(cursor) else []
        return f"({' OR '.join(passed) or '1 = 0'})"

    def _walk(self, stretch: Stretch, size: PageSize) -> Iterator[Stretch]:
        return walk(self.server, self.relation, stretch, size)

    def _sums(self, stretch: Stretch, buckets: int, size: PageSize) -> Sums:
        return sums(self.server, self.relation, stretch, self._passed, buckets, size)

    def _size(self, most_rows: int) -> PageSize:
        return PageSize(self.server.pace.page_seconds, most_rows)


def _bucket_count(rows: int) -> int:
    """A power of two that gives buckets of at most ``_BUCKET_ROWS``, while that is not too many."""
    count = 1
    while count * _BUCKET_ROWS < rows and count < _MOST_BUCKETS:
        count *= 2
    return count


def _add(to: Sums, more: Sums) -> None:
    for bucket, (count, xor, total) in more.items():
        before = to.get(bucket, (0, 0, 0))
        to[bucket] = (before[0] + count, before[1] ^ xor, before[2] + total)


def _rows(found: Sums) -> int:
    return sum(count for count, _, _ in found.values())


def _tuples(columns: list[Column], rows: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(rows[column.name].to_pylist() for column in columns), strict=True))


def _is(columns: list[Column], row: tuple[Any, ...]) -> str:
    """The condition of a key that the lake holds."""
    same = (_equals(column, _text(value)) for column, value in zip(columns, row, strict=True))
    return f"({' AND '.join(same)})"


def _equals(column: Column, text: str) -> str:
    name = identifier(column.name)
    if column.is_mojibake:  # as it was before it was repaired, unless there was nothing to repair
        return f"({name} = {column.literal(text)} OR {name} = _latin1 x'{text.encode().hex()}')"
    return f"{name} = {column.literal(text)}"


def _text(value: Any) -> str:
    """A value of the lake as a server would have written it."""
    if isinstance(value, bytes):
        return value.hex()
    return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else str(value)
