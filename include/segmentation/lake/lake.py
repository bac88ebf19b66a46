"""The lake of one profile: a change log per extract, and the views on them that the stages read."""

from datetime import datetime

import pyarrow as pa

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine import open_engine
from include.segmentation.engine.engine import Engine
from include.segmentation.engine.parquet_files import write_scan_sql
from include.segmentation.errors import DataError
from include.segmentation.lake.artifact_store import ArtifactStore
from include.segmentation.lake.change_log import ChangeLog
from include.segmentation.lake.log_columns import BATCH, DELETED, SEQ
from include.segmentation.lake.log_files import list_table_files
from include.segmentation.profile.profile import Profile


class Lake:
    """All change logs of one profile, and the artifacts of its runs.

    Attributes:
        uri: the profile's folder or object-store URL.
        artifacts: what the stages of its runs leave for each other.
    """

    def __init__(self, root: str, profile: Profile, artifacts: str | None = None) -> None:
        """Point at the lake below ``root``: a folder or an object-store URL.

        Args:
            root: the place of the lakes of all profiles.
            profile: the profile of the lake.
            artifacts: the place of the runs' artifacts; in the lake if absent.
        """
        self.uri = f"{root.rstrip('/')}/{profile.profile}"
        self._profile = profile
        self.artifacts = ArtifactStore(artifacts or self.uri)

    def open_log(self, extract: str) -> ChangeLog:
        """Open the change log of an extract."""
        return ChangeLog(f"{self.uri}/{extract}", extract)

    def open_quarantine(self, extract: str) -> ChangeLog:
        """Open the log of an extract's rows that failed an expectation: key, ``source_seq``, expectation, reason, raw.

        Its state's cursor is the last validated ``_seq`` of the extract.
        """
        return ChangeLog(f"{self.uri}/_quarantine/{extract}", f"quarantine.{extract}")

    def open_timeline(self) -> ChangeLog:
        """Open the log of the model timeline (see ``model/timeline.py``)."""
        return ChangeLog(f"{self.uri}/_models", "models")

    def open_engine(self) -> Engine:
        """Open an engine that computes in the profile's time zone."""
        return open_engine(time_zone=self._profile.time_zone)

    def create_accepted_view(self, engine: Engine, extract: str) -> None:
        """Create view ``<extract>``: the newest version of every row that is validated and not in quarantine.

        Raises:
            DataError: the extract has never been pulled.
        """
        validated = f"SELECT * FROM {self._write_scan(extract)} WHERE {SEQ} <= {self.read_validated_seq(extract)}"
        quarantine = self.open_quarantine(extract).load_table()
        condition = ""
        if quarantine:
            rejected = write_scan_sql(list_table_files(quarantine), pa.schema(quarantine.schema()))
            condition = f"WHERE {SEQ} NOT IN (SELECT source_seq FROM {rejected})"
        columns = ", ".join(quote_identifier(field.name) for field in self.open_log(extract).read_schema() or [])
        newest = self._select_newest(extract, validated)
        engine.create_view(extract, f"SELECT {columns} FROM ({newest}) {condition}")

    def create_current_view(self, engine: Engine, extract: str, through: int | None = None) -> None:
        """Create view ``<extract>``: the newest version of every row, validated or not, with the log's own columns.

        Args:
            engine: the engine that gets the view.
            extract: one of the profile's.
            through: the last ``_seq`` to read; None: the whole log.

        Raises:
            DataError: the extract has never been pulled.
        """
        bound = "" if through is None else f" WHERE {SEQ} <= {through}"
        rows = f"SELECT * FROM {self._write_scan(extract)}{bound}"
        engine.create_view(extract, self._select_newest(extract, rows))

    def create_log_view(self, engine: Engine, extract: str) -> None:
        """Create view ``<extract>``: every version of every row, with the log's own columns.

        Raises:
            DataError: the extract has never been pulled.
        """
        engine.create_view(extract, f"SELECT * FROM {self._write_scan(extract)}")

    def read_validated_seq(self, extract: str) -> int:
        """Return the last ``_seq`` of an extract that has been validated: the end of its accepted view."""
        return int(self.open_quarantine(extract).read_state().cursor or 0)

    def has_late_rows(self, engine: Engine, extract: str, after: int, moment: datetime) -> bool:
        """Whether validated rows after a ``_seq`` happened before ``moment``.

        The extract's time column says when a row happened. A deletion may belong to any time, and so may every row of
        an extract without a time column or whose time column is not a time.

        Raises:
            DataError: the extract has never been pulled.
        """
        validated = self.read_validated_seq(extract)
        if validated <= after:
            return False
        column = self._profile.extracts[extract].log_layout.time_column
        types = {field.name: field.type for field in self.open_log(extract).read_schema() or []}
        is_early = "$moment IS NOT NULL"
        if column is not None and pa.types.is_temporal(types[column]):
            is_early = f"{quote_identifier(column)} < $moment OR {DELETED}"
        rows = engine.execute(
            f"SELECT 1 FROM {self._write_scan(extract)} WHERE {SEQ} > {after} AND {SEQ} <= {validated} "
            f"AND ({is_early}) LIMIT 1",
            {"moment": moment},
        )
        return rows.fetch_row() is not None

    def _write_scan(self, extract: str) -> str:
        """Write what stands behind FROM to read a log."""
        table = self.open_log(extract).load_table()
        if table is None:
            raise DataError(f"extract '{extract}' has never been pulled; run the extract stage first")
        return write_scan_sql(list_table_files(table), pa.schema(table.schema()))

    def _select_newest(self, extract: str, versions: str) -> str:
        """Write the SELECT of the newest version of each row."""
        layout = self._profile.extracts[extract].log_layout
        key = ", ".join(quote_identifier(column) for column in layout.key)
        if layout.kind == "events":
            # Events were deduplicated when they were written, and a correction is a deletion and a new row. So no sort
            # is needed, and only the few deleted keys are looked up.
            same = " AND ".join(
                f"log.{quote_identifier(name)} = deletion.{quote_identifier(name)}" for name in layout.key
            )
            return f"""
                WITH log AS ({versions}), deletion AS (SELECT * FROM log WHERE {DELETED})
                SELECT * FROM log ANTI JOIN deletion ON {same} AND log.{SEQ} <= deletion.{SEQ}
            """
        if layout.kind == "batches":  # an emptied batch is one deleted row
            batch = quote_identifier(layout.batch_column)
            is_newest = f"{BATCH} = max({BATCH}) OVER (PARTITION BY {batch})"
        else:
            is_newest = f"row_number() OVER (PARTITION BY {key} ORDER BY {SEQ} DESC) = 1"
        return f"SELECT * FROM ({versions} QUALIFY {is_newest}) WHERE NOT {DELETED}"
