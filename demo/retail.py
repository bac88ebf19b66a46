"""The real UCI "Online Retail" lines, loaded into MySQL as a shop would have them.

D. Chen, "Online Retail", UCI Machine Learning Repository 352 (2015), https://doi.org/10.24432/C5BW33, CC BY 4.0.
The file has no key and 5,268 fully duplicate lines; all of them stay, and each gets its position as ``line_id``.
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from demo.mysql import database, replace_table

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
_KINDS = (".parquet", ".csv", ".xlsx")
_PRICE = pa.decimal128(12, 3)
_CSV_TIMES = ["%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]
_TABLE = """line_id BIGINT NOT NULL PRIMARY KEY, invoice_no VARCHAR(10) NOT NULL, stock_code VARCHAR(20) NOT NULL,
    description VARCHAR(255) NULL, quantity INT NOT NULL, invoice_date DATETIME NOT NULL,
    unit_price DECIMAL(12,3) NOT NULL, customer_id INT NULL, country VARCHAR(60) NOT NULL"""
_COUNTS = """SELECT COUNT(*), COUNT(DISTINCT invoice_no), COUNT(DISTINCT customer_id),
    CAST(SUM(customer_id IS NULL) AS SIGNED), CAST(SUM(invoice_no LIKE 'C%') AS SIGNED), SUM(quantity * unit_price)
    FROM invoice_lines"""


class RetailFileError(ValueError):
    """The file is not the shop's; one line says what was found and what is wanted."""


def load(uri: str, path: str | Path, *, progress: Callable[[str], object] = lambda _: None) -> dict[str, int | Decimal]:
    """Load a file of invoice lines into table ``invoice_lines``; an earlier one is replaced.

    Args:
        uri: ``mysql://user:password@host:port/database``; the database is made when missing.
        path: Parquet, or the original CSV or XLSX.
        progress: told what is being done.

    Returns:
        As the server counts them: lines, invoices, customers, lines_without_customer, cancelled_lines, and
        total_value (the sum of quantity x unit price, exact).

    Raises:
        RetailFileError: no such file, another kind of file, other columns, or a value that does not fit.
        FillError: the server did not take every row as it was given.
    """
    progress(f"Reading {path}")
    lines = read(Path(path))
    progress(f"Loading {len(lines):,} invoice lines")
    with database(uri) as connection:
        replace_table(connection, "invoice_lines", _TABLE, lines, ("invoice_date, line_id",))
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS)
            counts = cursor.fetchone()
    names = ("lines", "invoices", "customers", "lines_without_customer", "cancelled_lines", "total_value")
    return dict(zip(names, counts, strict=True))


def read(path: Path) -> pa.Table:
    """Read the lines as Arrow, in the order of the file, with exact prices.

    Raises:
        RetailFileError: as in ``load``.
    """
    if not path.is_file():
        raise RetailFileError(f"{path}: no such file; DATA must name the Online Retail file ({', '.join(_KINDS)})")
    readers = dict(zip(_KINDS, (_read_parquet, _read_csv, _read_xlsx), strict=True))
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RetailFileError(f"{path}: '{path.suffix}' is not a kind of file that can be read: {', '.join(_KINDS)}")
    try:
        raw = reader(path)
    except RetailFileError:
        raise
    except Exception as error:
        raise RetailFileError(f"{path}: can not be read as {path.suffix[1:]}: {_one_line(error)}") from None
    return _lines(path, raw)


def _read_parquet(path: Path) -> pa.Table:
    return pq.read_table(path)


def _read_csv(path: Path) -> pa.Table:
    try:
        return _parse_csv(path, "utf8")
    except (UnicodeDecodeError, pa.ArrowInvalid) as error:
        if "UTF" not in str(error).upper():
            raise
        return _parse_csv(path, "latin-1")  # as Kaggle's copy is


def _parse_csv(path: Path, encoding: str) -> pa.Table:
    as_text = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(COLUMNS, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    return pa_csv.read_csv(path, pa_csv.ReadOptions(encoding=encoding), pa_csv.ParseOptions(), as_text)


def _read_xlsx(path: Path) -> pa.Table:
    from openpyxl import load_workbook  # only where a spreadsheet is given

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        header = [str(name) for name in next(rows, ())]
        values = list(zip(*rows, strict=True)) or [()] * len(header)
    finally:
        book.close()
    as_text = {"InvoiceNo", "StockCode", "Description", "Country"}
    columns = [
        pa.array([None if value is None else str(value) for value in column] if name in as_text else column)
        for name, column in zip(header, values, strict=True)
    ]
    return pa.table(columns, names=header)


def _lines(path: Path, raw: pa.Table) -> pa.Table:
    missing = [name for name in COLUMNS if name not in raw.column_names]
    unknown = [name for name in raw.column_names if name not in COLUMNS]
    if missing or unknown:
        raise RetailFileError(
            f"{path}: its columns are {', '.join(raw.column_names)}; wanted are {', '.join(COLUMNS)}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
        )
    converters: dict[str, tuple[str, Callable[[pa.ChunkedArray], pa.ChunkedArray]]] = {
        "InvoiceNo": ("invoice_no", _text),
        "StockCode": ("stock_code", _text),
        "Description": ("description", _text),
        "Quantity": ("quantity", _integers),
        "InvoiceDate": ("invoice_date", _moments),
        "UnitPrice": ("unit_price", _prices),
        "CustomerID": ("customer_id", _integers),
        "Country": ("country", _text),
    }
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"line_id": pa.array(np.arange(len(raw)) + 1)}
    for name, (column, convert) in converters.items():
        try:
            columns[column] = convert(raw[name])
        except (pa.ArrowException, ValueError) as error:
            raise RetailFileError(f"{path}: column {name} does not hold what it should: {_one_line(error)}") from None
        if columns[column].null_count and column not in ("description", "customer_id"):
            raise RetailFileError(f"{path}: column {name} lacks {columns[column].null_count:,} values")
    return pa.table(columns)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.string())


def _integers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers, also where a spreadsheet or pandas wrote them as 17850.0."""
    if pa.types.is_string(column.type):
        column = pc.replace_substring_regex(column, r"\.0+$", "")
    return pc.cast(column, pa.int64())


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return pc.cast(column, pa.timestamp("s"), safe=False)
    for form in _CSV_TIMES:
        parsed = pc.strptime(column, form, "s", error_is_null=True)
        if parsed.null_count == column.null_count:
            return parsed
    raise ValueError(f"no date in any of the forms {', '.join(_CSV_TIMES)}")


def _prices(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Exact decimals: text is parsed as such; a binary float must lie on a thousandth, and becomes that thousandth."""
    if not pa.types.is_floating(column.type):
        return pc.cast(column, _PRICE)
    thousandths = pc.round(pc.multiply(column, 1000.0))
    off = pc.max(pc.abs(pc.subtract(pc.multiply(column, 1000.0), thousandths))).as_py()
    if off is not None and off > 1e-6:
        raise ValueError("a price has more than three decimals")
    units = pc.cast(pc.cast(thousandths, pa.int64()), pa.decimal128(19, 0))
    return pc.cast(pc.multiply(units, pa.scalar(Decimal("0.001"))), _PRICE)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
