"""Files that the stages of a run leave for each other. A file is replaced as a whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from include.segmentation.errors import DataError


class ArtifactStore:
    """A folder or object-store URL with the artifacts of one profile."""

    def __init__(self, uri: str) -> None:
        """Point at a folder that may not exist yet."""
        self._root = uri

    def locate(self, name: str) -> str:
        """Return the URI of an artifact."""
        return f"{self._root}/{name}"

    def write_table(self, name: str, table: pa.Table) -> str:
        """Write a Parquet artifact and return its URI."""
        with self._replace_file(name) as (filesystem, path):
            pq.write_table(table, path, filesystem=filesystem, compression="zstd")
        return self.locate(name)

    def read_table(self, name: str) -> pa.Table:
        """Read a Parquet artifact.

        Raises:
            DataError: the stage that writes it has not run.
        """
        filesystem, path = self._open_filesystem(name)
        try:
            return pq.read_table(path, filesystem=filesystem)
        except FileNotFoundError:
            raise DataError(f"{self.locate(name)} does not exist; run the stage before this one first") from None

    def write_text(self, name: str, text: str) -> str:
        """Write a text artifact and return its URI."""
        with self._replace_file(name) as (filesystem, path), filesystem.open_output_stream(path) as stream:
            stream.write(text.encode())
        return self.locate(name)

    def read_text(self, name: str) -> str | None:
        """Read a text artifact, or return None if it does not exist."""
        filesystem, path = self._open_filesystem(name)
        try:
            with filesystem.open_input_stream(path) as stream:
                return bytes(stream.read()).decode()
        except FileNotFoundError:
            return None

    def write_folder(self, name: str, folder: Path) -> str:
        """Copy a local folder over an artifact of that name and return its URI. Other files in it stay."""
        filesystem, path = self._open_filesystem(name)
        filesystem.create_dir(path, recursive=True)
        pa.fs.copy_files(str(folder), path, pa.fs.LocalFileSystem(), filesystem)
        return self.locate(name)

    def list_folders(self, name: str) -> list[str]:
        """List the folders inside a folder; none if it does not exist."""
        filesystem, path = self._open_filesystem(name)
        entries = filesystem.get_file_info(pa.fs.FileSelector(path, allow_not_found=True))
        return sorted(entry.base_name for entry in entries if entry.type == pa.fs.FileType.Directory)

    def _open_filesystem(self, name: str) -> tuple[pa.fs.FileSystem, str]:
        filesystem, root = pa.fs.FileSystem.from_uri(self._root)
        return filesystem, f"{root}/{name}"

    @contextmanager
    def _replace_file(self, name: str) -> Iterator[tuple[pa.fs.FileSystem, str]]:
        filesystem, path = self._open_filesystem(name)
        filesystem.create_dir(path.rsplit("/", 1)[0], recursive=True)
        unfinished = f"{path}.{uuid4().hex}.unfinished"  # unique, so that two may write at once; the last one counts
        try:
            yield filesystem, unfinished
            filesystem.move(unfinished, path)
        except BaseException:
            if filesystem.get_file_info(unfinished).type == pa.fs.FileType.File:
                filesystem.delete_file(unfinished)
            raise
