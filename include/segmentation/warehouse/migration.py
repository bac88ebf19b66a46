"""Migrations of a profile's schema by Alembic."""

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from include.segmentation.profile.profile import Profile
from include.segmentation.warehouse.connection import open_connection
from include.segmentation.warehouse.migrations import MIGRATIONS, VERSION_TABLE

_LOCK_TIMEOUT = "10s"
"""How long a migration waits for a table, since readers that come later have to wait behind it."""


def upgrade_schema(profile: Profile) -> None:
    """Run the migrations that the schema lacks, each in its own transaction.

    Tables without a version are those of the baseline, or older.

    Raises:
        psycopg.Error: a migration fails; it is rolled back.
    """
    engine = create_engine("postgresql+psycopg://", creator=lambda: open_connection(profile), poolclass=NullPool)
    config = Config(attributes={"version_table": VERSION_TABLE, "schema": profile.warehouse.schema_name})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DBAPIError as error:
        raise (error.orig or error) from None
