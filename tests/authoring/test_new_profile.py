"""new-profile: a table on a real server becomes a profile that check-profile accepts and that runs."""

from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from authoring_source import Source, segmentation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.segmentation.authoring import check_profile, propose_profile
from include.segmentation.errors import ProfileError, SourceError
from include.segmentation.profile.loader import load_profile

PROPOSE = ("new-profile", "shop", "--from-mysql", "shop_mysql", "--table", "orders")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profiles"


def proposed(source: Source, folder: Path, columns: str, *rows: str, table: str = "") -> dict:
    """What is proposed for a table; accepted by check-profile too."""
    table = table or f"t_{uuid4().hex[:8]}"
    source.execute(f"CREATE TABLE `{table}` ({columns})")
    if rows:
        source.execute(f"INSERT INTO `{table}` VALUES {', '.join(rows)}")
    name = f"p_{uuid4().hex[:8]}"
    propose_profile(name, "shop_mysql", table, folder)
    assert check_profile(name, folder, connect=True).mistakes == []
    return yaml.safe_load((folder / f"{name}.yaml").read_text())


def only(value: dict) -> dict:
    """The one entry of a mapping."""
    (entry,) = value.values()
    return entry


def strata(value: dict) -> list[str]:
    return [stratum["name"] for stratum in only(value["macro_segments"])["strata"]]


def test_orders_become_recency_frequency_monetary(folder: Path) -> None:
    done = segmentation(
        "new-profile", "shop", "--from-mysql", "shop_mysql", "--table", "orders", "--profiles-dir", folder
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("wrote ") == 3
    profile = load_profile("shop", folder)
    orders = profile.extracts["orders"]
    assert (orders.cursor, orders.mode, orders.primary_key) == ("ordered_at", "append", ["order_id"])
    assert "email" not in orders.columns
    assert list(profile.kpis) == ["recency", "frequency", "monetary", "purchases_ever"]
    assert profile.kpis["monetary"].unit == "EUR"
    assert (profile.schedule.start, profile.schedule.first_fit) == (date(2024, 1, 5), date(2025, 11, 1))
    assert [stratum.name for stratum in profile.macro_segments["rfm"].strata] == ["never", "lapsed", "once", "repeat"]
    text = (folder / "shop.yaml").read_text()
    assert text.count("CHECK") >= 5
    assert "CREATE INDEX for_pulls ON orders (ordered_at, order_id)" in text

    again = segmentation(
        "new-profile", "shop", "--from-mysql", "shop_mysql", "--table", "orders", "--profiles-dir", folder
    )
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"error: {folder / 'shop.yaml'} is there already; allowed is a name that is free\n"
    assert (folder / "shop.yaml").read_text() == text


def test_rows_that_move_a_time_are_merged_by_it(source: Source, folder: Path) -> None:
    columns = "id INT PRIMARY KEY, user_id INT, at DATETIME, changed TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    value = proposed(source, folder, columns, "(1, 7, '2025-01-02', '2025-01-03'), (2, 7, '2025-02-01', '2025-02-02')")
    extract = only(value["extracts"])
    assert (extract["mode"], extract["cursor"], value["schedule"]["start"]) == ("merge", "changed", date(2025, 1, 2))
    assert strata(value) == ["lapsed", "once", "repeat"], "without money, nobody in the table has never bought"


def test_one_row_per_customer_is_one_stratum_read_whole(source: Source, folder: Path) -> None:
    columns = "cust_id VARCHAR(9) PRIMARY KEY, since DATE NOT NULL, balance_total DECIMAL(12, 2), name TEXT"
    value = proposed(source, folder, columns, "('C1', '2020-01-01', -5.5, 'A')", "('C2', '2021-01-01', NULL, 'B')")
    assert only(value["extracts"])["mode"] == "snapshot"
    assert strata(value) == ["everyone"]
    assert only(value["macro_segments"])["kpis"]["monetary"]["minimum"] is None


def test_lines_of_invoices_are_counted_by_invoice_and_priced_by_piece(source: Source, folder: Path) -> None:
    columns = (
        "`Line ID` INT PRIMARY KEY, InvoiceNo VARCHAR(9), `Customer ID` INT, Quantity INT, UnitPrice DOUBLE, "
        "InvoiceDate DATE NOT NULL, `order` TEXT"
    )
    rows = [f"({i}, 'I{i // 2}', {i // 4}, 3, 2.5, '2025-01-0{1 + i % 9}', 'x')" for i in range(12)]
    value = proposed(source, folder, columns, *rows, table="Order")
    extract = value["extracts"]["order_rows"]
    assert (extract["primary_key"], extract["lag"]) == (["Line ID"], "1d")
    kpis = only(value["macro_segments"])["kpis"]
    assert "Different InvoiceNo" in kpis["frequency"]["definition"]
    assert "Quantity x UnitPrice" in kpis["monetary"]["definition"]


def test_a_customer_that_no_row_names_is_none(source: Source, folder: Path) -> None:
    columns = "id INT PRIMARY KEY, at DATETIME, customer_id INT, buyer_no INT"
    value = proposed(source, folder, columns, "(1, '2025-01-02', NULL, 7)", "(2, '2025-01-03', NULL, 7)")
    checked = [rule["args"]["column"] for rule in only(value["expectations"])]
    assert "buyer_no" in checked
    assert "customer_id" not in checked


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [
        ("id INT, at DATETIME", "(1, '2025-01-01')", "found no primary or unique key without NULL"),
        ("id FLOAT PRIMARY KEY, at DATETIME", "(1, '2025-01-01')", "found no primary or unique key"),
        ("id INT PRIMARY KEY, n INT", "(1, 2)", "has no time column"),
        ("id INT PRIMARY KEY, at DATETIME", "(1, NULL)", "has no time column"),
        ("id INT PRIMARY KEY, at DATETIME", "(1, '1900-01-01')", "has no time column"),
        ("id INT PRIMARY KEY, at DATETIME", "", "is empty; a profile is proposed from its rows"),
        ("at DATETIME PRIMARY KEY, n DOUBLE", "('2025-01-01', 2)", "no column that could tell customers apart"),
    ],
)
def test_a_table_that_can_not_be_used_is_told_in_one_line(
    source: Source, folder: Path, columns: str, rows: str, words: str
) -> None:
    with pytest.raises(SourceError) as raised:
        proposed(source, folder, columns, *filter(None, [rows]))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not folder.exists()


def test_what_is_not_there_is_answered_with_what_is(source: Source, folder: Path) -> None:
    source.execute("CREATE VIEW seen AS SELECT 1 AS id")
    for arguments, kind, words in [
        (("p", "shop_mysq", "orders"), SourceError, "connection 'shop_mysq' is not defined"),
        (("p", "shop_mysql", "oders"), SourceError, "did you mean 'orders'?"),
        (("p", "shop_mysql", "seen"), SourceError, "found a view; allowed: a table"),
        (("P q", "shop_mysql", "orders"), ProfileError, "profile 'P q': allowed are up to 50 small letters"),
        (("retail", "shop_mysql", "orders"), ProfileError, "profile 'retail' is there already"),
    ]:
        with pytest.raises(kind, match=".*".join(words.split("?")[0].split("'"))):
            propose_profile(*arguments, folder)
    assert not folder.exists()


KINDS = {
    "INT": st.integers(-9, 9).map(str),
    "BIGINT UNSIGNED": st.integers(0, 2**64 - 1).map(str),
    "DECIMAL(10, 2)": st.integers(-999, 9999).map(lambda n: f"{n / 100:.2f}"),
    "DECIMAL(38, 10)": st.just("1.5"),
    "DECIMAL(60, 0)": st.just("7"),
    "DOUBLE": st.floats(-1e6, 1e6).map(repr),
    "FLOAT": st.just("0.5"),
    "BIT(5)": st.just("b'101'"),
    "YEAR": st.just("2024"),
    "TIME": st.just("'10:00:00'"),
    "DATE": st.dates(date(1960, 1, 1), date(2026, 1, 1)).map(lambda day: f"'{day}'"),
    "DATETIME": st.datetimes(datetime(1960, 1, 1), datetime(2040, 1, 1)).map(lambda at: f"'{at:%Y-%m-%d %H:%M:%S}'"),
    "TIMESTAMP NULL": st.just("'2025-03-01 10:00:00'"),
    "VARCHAR(20)": st.sampled_from(["'a'", "'b''c'", "'ü'", "''"]),
    "CHAR(3) CHARACTER SET latin1": st.just("'EUR'"),
    "ENUM('x', 'no')": st.sampled_from(["'x'", "'no'"]),
    "JSON": st.just("'{}'"),
    "BLOB": st.just("x'00ff'"),
    "GEOMETRY": st.just("POINT(1, 2)"),
}
NAMES = [
    *("customer_id", "User", "order_no", "total", "unit price", "qty", "updated_at", "created", "state", "order"),
    *("left", "a b", "it's", "kpi", "recency", "as_of", "Größe", "100%", "{{ x }}", "email", "_seq", "currency"),
]


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str, list[str]]:
    """A name, columns of any types and rows of them; a key, a time and a column for customers are among them."""
    names = draw(st.lists(st.sampled_from(NAMES), unique_by=str.lower, min_size=1, max_size=6))
    kinds = [draw(st.sampled_from(sorted(KINDS))) for _ in names]
    columns = ["id INT PRIMARY KEY", "seen DATETIME", *(f"`{n}` {k}" for n, k in zip(names, kinds, strict=True))]
    rows = []
    for key in range(draw(st.integers(1, 4))):
        values = [draw(st.just("NULL") | KINDS[kind]) for kind in kinds]
        rows.append(f"({key}, '2025-01-0{key + 1}', {', '.join(values)})")
    table = draw(st.sampled_from(["orders", "order", "Käufe 2", "population", "select"]))
    return table, ", ".join(columns), rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables())
def test_any_table_gives_a_profile_that_check_profile_accepts(source: Source, folder: Path, table: tuple) -> None:
    name, columns, rows = table
    source.execute(f"DROP TABLE IF EXISTS `{name} any`")
    proposed(source, folder, columns, *rows, table=f"{name} any")
