"""The shop's file is loaded into MySQL exactly, or a clear error explains the problem."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from originals import RETAIL, needs

from demo.business import SourceCounts
from demo.files import DataFileError
from demo.mysql import open_database
from demo.retail import COLUMNS, DEMO, read_invoice_lines
from demo.servers import Server

LINES = [
    ("536365", "85123A", 'WHITE "HANGING", HEART', 6, datetime(2010, 12, 1, 8, 26), 2.55, 17850, "United Kingdom"),
    ("536365", "85123A", 'WHITE "HANGING", HEART', 6, datetime(2010, 12, 1, 8, 26), 2.55, 17850, "United Kingdom"),
    ("C536379", "D", "Discount\\", -1, datetime(2010, 12, 1, 9, 41), 27.5, 14527, "United Kingdom"),
    ("536414", "22139", None, 56, datetime(2010, 12, 1, 11, 52), 0.0, None, "EIRE"),
    ("550193", "PADS", "PADS TO MATCH £", 1, datetime(2011, 4, 15, 9, 27), 0.001, 13952, "Österreich"),
    ("A563186", "B", "Adjust bad debt", 1, datetime(2011, 8, 12, 14, 51), -11062.06, None, "United Kingdom"),
]


def load(uri: str, path: Path, progress: Callable[[str], object] = print) -> SourceCounts:
    return DEMO.fill_source(uri, {"invoice_lines": read_invoice_lines(path)}, progress)


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(LINES, columns=list(COLUMNS)).astype({"CustomerID": "Int32"})


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        original = frame.assign(
            InvoiceDate=[f"{at.month}/{at.day}/{at.year} {at.hour}:{at.minute:02}" for at in frame["InvoiceDate"]],
            CustomerID=frame["CustomerID"].astype(float),
        )
        original.to_csv(path, index=False, encoding="latin-1")
    return path


@pytest.mark.parametrize("name", ["lines.parquet", "lines.csv", "lines.xlsx"])
def test_every_kind_of_file_gives_the_same_rows(
    mariadb_server: Server, frame: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    uri = mariadb_server.write_uri("demo_retail")
    counts = load(uri, write(frame, tmp_path / name))
    assert counts == {
        "invoice_lines": 6,
        "invoices": 5,
        "customers": 3,
        "lines_without_customer": 2,
        "cancelled_lines": 1,
        "total_value": Decimal("-11058.959"),
    }
    with open_database(uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM invoice_lines ORDER BY line_id")
        arrived = cursor.fetchall()
    assert arrived == tuple(
        (number, *line[:5], Decimal(str(line[5])).quantize(Decimal("0.001")), *line[6:])
        for number, line in enumerate(LINES, start=1)
    )


def test_a_second_load_replaces_the_first(mariadb_server: Server, frame: pd.DataFrame, tmp_path: Path) -> None:
    uri = mariadb_server.write_uri("demo_retail")
    load(uri, write(frame, tmp_path / "all.parquet"))
    messages: list[str] = []
    assert load(uri, write(frame.head(2), tmp_path / "two.parquet"), progress=messages.append)["invoice_lines"] == 2
    assert messages[0] == "Loading 2 invoice lines"


@needs(RETAIL)
def test_the_whole_file_reconciles(mariadb_server: Server) -> None:
    assert load(mariadb_server.write_uri("demo_retail_whole"), RETAIL) == {
        "invoice_lines": 541_909,
        "invoices": 25_900,
        "customers": 4_372,
        "lines_without_customer": 135_080,
        "cancelled_lines": 9_288,
        "total_value": Decimal("9747747.934"),
    }


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"nowhere\.parquet: no such file; DATA must name"):
        read_invoice_lines(tmp_path / "nowhere.parquet")


def test_another_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "lines.json").write_text("{}")
    with pytest.raises(DataFileError, match=r"unsupported file type '.json'; allowed: .parquet, .csv, .xlsx"):
        read_invoice_lines(tmp_path / "lines.json")


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx"])
def test_a_file_that_does_not_match_its_extension(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"lines.{kind}"
    path.write_bytes(b"\x00\x01\x02 not a table")
    with pytest.raises(DataFileError, match=f"lines.{kind}: "):
        read_invoice_lines(path)


@pytest.mark.parametrize("name", ["lines.parquet", "lines.csv", "lines.xlsx"])
def test_other_columns(frame: pd.DataFrame, tmp_path: Path, name: str) -> None:
    path = write(frame, tmp_path / "whole.parquet")
    renamed = pd.read_parquet(path).rename(columns={"UnitPrice": "Price"})
    with pytest.raises(DataFileError, match=r"missing columns: UnitPrice; its columns are .*Price.*; allowed: "):
        read_invoice_lines(write(renamed, tmp_path / name))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("Quantity", "six", "column Quantity has an invalid value"),
        ("UnitPrice", 0.0005, "column UnitPrice has an invalid value: a price has more than three decimals"),
        ("InvoiceNo", None, "column InvoiceNo: 6 values are missing"),
        ("InvoiceDate", "soon", "column InvoiceDate has an invalid value: not a date"),
    ],
)
def test_invalid_values_are_reported(
    frame: pd.DataFrame, tmp_path: Path, column: str, value: object, words: str
) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    place = table.column_names.index(column)
    pq.write_table(table.set_column(place, column, pa.array([value] * len(frame))), tmp_path / "lines.parquet")
    with pytest.raises(DataFileError, match=words):
        read_invoice_lines(tmp_path / "lines.parquet")
