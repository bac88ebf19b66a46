"""The UCI "Online Retail" invoice lines, loaded into MySQL as a shop would store them.

D. Chen, "Online Retail", UCI Machine Learning Repository 352 (2015), https://doi.org/10.24432/C5BW33, CC BY 4.0.
The file has no key and 5,268 exact duplicates. All lines are loaded; ``line_id`` is a line's position in the file.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo import claims
from demo.business import ProfileDemo, ShowProgress, SourceTable, TablesByName
from demo.files import DataFileError, convert_column, make_integers, make_texts, read_file, refuse_missing

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
_PRICE = pa.decimal128(12, 3)
_CSV_TIMES = ["%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"]


def read_invoice_lines(path: Path) -> pa.Table:
    """Read the lines as Arrow in file order, with exact prices.

    Raises:
        DataFileError: the file does not exist, has an unsupported type or other columns, or a value is invalid.
    """
    raw = read_file(path, "the Online Retail file", ("InvoiceNo", "StockCode", "Description", "Country"))
    refuse_missing(path, raw.column_names, COLUMNS)
    unknown = [name for name in raw.column_names if name not in COLUMNS]
    if unknown:
        raise DataFileError(f"{path}: unknown columns: {', '.join(unknown)}; allowed: {', '.join(COLUMNS)}")
    converters: dict[str, tuple[str, Callable[[pa.ChunkedArray], pa.ChunkedArray]]] = {
        "InvoiceNo": ("invoice_no", make_texts),
        "StockCode": ("stock_code", make_texts),
        "Description": ("description", make_texts),
        "Quantity": ("quantity", make_integers),
        "InvoiceDate": ("invoice_date", _parse_times),
        "UnitPrice": ("unit_price", _parse_prices),
        "CustomerID": ("customer_id", make_integers),
        "Country": ("country", make_texts),
    }
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"line_id": pa.array(np.arange(len(raw)) + 1)}
    for name, (column, convert) in converters.items():
        columns[column] = convert_column(path, name, raw[name], convert)
        if columns[column].null_count and column not in ("description", "customer_id"):
            raise DataFileError(f"{path}: column {name}: {columns[column].null_count:,} values are missing")
    return pa.table(columns)


def _read(data: Path | None, _size: int | None, _say: ShowProgress) -> TablesByName:
    if data is None:
        raise DataFileError("profile retail needs a data file: make demo PROFILE=retail DATA=<file>")
    return {"invoice_lines": read_invoice_lines(data)}


def _parse_times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return pc.cast(column, pa.timestamp("s"), safe=False)
    for form in _CSV_TIMES:
        parsed = pc.strptime(column, form, "s", error_is_null=True)
        if parsed.null_count == column.null_count:
            return parsed
    raise ValueError(f"not a date; allowed: {', '.join(_CSV_TIMES)}")


def _parse_prices(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert to exact decimals: text is parsed directly; a float must be within 1e-6 of a thousandth of a unit."""
    if not pa.types.is_floating(column.type):
        return pc.cast(column, _PRICE)
    thousandths = pc.round(pc.multiply(column, 1000.0))
    off = pc.max(pc.abs(pc.subtract(pc.multiply(column, 1000.0), thousandths))).as_py()
    if off is not None and off > 1e-6:
        raise ValueError("a price has more than three decimals")
    units = pc.cast(pc.cast(thousandths, pa.int64()), pa.decimal128(19, 0))
    return pc.cast(pc.multiply(units, pa.scalar(Decimal("0.001"))), _PRICE)


DEMO = ProfileDemo(
    tables={
        "invoice_lines": SourceTable(
            """line_id BIGINT NOT NULL PRIMARY KEY, invoice_no VARCHAR(10) NOT NULL, stock_code VARCHAR(20) NOT NULL,
            description VARCHAR(255) NULL, quantity INT NOT NULL, invoice_date DATETIME NOT NULL,
            unit_price DECIMAL(12,3) NOT NULL, customer_id INT NULL, country VARCHAR(60) NOT NULL""",
            ("invoice_date, line_id",),
        )
    },
    read=_read,
    counts="""
        SELECT
            COUNT(*) AS invoice_lines, COUNT(DISTINCT invoice_no) AS invoices, COUNT(DISTINCT customer_id) AS customers,
            COUNT(*) - COUNT(customer_id) AS lines_without_customer,
            COUNT(CASE WHEN invoice_no LIKE 'C%' THEN 1 END) AS cancelled_lines,
            SUM(quantity * unit_price) AS total_value
        FROM invoice_lines
    """,
    runs=[
        ("extract", date(2011, 12, 10)),
        ("reconcile", date(2011, 12, 5)),
        ("fit", date(2011, 7, 1)),
        *[("segment_monthly", date(2011, month, 1)) for month in (7, 8, 9, 10, 11, 12)],
        ("segment_daily", date(2011, 12, 10)),
    ],
    claims=claims.check_retail_claims,
    figures="""
        SELECT
            sum(s.customers) AS customers,
            sum(s.customers) FILTER (WHERE d.stratum <> 'cancellations_only') AS with_a_purchase,
            sum(s.customers) FILTER (WHERE d.stratum = 'cancellations_only') AS cancellations_only,
            max(r.unknown_rows) AS unknown_lines
        FROM fct_segment_size AS s
        JOIN segmentation_run AS r ON r.run_id = s.run_id
        JOIN dim_segment AS d ON d.segment_key = s.segment_key AND d.is_current
        WHERE s.macro_segment = 'rfm' AND s.parent_key IS NULL
            AND s.as_of = (SELECT max(as_of) FROM segmentation_run)
    """,
)
