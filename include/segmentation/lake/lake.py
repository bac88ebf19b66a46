"""The lake: a change log per extract, the views that the stages read, and what a run's stages leave for each other.

Engines read a log's file list.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.engine.engine import Engine
from include.segmentation.engine.parquet_files import write_scan_sql
from include.segmentation.errors import DataError
from include.segmentation.lake.change_log import BATCH, DELETED, SEQ, ChangeLog, list_table_files
from include.segmentation.profile.profile import Profile


class Lake:
    """All change logs and run artifacts of one profile."""

    def __init__(self, root: str, profile: Profile, artifacts: str | None = None) -> None:
        """Point at the lake below ``root``: a folder or an object-store URL.

        Args:
            root: what holds the lakes of all profiles.
            profile: whose lake it is.
            artifacts: where the stages leave things for each other; in the lake where absent.
        """
        self.uri = f"{root.rstrip('/')}/{profile.profile}"
        self._apart = artifacts
        self._profile = profile

    def open_log(self, extract: str) -> ChangeLog:
        """The change log of an extract."""
        return ChangeLog(f"{self.uri}/{extract}", extract)

    def open_quarantine(self, extract: str) -> ChangeLog:
        """The rows of an extract that failed an expectation: key, ``source_seq``, expectation, reason, raw.

        Its state's cursor is the last validated ``_seq`` of the extract.
        """
        return ChangeLog(f"{self.uri}/_quarantine/{extract}", f"quarantine.{extract}")

    def open_timeline(self) -> ChangeLog:
        """The model timeline (see ``model.py``)."""
        return ChangeLog(f"{self.uri}/_models", "models")

    def open_engine(self) -> Engine:
        """A DuckDB connection that computes in the profile's time zone and shares no file."""
        return Engine(time_zone=self._profile.time_zone)

    def create_accepted_view(self, connection: Engine, extract: str) -> None:
        """Create view ``<extract>``: the latest version of every row, validated and not held in quarantine.

        Raises:
            DataError: the extract has never been pulled.
        """
        latest = self._latest(
            extract, f"SELECT * FROM {self._scan(extract)} WHERE {SEQ} <= {self.read_validated_seq(extract)}"
        )
        held = self.open_quarantine(extract).load_table()
        rows = write_scan_sql(list_table_files(held), pa.schema(held.schema())) if held else ""
        good = f"WHERE {SEQ} NOT IN (SELECT source_seq FROM {rows})" if held else ""
        columns = ", ".join(quote_identifier(field.name) for field in self.open_log(extract).read_schema() or [])
        connection.create_view(extract, f"SELECT {columns} FROM ({latest}) {good}")

    def read_validated_seq(self, extract: str) -> int:
        """The last ``_seq`` of an extract that has been validated: how far its accepted view reaches."""
        return int(self.open_quarantine(extract).read_state().cursor or 0)

    def has_late_rows(self, connection: Engine, extract: str, after: int, moment: datetime) -> bool:
        """Whether rows of a time before ``moment`` came after a ``_seq`` and have been validated since.

        A row's time is its cursor (a report's, its day). A deletion counts as one of any time, and so does every row
        of an extract whose cursor is no time, or that has none.

        Raises:
            DataError: the extract has never been pulled.
        """
        validated = self.read_validated_seq(extract)
        if validated <= after:
            return False
        cursor = self._profile.extracts[extract].log_layout.time_column
        kinds = {field.name: field.type for field in self.open_log(extract).read_schema() or []}
        is_time = cursor is not None and pa.types.is_temporal(kinds[cursor])
        is_early = f"{quote_identifier(cursor)} < $moment OR {DELETED}" if cursor and is_time else "$moment IS NOT NULL"
        found = connection.execute(
            f"SELECT 1 FROM {self._scan(extract)} WHERE {SEQ} > {after} AND {SEQ} <= {validated} "
            f"AND ({is_early}) LIMIT 1",
            {"moment": moment},
        )
        return found.fetch_row() is not None

    def create_current_view(self, connection: Engine, extract: str, through: int | None = None) -> None:
        """Create view ``<extract>``: the latest version of every row, with the log's own columns, validated or not.

        Args:
            connection: where the view is made.
            extract: one of the profile's.
            through: the last ``_seq`` to look at; None looks at the whole log.

        Raises:
            DataError: the extract has never been pulled.
        """
        bound = "" if through is None else f" WHERE {SEQ} <= {through}"
        connection.create_view(extract, self._latest(extract, f"SELECT * FROM {self._scan(extract)}{bound}"))

    def create_log_view(self, connection: Engine, extract: str) -> None:
        """Create view ``<extract>``: every version of every row that was ever written, with the log's own columns.

        Raises:
            DataError: the extract has never been pulled.
        """
        connection.create_view(extract, f"SELECT * FROM {self._scan(extract)}")

    def _scan(self, extract: str) -> str:
        """What stands behind FROM to read a log."""
        table = self.open_log(extract).load_table()
        if table is None:
            raise DataError(f"extract '{extract}' has never been pulled; run the extract stage first")
        return write_scan_sql(list_table_files(table), pa.schema(table.schema()))

    def _latest(self, extract: str, versions: str) -> str:
        """The newest version of each key."""
        layout = self._profile.extracts[extract].log_layout
        if layout.kind == "batches":  # an emptied batch is one deleted row
            batch = quote_identifier(layout.batch_column)
            newest = f"{versions} QUALIFY {BATCH} = max({BATCH}) OVER (PARTITION BY {batch})"
            return f"SELECT * FROM ({newest}) WHERE NOT {DELETED}"
        if layout.kind == "events":
            # Immutable events were deduplicated when written, and a correction is a deletion and a new row: a sort is
            # spared, and only the few keys that were ever deleted are looked up.
            same = " AND ".join(f"log.{quote_identifier(name)} = gone.{quote_identifier(name)}" for name in layout.key)
            return f"""
                WITH log AS ({versions}), gone AS (SELECT * FROM log WHERE {DELETED})
                SELECT * FROM log ANTI JOIN gone ON {same} AND log.{SEQ} <= gone.{SEQ}
            """
        key = ", ".join(quote_identifier(column) for column in layout.key)
        newest = f"{versions} QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {SEQ} DESC) = 1"
        return f"SELECT * FROM ({newest}) WHERE NOT {DELETED}"

    # Artifacts: what one stage leaves for the next. A name is replaced as a whole or not at all.

    def locate(self, name: str) -> str:
        """The URI of an artifact."""
        return f"{self._apart or self.uri}/{name}"

    def write_table(self, name: str, table: pa.Table) -> str:
        """Write a Parquet artifact and return its URI."""
        with self._replacing(name) as (filesystem, path):
            pq.write_table(table, path, filesystem=filesystem, compression="zstd")
        return self.locate(name)

    def read_table(self, name: str) -> pa.Table:
        """Read a Parquet artifact.

        Raises:
            DataError: the stage that writes it has not run.
        """
        filesystem, path = self._locate(name)
        try:
            return pq.read_table(path, filesystem=filesystem)
        except FileNotFoundError:
            raise DataError(f"{self.locate(name)} does not exist; run the stage before this one first") from None

    def write_text(self, name: str, text: str) -> str:
        """Write a text artifact and return its URI."""
        with self._replacing(name) as (filesystem, path), filesystem.open_output_stream(path) as stream:
            stream.write(text.encode())
        return self.locate(name)

    def write_folder(self, name: str, folder: Path) -> str:
        """Copy a local folder over an earlier one of that name, whose other files stay, and return its URI."""
        filesystem, path = self._locate(name)
        filesystem.create_dir(path, recursive=True)
        pa.fs.copy_files(str(folder), path, pa.fs.LocalFileSystem(), filesystem)
        return self.locate(name)

    def read_text(self, name: str) -> str | None:
        """Read a text artifact, or None where there is none."""
        filesystem, path = self._locate(name)
        try:
            with filesystem.open_input_stream(path) as stream:
                return bytes(stream.read()).decode()
        except FileNotFoundError:
            return None

    def list_folders(self, name: str) -> list[str]:
        """The names of the folders inside a folder, none where it does not exist."""
        filesystem, path = self._locate(name)
        found = filesystem.get_file_info(pa.fs.FileSelector(path, allow_not_found=True))
        return sorted(info.base_name for info in found if info.type == pa.fs.FileType.Directory)

    def _locate(self, name: str) -> tuple[pa.fs.FileSystem, str]:
        filesystem, base = pa.fs.FileSystem.from_uri(self._apart or self.uri)
        return filesystem, f"{base}/{name}"

    @contextmanager
    def _replacing(self, name: str) -> Iterator[tuple[pa.fs.FileSystem, str]]:
        filesystem, path = self._locate(name)
        filesystem.create_dir(path.rsplit("/", 1)[0], recursive=True)
        unfinished = f"{path}.{uuid4().hex}.unfinished"  # its own: two may write at once, the last one counts
        try:
            yield filesystem, unfinished
            filesystem.move(unfinished, path)
        except BaseException:
            if filesystem.get_file_info(unfinished).type == pa.fs.FileType.File:
                filesystem.delete_file(unfinished)
            raise
