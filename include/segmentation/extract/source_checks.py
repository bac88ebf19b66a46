"""What can be said about a profile's extracts without pulling a row: whether their sources have what they ask for."""

from collections.abc import Callable, Iterator

import pyarrow as pa

from include.segmentation.connections import resolve_address
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.mysql.extract_relation import find_relation
from include.segmentation.extract.mysql.query_extract import NeedsLakeError, QueryText, list_level_columns
from include.segmentation.extract.mysql.row.mysql_columns import build_arrow_schema, list_column_names
from include.segmentation.extract.mysql.server.mysql_server import MySQLServer, connect_mysql
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.sources import GA4Extract, MySQLSource, QueryExtract, TableExtract

DescribeExtract = Callable[[str, pa.Schema], None]


def check_queries(profile: Profile) -> Iterator[str]:
    """What is wrong in the files of queries, as far as that can be seen without a server."""
    for declared in profile.extracts.values():
        path = profile.sql_dir / "extract" / declared.query if isinstance(declared, QueryExtract) else None
        if path and path.is_file():  # that it is missing has been said
            try:
                QueryText(path).parse_text()
            except SegmentationError as error:
                yield str(error)
            except UnsupportedSqlError:  # the server may understand more than we do
                continue


def check_sources(profile: Profile, described: DescribeExtract) -> Iterator[Mistake]:
    """Ask every source for what the profile expects of it: the connection, tables, columns, cursor, key.

    An index that is missing is warned of in the log. Google Analytics is not asked.

    Args:
        profile: a right one.
        described: gets the name and the lake's columns of each extract that is right.
    """
    for source, declared in profile.sources.items():
        try:
            address = resolve_address(declared.connection)
            if isinstance(declared, MySQLSource):
                with connect_mysql(address, declared.pace) as server:
                    yield from _wrong_extracts(profile, source, server, described)
        except SegmentationError as error:
            yield Mistake(("sources", source, "connection"), str(error))
    if any(isinstance(extract, GA4Extract) for extract in profile.extracts.values()):
        from include.segmentation.extract.ga4.day_batches import (
            build_log_schema,  # Google's client takes seconds to import
        )

        for name, extract in profile.extracts.items():
            if isinstance(extract, GA4Extract):
                described(name, build_log_schema(extract, []))


def _wrong_extracts(
    profile: Profile, source: str, server: MySQLServer, described: DescribeExtract
) -> Iterator[Mistake]:
    for name, declared in profile.extracts.items():
        if isinstance(declared, GA4Extract) or declared.source != source:
            continue
        try:
            found = list(_wrong_names(server, declared)) if isinstance(declared, TableExtract) else []
            if not found:
                described(name, _schema(profile, server, declared))
            yield from (mistake.nest_under("extracts", name) for mistake in found)
        except SegmentationError as error:
            yield Mistake(("extracts", name), str(error))


def _wrong_names(server: MySQLServer, declared: TableExtract) -> Iterator[Mistake]:
    """Every column that a table does not have, and not only the first."""
    found = list_column_names(server, declared.table)
    asked = {"cursor": [declared.cursor] if declared.cursor else [], "primary_key": declared.primary_key}
    asked |= {"columns": declared.columns or [], "mojibake": declared.mojibake}
    for role, names in asked.items():
        for name in names:
            if name not in found:
                text = f"table '{declared.table}' has no column '{name}'; {list_allowed(name, found)}"
                yield Mistake((role,), text)


def _schema(profile: Profile, server: MySQLServer, declared: TableExtract | QueryExtract) -> pa.Schema:
    try:
        return build_arrow_schema(find_relation(profile, server, declared).columns)
    except NeedsLakeError as asked:
        return build_arrow_schema(list_level_columns(asked.level))
