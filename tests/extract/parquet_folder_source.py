"""A third kind of source, as an engineer would add it: this file and one entry in ``SOURCE_KINDS``.

A folder of Parquet files, one folder per extract and one file per day in it, named after the day that it ends:
``loans/2024-02-01.parquet``. The connection is of Airflow's type ``fs`` and its extra names the folder's ``path``.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow.parquet as pq

from include.segmentation.connections import resolve_address
from include.segmentation.errors import SourceError
from include.segmentation.extract.source import DescribeExtract, SourceReader
from include.segmentation.profile.mistakes import Mistake, list_allowed
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.source_declaration import KeyedExtract, SourceDeclaration
from include.segmentation.run import Run


class ParquetFiles(KeyedExtract):
    """The files in one folder."""

    kind: Literal["files"]
    folder: str


class ParquetFolderSource(SourceDeclaration):
    """A folder of such folders."""

    extracts: ClassVar = (ParquetFiles,)
    reader: ClassVar = f"{__name__}:ParquetFolderReader"

    kind: Literal["parquet_folder"]


class ParquetFolderReader(SourceReader):
    """Reads the files that came since the last pull."""

    def pull_extract(self, run: Run, name: str) -> dict[str, Any]:
        """Append the rows of each new file; its name is the position."""
        log = run.lake.open_log(name)
        state = log.read_state()
        first = state.seq
        files = [file for file in list_files(run.profile, name) if file.stem > (state.cursor or "")]
        for file in files:
            through = run.profile.find_midnight(date.fromisoformat(file.stem))
            state = log.append(pq.read_table(file), replace(state, cursor=file.stem, complete_through=through))
        rows = state.seq - first
        return {"rows_read": rows, "rows_written": rows, "pages": len(files)}

    def check_source(self, profile: Profile, source: str, describe: DescribeExtract) -> Iterator[Mistake]:
        """Look at the columns of each extract's first file."""
        for name, declared in profile.extracts.items():
            if not isinstance(declared, ParquetFiles) or declared.source != source:
                continue
            schema = pq.read_schema(list_files(profile, name)[0])
            missing = [column for column in declared.primary_key if column not in schema.names]
            for column in missing:
                text = f"the files have no column '{column}'; {list_allowed(column, schema.names)}"
                yield Mistake(("extracts", name, "primary_key"), text)
            if not missing:
                describe(name, schema)


def list_files(profile: Profile, name: str) -> list[Path]:
    declared: Any = profile.extracts[name]
    root = resolve_address(profile.sources[declared.source].connection).extra["path"]
    files = sorted((Path(root) / declared.folder).glob("*.parquet"))
    if not files:
        raise SourceError(f"{root}/{declared.folder}: found no Parquet files; allowed: at least one")
    return files
