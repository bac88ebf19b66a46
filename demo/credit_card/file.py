"""The original file: "CC GENERAL", 8,950 card holders, 17 columns and an id.

A. Bhasin, "Credit Card Dataset for Clustering", Kaggle (CC GENERAL.csv). Empty cells become NULL and are not filled in.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from demo.business import ShowProgress
from demo.credit_card.holders import MAY_LACK, MONEY, NUMBERS, SHARES, make_holder_table
from demo.files import DataFileError, convert_column, make_texts, read_file, refuse_missing

_ID = "CUST_ID"
COLUMNS = (_ID, *(name.upper() for name in (*MONEY, *SHARES, *NUMBERS)))


def read_holders(path: Path, say: ShowProgress = lambda _: None) -> pa.Table:
    """Read the rows of table ``card_holders``; column names are case-insensitive.

    Args:
        path: Parquet, CSV or XLSX.
        say: receives a line that names ignored columns, such as a second id.

    Raises:
        DataFileError: the file does not exist or has an unsupported type, a column is missing or duplicated, a
            value is missing or invalid, or a card holder occurs more than once.
    """
    raw = read_file(path, "the card holders' file (CC GENERAL)", (_ID,))
    names = [name.upper() for name in raw.column_names]
    refuse_missing(path, names, COLUMNS)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataFileError(f"{path}: column {', '.join(twice)} occurs more than once; allowed: once")
    others = [name for name in raw.column_names if name.upper() not in COLUMNS]
    if others:
        say(f"{path.name}: ignored columns: {', '.join(others)}")
    raw = raw.rename_columns(names)
    ids = convert_column(path, _ID, raw[_ID], make_texts)
    figures = {
        name: convert_column(path, name.upper(), raw[name.upper()], _parse_numbers)
        for name in (*MONEY, *SHARES, *NUMBERS)
    }
    for name, column in ({_ID: ids} | figures).items():
        if column.null_count and name not in MAY_LACK:
            raise DataFileError(f"{path}: column {name.upper()}: {column.null_count:,} values are missing")
    _refuse_duplicates(path, ids)
    try:
        return make_holder_table(ids, figures)
    except pa.ArrowException as error:
        raise DataFileError(f"{path}: invalid value: {error}") from None


def _parse_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to floats; NaN, which pandas writes for an empty cell, becomes NULL."""
    numbers = pc.cast(column, pa.float64())
    return pc.if_else(pc.is_nan(numbers), None, numbers)


def _refuse_duplicates(path: Path, ids: pa.ChunkedArray) -> None:
    counts = pc.value_counts(ids).to_pylist()
    twice = sorted(row["values"] for row in counts if row["counts"] > 1)
    if twice:
        raise DataFileError(
            f"{path}: {len(twice):,} card holders occur more than once, such as {twice[0]}; allowed: one row each"
        )
