"""Find the rows of a page that are not in the change log yet.

A log grows for years, but a page stays small. So only the part of the log that can hold its rows is read: files know
the smallest and largest value of each column, and rows of one cursor range or with a late ``_seq`` lie together.
"""

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.lake.change_log import DELETED, OBSERVED_AT, SEQ
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.source_declaration import KeyedExtract

_PLACE = OBSERVED_AT
"""A row's place in its page. The name is reserved: no column of a source has it."""


def drop_logged_rows(lake: Lake, extract: str, declared: KeyedExtract, rows: pa.Table) -> pa.Table:
    """Drop the rows of a page that the log already has.

    Returns:
        In ``append`` mode the rows whose key is not in the log; in ``merge`` mode the rows that differ from the newest
        version of their key. The order stays.
    """
    if not rows.num_rows or lake.open_log(extract).load_table() is None:
        return rows
    with lake.open_engine() as engine:
        lake.create_log_view(engine, extract)
        logged = _LoggedPart(engine, extract, declared)
        new = logged.drop_logged(rows, *logged.limit_to_cursors(rows))
        if declared.mode == "append" and new.num_rows:  # a key may lie elsewhere, if its cursor was corrected
            new = logged.drop_logged(new, "true", [])
    return new


def drop_rows_logged_without_cursor(lake: Lake, extract: str, declared: KeyedExtract, rows: pa.Table) -> pa.Table:
    """Drop the events of a page that the log has from a time when they had no cursor."""
    if not rows.num_rows or lake.open_log(extract).load_table() is None:
        return rows
    with lake.open_engine() as engine:
        lake.create_log_view(engine, extract)
        has_no_cursor = f"log.{quote_identifier(str(declared.cursor))} IS NULL"
        return _LoggedPart(engine, extract, declared).drop_logged(rows, has_no_cursor, [])


class _LoggedPart:
    """A change log, compared with pages."""

    def __init__(self, engine: Engine, extract: str, declared: KeyedExtract) -> None:
        self._engine = engine
        self._log = quote_identifier(extract)
        self._columns = list(engine.describe_table(self._log))
        self._declared = declared
        self._key = ", ".join(quote_identifier(name) for name in declared.primary_key)

    def drop_logged(self, rows: pa.Table, where: str, limits: list[object]) -> pa.Table:
        """Drop the rows that the log has, as far as a condition on the log is true.

        After a version that equals a row there may be another one with any cursor, or a deletion, which has none. So
        everything written since the first such version is compared too.
        """
        self._engine.register_table("_page", rows.append_column(_PLACE, pa.array(range(rows.num_rows), pa.int64())))
        self._engine.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE _equal AS
            SELECT page.{_PLACE}, {self._write_page_key()}, max(log.{SEQ}) AS {SEQ}
            FROM {self._log} AS log JOIN _page AS page ON {self._write_match(rows)}
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

    def limit_to_cursors(self, rows: pa.Table) -> tuple[str, list[object]]:
        """Limit the log to the range of a page's cursors: a condition and its values."""
        cursor = quote_identifier(str(self._declared.cursor))
        values = rows[str(self._declared.cursor)]
        low, high = pc.min_max(values).as_py().values()
        if low is None:
            return f"log.{cursor} IS NULL", []
        between = f"log.{cursor} BETWEEN ? AND ?"
        return f"({between} OR log.{cursor} IS NULL)" if values.null_count else between, [low, high]

    def _write_match(self, rows: pa.Table) -> str:
        key = self._declared.primary_key
        same = [f"log.{quote_identifier(name)} = page.{quote_identifier(name)}" for name in key]
        if self._declared.mode == "merge":
            others = [quote_identifier(name) for name in rows.column_names if name not in key]
            logged = [quote_identifier(name) for name in self._columns]
            same += [f"log.{name} IS NOT DISTINCT FROM page.{name}" for name in others if name in logged]
            same += [f"page.{name} IS NULL" for name in others if name not in logged]  # new in the source
        return " AND ".join(same)

    def _write_page_key(self) -> str:
        return ", ".join(f"page.{quote_identifier(name)}" for name in self._declared.primary_key)
