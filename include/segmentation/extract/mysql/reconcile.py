"""Compare what a change log holds with its table or query, and correct the log.

A pull sees what its cursor shows: not a row that was deleted, nor one that changed or came without the cursor's saying
so. This looks at everything that pulls have passed. What they have not reached yet is left to them.

A table is compared by checksums, and only where they differ are rows fetched. Which rows those are:

- **Ranges** of the primary key, where the lake orders it as the server does (numbers and times).
- **Buckets** by the remainder of a row's own checksum, where it does not (texts have collations): the server still
  computes them range by range, and the rows of the buckets that differ are then looked for in all ranges.

A query is read whole. Whatever changes meanwhile may be found now or by the next reconcile; it is never written wrong:
every row that is written was read from the server, and a key counts as deleted only after the server was asked for it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pyarrow as pa

from include.segmentation.connections import resolve
from include.segmentation.errors import NotReadyError
from include.segmentation.extract.mysql.columns import Column, arrow_schema
from include.segmentation.extract.mysql.corrections import Corrections
from include.segmentation.extract.mysql.fetch import Page
from include.segmentation.extract.mysql.held import Held, Sums, holding, in_buckets
from include.segmentation.extract.mysql.keyset import Position, Relation, Span, up_to
from include.segmentation.extract.mysql.pages import read_pages
from include.segmentation.extract.mysql.relation import RowsExtract, check_unique, order_of, position_of, relation_of
from include.segmentation.extract.mysql.server import MySQL, connected, identifier
from include.segmentation.extract.mysql.size import PageSize
from include.segmentation.extract.mysql.stretch import Stretch, crc_in_buckets, is_ordered_alike, sums, walk
from include.segmentation.run import Run
from include.segmentation.sources import MySQLSource, QueryExtract

RANGE_ROWS, PART_ROWS = 50_000, 2_000
"""The most rows whose checksums are compared at once, and into how small parts a range that differs is cut."""
_MOST_BUCKETS = 4_096
_KEYS_AT_ONCE = 500


def reconcile_rows(run: Run, name: str, declared: RowsExtract) -> dict[str, Any]:
    """Compare and correct the log of one table or query; the caller holds the log's writer.

    Position and complete_through stay as they are. A broken reconcile is simply repeated.

    Returns:
        ``method`` (ranges, buckets, whole), ``compared`` and ``differing`` (ranges or buckets), ``rows_compared``,
        ``rows_fetched``, ``missing``, ``changed`` and ``deleted``.

    Raises:
        NotReadyError: the extract has not been loaded whole yet.
        UnavailableError, SourceError, DataError: as for a pull.
    """
    log = run.lake.log(name)
    state = log.state()
    if state.complete_through is None:
        raise NotReadyError("its first load has not ended; reconcile compares what pulls have passed")
    source = cast(MySQLSource, run.profile.sources[declared.source])  # a profile gives tables and queries no other
    with connected(resolve(source.connection), source.pace) as server:
        relation = relation_of(run, server, declared)
        found = Corrections(log, state, declared.primary_key, retracts=declared.mode == "append")
        comparison = _Comparison(run, name, declared, server, relation, position_of(relation, state), found)
        method = comparison.run_through()
        found.commit()
    counts = {"missing": found.missing, "changed": found.changed, "deleted": found.deleted}
    return {"method": method, **comparison.counts, **counts}


class _Comparison:
    """One log beside its source.

    Attributes:
        counts: what was compared and fetched.
    """

    def __init__(
        self,
        run: Run,
        name: str,
        declared: RowsExtract,
        server: MySQL,
        relation: Relation,
        position: Position | None,
        found: Corrections,
    ) -> None:
        self._run, self._name, self._declared = run, name, declared
        self._server, self._relation, self._position, self._found = server, relation, position, found
        by_name = {column.name: column for column in relation.columns}
        self._key = [by_name[key] for key in declared.primary_key]
        self._scope = f"({' OR '.join(self._passed()) or '1 = 0'})"
        self.counts = {"compared": 0, "differing": 0, "rows_compared": 0, "rows_fetched": 0}

    def run_through(self) -> str:
        """Compare by the method that suits the source, and return its name."""
        if isinstance(self._declared, QueryExtract):
            method, schema, moved = self._whole, arrow_schema(self._relation.columns), None
        else:
            is_ordered = is_ordered_alike(self._key)
            method, schema, moved = (
                self._ranges if is_ordered else self._buckets,
                arrow_schema(self._key),
                self._moved(),
            )
        key = self._declared.primary_key
        with holding(self._run.lake, self._name, key, schema, moved, ordered=method == self._ranges) as held:
            method(held)
        return method.__name__.strip("_")

    def _passed(self) -> list[str]:
        """The rows that pulls have passed: up to the position, and those without a cursor, which every pull reads."""
        passed = [up_to(order_of(self._relation), self._position)] if self._position else []
        return passed + [f"{identifier(self._relation.cursor.name)} IS NULL"] * self._relation.cursor.nullable

    def _ranges(self, held: Held) -> None:
        for stretch in self._walk(Stretch(self._key), size := self._size(RANGE_ROWS)):
            theirs = self._sums(stretch, 1, size)
            self.counts["compared"] += 1
            self.counts["rows_compared"] += theirs.get(0, (0, 0, 0))[0]
            if theirs != held.sums(stretch.in_lake, 1):
                self.counts["differing"] += 1
                self._parts(held, stretch)

    def _parts(self, held: Held, stretch: Stretch) -> None:
        for part in self._walk(stretch, size := self._size(PART_ROWS)):
            if self._sums(part, 1, size) != held.sums(part.in_lake, 1):
                self._settle(held, [part.on_server], part.in_lake)

    def _buckets(self, held: Held) -> None:
        buckets = _bucket_count(held.count)
        theirs: Sums = {}
        for stretch in self._walk(Stretch(self._key), size := self._size(RANGE_ROWS)):
            for bucket, (count, xor, total) in self._sums(stretch, buckets, size).items():
                before = theirs.get(bucket, (0, 0, 0))
                theirs[bucket] = (before[0] + count, before[1] ^ xor, before[2] + total)
        ours = held.sums("true", buckets)
        differing = sorted(bucket for bucket in ours | theirs if ours.get(bucket) != theirs.get(bucket))
        self.counts["compared"], self.counts["differing"] = buckets, len(differing)
        self.counts["rows_compared"] = sum(count for count, _, _ in theirs.values())
        if differing:
            chosen = crc_in_buckets(self._relation, buckets, differing)
            again = (f"{stretch.on_server} AND {chosen}" for stretch in self._walk(Stretch(self._key), size))
            self._settle(held, again, in_buckets(buckets, differing))

    def _whole(self, held: Held) -> None:
        order = order_of(self._relation)
        spans = []
        if self._position:
            high = self._relation.cursor.literal(self._position[0])
            spans.append(Span([up_to(order, self._position)], order, high=high))
        if self._relation.cursor.nullable:
            spans.append(Span([f"{identifier(self._relation.cursor.name)} IS NULL"], self._relation.key))
        for span in spans:
            self._take(held, read_pages(self._server, self._relation, span))
        self.counts["compared"], self.counts["rows_compared"] = 1, self.counts["rows_fetched"]
        self.counts["differing"] = int(self._found.missing + self._found.changed > 0)
        if self._declared.mode == "merge":  # an older version stays until the pull that reads the newer one
            held.see(self._moved())
        self._found.delete(held.unseen("true"))

    def _settle(self, held: Held, conditions: Iterable[str], in_lake: str) -> None:
        """Fetch the rows of conditions on the server and correct those of the same condition in the lake."""
        for condition in conditions:
            span = Span([condition, self._scope], self._key)
            self._take(held, read_pages(self._server, self._relation, span))
        for keys in held.unseen(in_lake).to_batches(max_chunksize=_KEYS_AT_ONCE):
            self._found.delete(self._absent(pa.Table.from_batches([keys])))

    def _take(self, held: Held, pages: Iterator[Page]) -> None:
        for page in pages:
            check_unique(self._declared, page)
            self.counts["rows_fetched"] += page.rows.num_rows
            self._found.correct(page.rows, held.differing(page.rows))
            held.see(page.rows)

    def _absent(self, keys: pa.Table) -> pa.Table:
        """Those of the keys that the server does not have.

        A row that has moved on beyond the position counts as there in ``merge``, where the next pull brings a newer
        version of it; in ``append`` the next pull brings it as a new row.
        """
        rows = _tuples(self._key, keys)
        asked = " OR ".join(_is(self._key, row) for row in rows)
        scope = [self._scope] if self._declared.mode == "append" else []
        found = set(_tuples(self._key, self._only(self._key, Span([f"({asked})", *scope], self._key))))
        return keys.filter(pa.array([row not in found for row in rows]))

    def _moved(self) -> pa.Table | None:
        """The keys of the rows beyond the position, whose older versions the lake may hold in ``merge`` mode."""
        order = order_of(self._relation)
        if self._declared.mode == "append" or self._position is None:
            return None
        low = self._relation.cursor.literal(self._position[0])
        return self._only(order, Span([], order, low=low, after=self._position))

    def _only(self, columns: list[Column], span: Span) -> pa.Table:
        pages = read_pages(self._server, replace(self._relation, columns=columns), span)
        return pa.concat_tables(page.rows for page in pages)

    def _walk(self, stretch: Stretch, size: PageSize) -> Iterator[Stretch]:
        return walk(self._server, self._relation, stretch, size)

    def _sums(self, stretch: Stretch, buckets: int, size: PageSize) -> Sums:
        return sums(self._server, self._relation, stretch, self._scope, buckets, size)

    def _size(self, most_rows: int) -> PageSize:
        return PageSize(self._server.pace.page_seconds, most_rows)


def _bucket_count(rows: int) -> int:
    """A power of two that gives buckets of about a part's size."""
    count = 1
    while count * PART_ROWS < rows and count < _MOST_BUCKETS:
        count *= 2
    return count


def _tuples(columns: list[Column], rows: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(rows[column.name].to_pylist() for column in columns), strict=True))


def _is(columns: list[Column], row: tuple[Any, ...]) -> str:
    same = (f"{identifier(c.name)} = {c.literal(_text(value))}" for c, value in zip(columns, row, strict=True))
    return f"({' AND '.join(same)})"


def _text(value: Any) -> str:
    """A value of the lake as a server would have written it."""
    if isinstance(value, bytes):
        return value.hex()
    return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else str(value)
