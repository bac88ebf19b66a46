"""MySQL as a source of the extract stage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from include.segmentation.connections import resolve_address
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.mysql.extract_relation import RowsExtract, find_relation
from include.segmentation.extract.mysql.lake_computation import pull_computed
from include.segmentation.extract.mysql.query_extract import NeedsLakeError, QueryText, list_level_columns
from include.segmentation.extract.mysql.row.mysql_columns import build_arrow_schema, list_column_names
from include.segmentation.extract.mysql.row_pull import pull_rows
from include.segmentation.extract.mysql.row_reconciliation import reconcile_rows
from include.segmentation.extract.mysql.server.connection_slots import connect_mysql
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer
from include.segmentation.extract.mysql.snapshot_pull import pull_snapshot
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError
from include.segmentation.extract.source import DescribeExtract, SourceReader
from include.segmentation.extract.sql_explanation import explain_sql
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.mysql_source import MySQLSource, QueryExtract, TableExtract
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run


class MySQLReader(SourceReader):
    """Reads MySQL and MariaDB servers."""

    def pull_extract(self, run: Run, name: str) -> dict[str, Any]:
        """Pull a table or query page by page; a query that the server cannot compute is computed in the lake."""
        from include.segmentation.extract import extract  # imports this module

        declared = cast(RowsExtract, run.profile.extracts[name])
        try:
            return (pull_snapshot if declared.mode == "snapshot" else pull_rows)(run, name, declared)
        except NeedsLakeError as needed:
            return pull_computed(run, name, needed, pull=extract)

    def reconcile_extract(self, run: Run, name: str) -> dict[str, Any]:
        """Compare by checksums, and fetch the rows that differ."""
        return reconcile_rows(run, name, cast(RowsExtract, run.profile.extracts[name]))

    def explain_extract(self, profile: Profile, name: str) -> str:
        """Show the SQL that each kind of server gets, with the reasons."""
        return explain_sql(profile, name)

    def check_query_file(self, path: Path) -> Iterator[str]:
        """Parse the SELECT."""
        try:
            QueryText(path).parse_text()
        except SegmentationError as error:
            yield str(error)
        except UnsupportedSqlError:  # the server may understand more than we do
            return

    def check_source(self, profile: Profile, source: str, describe: DescribeExtract) -> Iterator[Mistake]:
        """Ask the server for tables, columns and keys. A missing index is a warning in the log."""
        declared = cast(MySQLSource, profile.sources[source])
        with connect_mysql(resolve_address(declared.connection), declared.pace) as server:
            for name, extract in profile.extracts.items():
                if isinstance(extract, TableExtract | QueryExtract) and extract.source == source:
                    yield from _check_extract(profile, name, extract, server, describe)


def _check_extract(
    profile: Profile, name: str, declared: RowsExtract, server: MySQLServer, describe: DescribeExtract
) -> Iterator[Mistake]:
    try:
        mistakes = list(_find_missing_columns(server, declared)) if isinstance(declared, TableExtract) else []
        if not mistakes:
            describe(name, _build_schema(profile, server, declared))
        yield from (mistake.nest_under("extracts", name) for mistake in mistakes)
    except SegmentationError as error:
        yield Mistake(("extracts", name), str(error))


def _find_missing_columns(server: MySQLServer, declared: TableExtract) -> Iterator[Mistake]:
    columns = list_column_names(server, declared.table)
    roles = {"cursor": [declared.cursor] if declared.cursor else [], "primary_key": declared.primary_key}
    roles |= {"columns": declared.columns or [], "mojibake": declared.mojibake}
    for role, names in roles.items():
        for name in names:
            if name not in columns:
                text = f"table '{declared.table}' has no column '{name}'; {list_allowed(name, columns)}"
                yield Mistake((role,), text)


def _build_schema(profile: Profile, server: MySQLServer, declared: RowsExtract) -> pa.Schema:
    try:
        return build_arrow_schema(find_relation(profile, server, declared).columns)
    except NeedsLakeError as needed:
        return build_arrow_schema(list_level_columns(needed.level))
