"""Read a data file for the demo as Arrow, or reject it with a one-line error."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

_KINDS = (".parquet", ".csv", ".xlsx")


class DataFileError(ValueError):
    """The file does not fit the profile; the one-line message says what it contains and what is allowed."""


def read_file(path: Path, what: str, texts: Sequence[str]) -> pa.Table:
    """Read a whole Parquet, CSV (UTF-8 or Latin-1) or XLSX file; CSV values stay text.

    Args:
        path: the file.
        what: the expected file, for messages, such as "the Online Retail file".
        texts: columns to read as text even if a spreadsheet stores numbers.

    Raises:
        DataFileError: the file does not exist, has an unsupported type, or does not match its extension.
    """
    if not path.is_file():
        raise DataFileError(f"{path}: no such file; DATA must name {what} ({', '.join(_KINDS)})")
    readers: dict[str, Callable[[Path, Sequence[str]], pa.Table]] = dict(
        zip(_KINDS, (_read_parquet, _read_csv, _read_xlsx), strict=True)
    )
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise DataFileError(f"{path}: unsupported file type '{path.suffix}'; allowed: {', '.join(_KINDS)}")
    try:
        table = reader(path, texts)
    except Exception as error:
        raise DataFileError(f"{path}: cannot be read as {path.suffix[1:]}: {shorten_error(error)}") from None
    if not table.num_rows:
        raise DataFileError(f"{path}: has no rows below its column names")
    return table


def refuse_missing(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    """Check that all required columns exist.

    Raises:
        DataFileError: a column is missing.
    """
    missing = [name for name in required if name not in columns]
    if missing:
        if len(columns) == 1 and len(required) > 1 and path.suffix.lower() == ".csv":
            raise DataFileError(f"{path}: its first line has only one column; columns must be separated by commas")
        listed = f"its columns are {', '.join(columns)}; allowed: {', '.join(required)}"
        raise DataFileError(f"{path}: missing columns: {', '.join(missing)}; {listed}")


def convert_column(
    path: Path, name: str, column: pa.ChunkedArray, convert: Callable[[pa.ChunkedArray], pa.ChunkedArray]
) -> pa.ChunkedArray:
    """Convert one column to another type.

    Raises:
        DataFileError: a value cannot be converted.
    """
    try:
        return convert(column)
    except (pa.ArrowException, ValueError) as error:
        raise DataFileError(f"{path}: column {name} has an invalid value: {shorten_error(error)}") from None


def make_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert values of any type to text."""
    return pc.cast(column, pa.string())


def make_integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to whole numbers, including those that a spreadsheet or pandas wrote as 17850.0."""
    if pa.types.is_string(column.type):
        column = pc.replace_substring_regex(column, r"\.0+$", "")
    return pc.cast(column, pa.int64())


def shorten_error(error: Exception) -> str:
    """Return an error's message, shortened and without line breaks."""
    return " ".join(str(error).split())[:300]


def _read_parquet(path: Path, _: Sequence[str]) -> pa.Table:
    return pq.read_table(path)


def _read_csv(path: Path, _: Sequence[str]) -> pa.Table:
    try:
        return _parse_csv(path, "utf8")
    except (UnicodeDecodeError, pa.ArrowInvalid) as error:
        if "UTF" not in str(error).upper():
            raise
        return _parse_csv(path, "latin-1")  # the encoding of Kaggle's copies


def _parse_csv(path: Path, encoding: str) -> pa.Table:
    options = pa_csv.ReadOptions(encoding=encoding)
    with pa_csv.open_csv(path, options) as reader:
        names = reader.schema.names
    as_written = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return pa_csv.read_csv(path, options, pa_csv.ParseOptions(), as_written)


def _read_xlsx(path: Path, texts: Sequence[str]) -> pa.Table:
    from openpyxl import load_workbook  # only needed for a spreadsheet

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = [str(name) for name in next(rows, ())]
        values = list(zip(*rows, strict=True)) or [()] * len(header)
    finally:
        book.close()
    columns = [
        pa.array([None if value is None else str(value) for value in column] if name in texts else column)
        for name, column in zip(header, values, strict=True)
    ]
    return pa.table(columns, names=header)
