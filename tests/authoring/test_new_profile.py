"""new-profile: a table on a real server becomes a profile that check-profile accepts and that runs."""

from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from authoring_source import Source, run_segmentation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.segmentation.authoring import check_profile, propose_profile
from include.segmentation.errors import ProfileError, SourceError
from include.segmentation.profile.loader import load_profile

NEW_PROFILE = ("new-profile", "shop", "--from-mysql", "shop_mysql", "--table", "orders", "--profiles-dir")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("connections")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profiles"


def propose(source: Source, folder: Path, columns: str, *rows: str, table: str = "") -> dict:
    """Create a table and return the profile proposed for it, which check-profile must accept."""
    table = table or f"t_{uuid4().hex[:8]}"
    source.execute(f"CREATE TABLE `{table}` ({columns})")
    if rows:
        source.execute(f"INSERT INTO `{table}` VALUES {', '.join(rows)}")
    name = f"p_{uuid4().hex[:8]}"
    propose_profile(name, "shop_mysql", table, folder)
    assert check_profile(name, folder, connect=True).mistakes == []
    return yaml.safe_load((folder / f"{name}.yaml").read_text())


def only_entry(value: dict) -> dict:
    """Return the only entry of a mapping."""
    (entry,) = value.values()
    return entry


def list_strata(value: dict) -> list[str]:
    return [stratum["name"] for stratum in only_entry(value["macro_segments"])["strata"]]


def test_orders_become_recency_frequency_monetary(folder: Path) -> None:
    process = run_segmentation(*NEW_PROFILE, folder)
    assert process.returncode == 0, process.stderr
    assert process.stdout.count("wrote ") == 3
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

    again = run_segmentation(*NEW_PROFILE, folder)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == f"error: {folder / 'shop.yaml'} exists already; allowed: a name that is free\n"
    assert (folder / "shop.yaml").read_text() == text


def test_a_time_set_on_update_makes_a_merge(source: Source, folder: Path) -> None:
    columns = "id INT PRIMARY KEY, user_id INT, at DATETIME, changed TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    value = propose(source, folder, columns, "(1, 7, '2025-01-02', '2025-01-03'), (2, 7, '2025-02-01', '2025-02-02')")
    extract = only_entry(value["extracts"])
    assert (extract["mode"], extract["cursor"], value["schedule"]["start"]) == ("merge", "changed", date(2025, 1, 2))
    assert list_strata(value) == ["lapsed", "once", "repeat"], (
        "without money there is no stratum of customers who never bought"
    )


def test_a_table_of_customers_is_a_snapshot_with_one_stratum(source: Source, folder: Path) -> None:
    columns = "cust_id VARCHAR(9) PRIMARY KEY, since DATE NOT NULL, balance_total DECIMAL(12, 2), name TEXT"
    value = propose(source, folder, columns, "('C1', '2020-01-01', -5.5, 'A')", "('C2', '2021-01-01', NULL, 'B')")
    assert only_entry(value["extracts"])["mode"] == "snapshot"
    assert list_strata(value) == ["everyone"]
    assert only_entry(value["macro_segments"])["kpis"]["monetary"]["minimum"] is None


def test_invoice_lines_are_counted_by_invoice_and_priced_by_piece(source: Source, folder: Path) -> None:
    columns = (
        "`Line ID` INT PRIMARY KEY, InvoiceNo VARCHAR(9), `Customer ID` INT, Quantity INT, UnitPrice DOUBLE, "
        "InvoiceDate DATE NOT NULL, `order` TEXT"
    )
    rows = [f"({i}, 'I{i // 2}', {i // 4}, 3, 2.5, '2025-01-0{1 + i % 9}', 'x')" for i in range(12)]
    value = propose(source, folder, columns, *rows, table="Order")
    extract = value["extracts"]["order_rows"]
    assert (extract["primary_key"], extract["lag"]) == (["Line ID"], "1d")
    kpis = only_entry(value["macro_segments"])["kpis"]
    assert "Different InvoiceNo" in kpis["frequency"]["definition"]
    assert "Quantity x UnitPrice" in kpis["monetary"]["definition"]


def test_an_empty_column_does_not_identify_customers(source: Source, folder: Path) -> None:
    columns = "id INT PRIMARY KEY, at DATETIME, customer_id INT, buyer_no INT"
    value = propose(source, folder, columns, "(1, '2025-01-02', NULL, 7)", "(2, '2025-01-03', NULL, 7)")
    checked = [rule["args"]["column"] for rule in only_entry(value["expectations"])]
    assert "buyer_no" in checked
    assert "customer_id" not in checked


@pytest.mark.parametrize(
    ("column", "is_sure"),
    [
        ("customer_no INT", True),
        ("email INT", True),
        ("ref_no INT", False),
    ],
)
def test_a_doubtful_customer_column_is_marked(source: Source, folder: Path, column: str, is_sure: bool) -> None:
    propose(source, folder, f"id INT PRIMARY KEY, at DATETIME, {column}", "(1, '2025-01-02', 7), (2, '2025-01-03', 7)")
    (path,) = folder.glob("*.yaml")
    name = column.split()[0]
    is_marked = f"CHECK: no column name says customer; {name} is assumed to identify one" in path.read_text()
    assert is_marked is not is_sure
    assert f"e.{name} AS customer_id" in next(folder.rglob("population.sql")).read_text()


@pytest.mark.parametrize(("last", "bands"), [("2024-05-01", [30, 90, 180]), ("2024-04-30", [7, 30, 60])])
def test_data_of_less_than_120_days_get_shorter_bands(source: Source, folder: Path, last: str, bands: list) -> None:
    rows = ["(1, 7, '2024-01-02')", f"(2, 7, '{last}')"]
    value = propose(source, folder, "id INT PRIMARY KEY, customer_id INT, at DATETIME", *rows)
    assert only_entry(value["macro_segments"])["kpis"]["recency"]["bands"] == bands


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
def test_an_unusable_table_is_refused(source: Source, folder: Path, columns: str, rows: str, words: str) -> None:
    with pytest.raises(SourceError) as raised:
        propose(source, folder, columns, *filter(None, [rows]))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not folder.exists()


def test_an_unknown_name_is_refused_with_what_is_allowed(source: Source, folder: Path) -> None:
    source.execute("CREATE VIEW seen AS SELECT 1 AS id")
    for arguments, kind, words in [
        (("p", "shop_mysq", "orders"), SourceError, "connection 'shop_mysq' is not defined"),
        (("p", "shop_mysql", "oders"), SourceError, "did you mean 'orders'?"),
        (("p", "shop_mysql", "seen"), SourceError, "found a view; allowed: a table"),
        (("P q", "shop_mysql", "orders"), ProfileError, "profile 'P q': allowed: up to 50 lower-case letters"),
        (("retail", "shop_mysql", "orders"), ProfileError, "profile 'retail' exists already"),
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
    """A table name, columns of any types with a key and a time among them, and rows."""
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
def test_check_profile_accepts_the_proposal_for_any_table(source: Source, folder: Path, table: tuple) -> None:
    name, columns, rows = table
    source.execute(f"DROP TABLE IF EXISTS `{name} any`")
    propose(source, folder, columns, *rows, table=f"{name} any")
