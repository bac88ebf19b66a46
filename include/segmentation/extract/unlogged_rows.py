"""Which of the rows that were read again does a change log not hold yet?

A log grows for years, what is read again stays small. So only the part of the log that can answer is read: files keep
the smallest and largest value of each column, and rows of one cursor range or of late ``_seq`` lie together.
"""

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.lake.change_log import DELETED, OBSERVED_AT, SEQ
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.source_declaration import KeyedExtract

_PLACE = OBSERVED_AT
"""A row's place in its page, under a name that no column of a source has (nor does any extract begin with ``_``)."""


def drop_logged_rows(lake: Lake, extract: str, declared: KeyedExtract, rows: pa.Table) -> pa.Table:
    """Leave out of a page what is already in the log.

    Returns:
        In ``append`` mode the rows whose key is not in the log; in ``merge`` mode those that differ from the newest
        version of their key. In the order they came in.
    """
    if not rows.num_rows or lake.open_log(extract).load_table() is None:
        return rows
    with lake.open_engine() as engine:
        lake.create_log_view(engine, extract)
        held = _Held(engine, extract, declared)
        new = held.lacks(rows, *held.near(rows))
        if declared.mode == "append" and new.num_rows:  # a key whose cursor was corrected since lies elsewhere
            new = held.lacks(new, "true", [])
    return new


def drop_rows_logged_without_cursor(lake: Lake, extract: str, declared: KeyedExtract, rows: pa.Table) -> pa.Table:
    """Leave out of a page of events those that the log holds from when they had no cursor yet."""
    if not rows.num_rows or lake.open_log(extract).load_table() is None:
        return rows
    with lake.open_engine() as engine:
        lake.create_log_view(engine, extract)
        return _Held(engine, extract, declared).lacks(rows, f"log.{quote_identifier(str(declared.cursor))} IS NULL", [])


class _Held:
    """What a log holds of some rows."""

    def __init__(self, engine: Engine, extract: str, declared: KeyedExtract) -> None:
        self._engine = engine
        self._log = quote_identifier(extract)
        self._columns = list(engine.describe_table(self._log))
        self._declared = declared
        self._key = ", ".join(quote_identifier(name) for name in declared.primary_key)

    def lacks(self, rows: pa.Table, where: str, limits: list[object]) -> pa.Table:
        """The rows that the log does not hold where a condition on it is true.

        A version that equals a row can have been followed by another one with any cursor, or by a deletion, which has
        none: whatever was written since the first such version is looked at too.
        """
        self._engine.register_table("_page", rows.append_column(_PLACE, pa.array(range(rows.num_rows), pa.int64())))
        self._engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE _equal AS
            SELECT page.{_PLACE}, {self._of_page()}, max(log.{SEQ}) AS {SEQ}
            FROM {self._log} AS log JOIN _page AS page ON {self._same(rows)}
            WHERE NOT log.{DELETED} AND {where} GROUP BY ALL
            """,
            limits,
        )
        since = self._engine.execute(f"SELECT coalesce(min({SEQ}), 0) FROM _equal").fetch_rows()[0][0]
        is_last = f"NOT newest.{DELETED}" if self._declared.mode == "append" else f"newest.{SEQ} = _equal.{SEQ}"
        new = self._engine.execute(
            f"""
            WITH newest AS (
                SELECT {self._key}, max(log.{SEQ}) AS {SEQ}, arg_max(log.{DELETED}, log.{SEQ}) AS {DELETED}
                FROM {self._log} AS log SEMI JOIN _equal USING ({self._key}) WHERE log.{SEQ} >= {since} GROUP BY ALL
            ),
            seen AS (SELECT _equal.{_PLACE} FROM _equal JOIN newest USING ({self._key}) WHERE {is_last})
            SELECT page.{_PLACE} AS place FROM _page AS page ANTI JOIN seen USING ({_PLACE}) ORDER BY place
            """
        ).fetch_table()
        self._engine.drop_registered("_page")
        return rows.take(new["place"])

    def near(self, rows: pa.Table) -> tuple[str, list[object]]:
        """The part of the log that the cursors of a page lie in, as a condition and its values."""
        cursor = quote_identifier(str(self._declared.cursor))
        values = rows[str(self._declared.cursor)]
        low, high = pc.min_max(values).as_py().values()
        if low is None:
            return f"log.{cursor} IS NULL", []
        between = f"log.{cursor} BETWEEN ? AND ?"
        return f"({between} OR log.{cursor} IS NULL)" if values.null_count else between, [low, high]

    def _same(self, rows: pa.Table) -> str:
        key = self._declared.primary_key
        same = [f"log.{quote_identifier(name)} = page.{quote_identifier(name)}" for name in key]
        if self._declared.mode == "merge":
            others = [quote_identifier(name) for name in rows.column_names if name not in key]
            held = [quote_identifier(name) for name in self._columns]
            same += [f"log.{name} IS NOT DISTINCT FROM page.{name}" for name in others if name in held]
            same += [f"page.{name} IS NULL" for name in others if name not in held]  # added to the source since
        return " AND ".join(same)

    def _of_page(self) -> str:
        return ", ".join(f"page.{quote_identifier(name)}" for name in self._declared.primary_key)
