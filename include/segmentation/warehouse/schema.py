"""The schema of a profile: created from the published tables, migrated by Alembic, extended by the profile.

Nothing here runs inside the transaction of a publish: each statement commits on its own, so that it locks a table only
for a moment.
"""

from collections.abc import Mapping, Sequence

from psycopg.sql import SQL, Identifier

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.errors import DataError
from include.segmentation.profile.profile import Profile
from include.segmentation.warehouse.connection import Connection, connect_warehouse
from include.segmentation.warehouse.migrations import REVISIONS, VERSION_TABLE
from include.segmentation.warehouse.published_table import Column, PublishedTable

_FRESH_VERSION_TABLE = f"""
    CREATE TABLE {VERSION_TABLE} (version_num varchar(32) CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY);
    INSERT INTO {VERSION_TABLE} VALUES ('{REVISIONS[-1]}');
"""
_VERSION_COMMENTS = f"""
    COMMENT ON TABLE {VERSION_TABLE} IS 'One row: the version of the tables. Written by migrations.';
    COMMENT ON COLUMN {VERSION_TABLE}.version_num IS 'The number of the last migration.';
"""


def prepare_schema(
    profile: Profile,
    tables: Sequence[PublishedTable],
    profile_columns: Mapping[str, Sequence[Column]] | None = None,
) -> None:
    """Create the schema and its tables, or bring them up to date; nothing is touched where nothing is missing.

    Args:
        profile: its schema is prepared.
        tables: the published tables.
        profile_columns: table -> the columns that the profile adds to it.

    Raises:
        DataError: newer code has migrated the schema, or a column has another type than the profile gives it.
        SourceError: the user lacks a privilege.
        UnavailableError: the warehouse cannot be reached, or a table stays locked by a reader.
    """
    schema = profile.warehouse.schema_name
    columns = profile_columns or {}
    with connect_warehouse(profile, autocommit=True) as connection:
        if _is_current(connection, schema) and not _list_changes(connection, schema, tables, columns):
            return
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [_name_lock(schema)])
        if not _has_table(connection, schema, "segmentation_run"):
            _create_schema(connection, schema, tables)
        elif not _is_current(connection, schema):
            _migrate_schema(profile)
            connection.execute(_VERSION_COMMENTS.encode())
        for statement in _list_changes(connection, schema, tables, columns):
            connection.execute(statement.encode())


def lock_schema(connection: Connection, schema: str) -> None:
    """Wait until nobody else publishes to or migrates the schema, and lock it until the transaction ends.

    Raises:
        DataError: newer code has migrated the schema in the meantime.
    """
    connection.execute("SET LOCAL work_mem = '128MB'")
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_name_lock(schema)])
    _read_version(connection, schema)


def _name_lock(schema: str) -> str:
    return f"segmentation.publish.{schema}"


def _is_current(connection: Connection, schema: str) -> bool:
    return _read_version(connection, schema) == REVISIONS[-1]


def _read_version(connection: Connection, schema: str) -> str | None:
    """Read the version of the tables, None where there is none; refuse a version that this code does not know."""
    if not _has_table(connection, schema, VERSION_TABLE):
        return None
    row = connection.execute(SQL("SELECT version_num FROM {}").format(Identifier(schema, VERSION_TABLE))).fetchone()
    version = row[0] if row else "none"
    if version not in REVISIONS:
        raise DataError(
            f"warehouse schema '{schema}': found version {version} of the tables; allowed: up to {REVISIONS[-1]}; "
            "newer code has migrated them: install that code; nothing was published"
        )
    return str(version)


def _create_schema(connection: Connection, schema: str, tables: Sequence[PublishedTable]) -> None:
    """Create everything in one transaction: a schema with tables always has its version."""
    with connection.transaction():
        # Looked up first: CREATE … IF NOT EXISTS needs the privilege even if the object exists.
        if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema]).fetchone():
            connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))
        if not connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'").fetchone():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('segmentation.extension', 0))")
            connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
        ddl = "".join(_write_table(table) for table in tables)
        connection.execute((ddl + _FRESH_VERSION_TABLE + _VERSION_COMMENTS).encode())


def _migrate_schema(profile: Profile) -> None:
    from include.segmentation.warehouse.migration import upgrade_schema  # Alembic takes a second to import

    upgrade_schema(profile)


def _list_changes(
    connection: Connection,
    schema: str,
    tables: Sequence[PublishedTable],
    profile_columns: Mapping[str, Sequence[Column]],
) -> list[str]:
    """List the statements that add what is missing: tables, columns of the profile, comments."""
    actual = _read_columns(connection, schema)
    comments = _read_table_comments(connection, schema)
    changes = []
    for table in tables:
        if table.name not in comments:
            changes.append(_write_table(table))
        elif comments[table.name] != table.comment:
            changes.append(table.write_comment())
        for column in table.columns:
            if actual.get((table.name, column.name), ("", column.comment))[1] != column.comment:
                changes.append(table.write_column_comment(column))
        for column in profile_columns.get(table.name, ()):
            kind, comment = actual.get((table.name, column.name), ("", None))
            if not kind:
                added = f"{quote_identifier(column.name)} {column.type}"
                changes.append(f"ALTER TABLE {table.name} ADD COLUMN IF NOT EXISTS {added}")
            elif kind != column.type:
                raise DataError(
                    f"warehouse table {table.name}: column '{column.name}': found type {kind}; allowed: {column.type}, "
                    "as in the profile; rename one or drop the other; nothing was published"
                )
            if comment != column.comment:
                changes.append(table.write_column_comment(column))
    return changes


def _write_table(table: PublishedTable) -> str:
    return table.write_ddl() + table.write_comment() + "".join(map(table.write_column_comment, table.columns))


def _read_columns(connection: Connection, schema: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Read (table, column) -> its type and comment."""
    query = """
        SELECT relname, attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
    """
    rows = connection.execute(query, [quote_identifier(schema)]).fetchall()
    return {(table, column): (kind, comment) for table, column, kind, comment in rows}


def _read_table_comments(connection: Connection, schema: str) -> dict[str, str | None]:
    query = (
        "SELECT relname, obj_description(oid, 'pg_class') FROM pg_class "
        "WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p')"
    )
    return dict(connection.execute(query, [quote_identifier(schema)]).fetchall())


def _has_table(connection: Connection, schema: str, table: str) -> bool:
    """Ask the catalog, because to_regclass fails in a schema that the user may not use."""
    query = "SELECT FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relname = %s"
    return connection.execute(query, [quote_identifier(schema), table]).fetchone() is not None
