"""Which rows of a page does a change log not hold yet?

A log grows for years, while a page that is read again stays small. So only the part of the log that can answer is read:
its files keep the smallest and largest value of each column, and rows of one cursor range, or of the latest ``_seq``,
lie together.
"""

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.lake.lake import Lake
from include.segmentation.lake.log_columns import DELETED, OBSERVED_AT, SEQ
from include.segmentation.profile.source_declaration import KeyedExtract

_PLACE = OBSERVED_AT
"""A row's place in its page. No column of a source has this name, and no extract's name begins with ``_``."""


def drop_logged_rows(lake: Lake, extract: str, declared: KeyedExtract, rows: pa.Table) -> pa.Table:
    """Drop the rows of a page that the log already holds.

    Returns:
        In mode ``append``, the rows whose key is not in the log; in mode ``merge``, the rows that differ from the
        newest version of their key. Their order stays.
    """
    if not rows.num_rows or lake.open_log(extract).load_table() is None:
        return rows
    with lake.open_engine() as engine:
        lake.create_log_view(engine, extract)
        log = _LogSearch(engine, extract, declared)
        unlogged = log.find_unlogged(rows, *log.limit_to_cursors(rows))
        if declared.mode == "append" and unlogged.num_rows:  # an event's cursor may have been corrected since
            unlogged = log.find_unlogged(unlogged, "true", [])
    return unlogged


def drop_rows_logged_without_cursor(lake: Lake, extract: str, declared: KeyedExtract, rows: pa.Table) -> pa.Table:
    """Drop the events of a page that the log already holds with a NULL cursor, from before they got one."""
    if not rows.num_rows or lake.open_log(extract).load_table() is None:
        return rows
    with lake.open_engine() as engine:
        lake.create_log_view(engine, extract)
        has_no_cursor = f"log.{quote_identifier(str(declared.cursor))} IS NULL"
        return _LogSearch(engine, extract, declared).find_unlogged(rows, has_no_cursor, [])


class _LogSearch:
    """Looks up rows in a log that an engine has as a view."""

    def __init__(self, engine: Engine, extract: str, declared: KeyedExtract) -> None:
        self._engine = engine
        self._log = quote_identifier(extract)
        self._columns = list(engine.describe_table(self._log))
        self._declared = declared
        self._key = ", ".join(quote_identifier(name) for name in declared.primary_key)

    def find_unlogged(self, rows: pa.Table, where: str, values: list[object]) -> pa.Table:
        """Return the rows that the log does not hold in the part of it that a condition selects.

        An equal version in the log may be followed by another version with any cursor, or by a deletion, which has no
        cursor. So everything written since the first equal version is read too.
        """
        self._engine.register_table("_page", rows.append_column(_PLACE, pa.array(range(rows.num_rows), pa.int64())))
        page_key = ", ".join(f"page.{quote_identifier(name)}" for name in self._declared.primary_key)
        self._engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE _equal AS
            SELECT page.{_PLACE}, {page_key}, max(log.{SEQ}) AS {SEQ}
            FROM {self._log} AS log JOIN _page AS page ON {self._write_equality(rows)}
            WHERE NOT log.{DELETED} AND {where} GROUP BY ALL
            """,
            values,
        )
        since = self._engine.execute(f"SELECT coalesce(min({SEQ}), 0) FROM _equal").fetch_rows()[0][0]
        is_last = f"NOT _newest.{DELETED}" if self._declared.mode == "append" else f"_newest.{SEQ} = _equal.{SEQ}"
        unlogged = self._engine.execute(
            f"""
            WITH _newest AS (
                SELECT {self._key}, max(log.{SEQ}) AS {SEQ}, arg_max(log.{DELETED}, log.{SEQ}) AS {DELETED}
                FROM {self._log} AS log SEMI JOIN _equal USING ({self._key}) WHERE log.{SEQ} >= {since} GROUP BY ALL
            ),
            _logged AS (SELECT _equal.{_PLACE} FROM _equal JOIN _newest USING ({self._key}) WHERE {is_last})
            SELECT page.{_PLACE} AS place FROM _page AS page ANTI JOIN _logged USING ({_PLACE}) ORDER BY place
            """
        ).fetch_table()
        self._engine.drop_registered("_page")
        return rows.take(unlogged["place"])

    def limit_to_cursors(self, rows: pa.Table) -> tuple[str, list[object]]:
        """Write the condition, and its values, for the part of the log that covers the cursors of a page."""
        cursor = quote_identifier(str(self._declared.cursor))
        cursors = rows[str(self._declared.cursor)]
        low, high = pc.min_max(cursors).as_py().values()
        if low is None:
            return f"log.{cursor} IS NULL", []
        between = f"log.{cursor} BETWEEN ? AND ?"
        return f"({between} OR log.{cursor} IS NULL)" if cursors.null_count else between, [low, high]

    def _write_equality(self, rows: pa.Table) -> str:
        """Events are equal by their key, versions by all columns. A column that the log lacks is NULL in it."""
        key = self._declared.primary_key
        conditions = [f"log.{quote_identifier(name)} = page.{quote_identifier(name)}" for name in key]
        if self._declared.mode == "merge":
            for name in [name for name in rows.column_names if name not in key]:
                quoted = quote_identifier(name)
                is_in_log = name in self._columns
                conditions.append(
                    f"log.{quoted} IS NOT DISTINCT FROM page.{quoted}" if is_in_log else f"page.{quoted} IS NULL"
                )
        return " AND ".join(conditions)
