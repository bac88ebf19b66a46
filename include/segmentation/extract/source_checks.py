"""What can be said about a profile's extracts without pulling a row: whether their sources have what they ask for."""

from collections.abc import Callable, Iterator

import pyarrow as pa

from include.segmentation.connections import resolve
from include.segmentation.errors import SegmentationError
from include.segmentation.extract.mysql.extract_relation import relation_of
from include.segmentation.extract.mysql.query_extract import ComputedInLake, Text, level_columns
from include.segmentation.extract.mysql.row.mysql_columns import arrow_schema, column_names
from include.segmentation.extract.mysql.server.mysql_server import MySQL, connected
from include.segmentation.extract.rewrite.value_kinds import Declined
from include.segmentation.profile.mistakes import Mistake, allowed
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.sources import GA4Extract, MySQLSource, QueryExtract, TableExtract

Described = Callable[[str, pa.Schema], None]


def wrong_queries(profile: Profile) -> Iterator[str]:
    """What is wrong in the files of queries, as far as that can be seen without a server."""
    for declared in profile.extracts.values():
        path = profile.sql_dir / "extract" / declared.query if isinstance(declared, QueryExtract) else None
        if path and path.is_file():  # that it is missing has been said
            try:
                Text(path).parsed()
            except SegmentationError as error:
                yield str(error)
            except Declined:  # the server may understand more than we do
                continue


def wrong_sources(profile: Profile, described: Described) -> Iterator[Mistake]:
    """Ask every source for what the profile expects of it: the connection, tables, columns, cursor, key.

    An index that is missing is warned of in the log. Google Analytics is not asked.

    Args:
        profile: a right one.
        described: gets the name and the lake's columns of each extract that is right.
    """
    for source, declared in profile.sources.items():
        try:
            address = resolve(declared.connection)
            if isinstance(declared, MySQLSource):
                with connected(address, declared.pace) as server:
                    yield from _wrong_extracts(profile, source, server, described)
        except SegmentationError as error:
            yield Mistake(("sources", source, "connection"), str(error))
    if any(isinstance(extract, GA4Extract) for extract in profile.extracts.values()):
        from include.segmentation.extract.ga4.day_batches import log_schema  # Google's client takes seconds to import

        for name, extract in profile.extracts.items():
            if isinstance(extract, GA4Extract):
                described(name, log_schema(extract, []))


def _wrong_extracts(profile: Profile, source: str, server: MySQL, described: Described) -> Iterator[Mistake]:
    for name, declared in profile.extracts.items():
        if isinstance(declared, GA4Extract) or declared.source != source:
            continue
        try:
            found = list(_wrong_names(server, declared)) if isinstance(declared, TableExtract) else []
            if not found:
                described(name, _schema(profile, server, declared))
            yield from (mistake.below("extracts", name) for mistake in found)
        except SegmentationError as error:
            yield Mistake(("extracts", name), str(error))


def _wrong_names(server: MySQL, declared: TableExtract) -> Iterator[Mistake]:
    """Every column that a table does not have, and not only the first."""
    found = column_names(server, declared.table)
    asked = {"cursor": [declared.cursor] if declared.cursor else [], "primary_key": declared.primary_key}
    asked |= {"columns": declared.columns or [], "mojibake": declared.mojibake}
    for role, names in asked.items():
        for name in names:
            if name not in found:
                text = f"table '{declared.table}' has no column '{name}'; {allowed(name, found)}"
                yield Mistake((role,), text)


def _schema(profile: Profile, server: MySQL, declared: TableExtract | QueryExtract) -> pa.Schema:
    try:
        return arrow_schema(relation_of(profile, server, declared).columns)
    except ComputedInLake as asked:
        return arrow_schema(level_columns(asked.level))
