"""Validate new rows of a real lake with real Great Expectations: quarantine, stops, warnings and Data Docs."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from include.segmentation.artifacts import ValidateSummary, ValidationCounts
from include.segmentation.engine.engine import Engine
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.loader import list_profile_names, load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of
from include.segmentation.validate import validate, validate_stage

pytestmark = pytest.mark.slow

SCHEMA = pa.schema(
    [
        ("order_id", pa.int64()),
        ("amount", pa.decimal128(10, 2)),
        ("ordered_at", pa.timestamp("us", "UTC")),
        ("paid_at", pa.timestamp("us", "UTC")),
        ("updated_at", pa.timestamp("us", "UTC")),
    ]
)
COMPLETE_THROUGH = datetime(2030, 1, 1, tzinfo=UTC)
NOT_NULL = {"type": "expect_column_values_to_not_be_null", "severity": "quarantine", "args": {"column": "ordered_at"}}
AMOUNT = {
    "type": "expect_column_values_to_be_between",
    "severity": "quarantine",
    "args": {"column": "amount", "min_value": 3.05, "max_value": 100},
}


def _make_profile(expectations: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    table = {"kind": "table", "source": "db", "mode": "merge", "cursor": "updated_at", "primary_key": ["order_id"]}
    return {
        "profile": "shop",
        "title": "A shop",
        "warehouse": {"connection": "w", "schema": "shop"},
        "schedule": {"start": "2025-01-01", "first_fit": "2025-02-01"},
        "sources": {"db": {"kind": "mysql", "connection": "shop_mysql"}},
        "extracts": {"orders": table | {"table": "orders"}, "returns": table | {"table": "returns"}},
        "expectations": expectations,
        "macro_segments": {
            "value": {
                "label": "Value",
                "kpis": {
                    "orders_ever": {
                        "label": "Orders",
                        "definition": "Orders.",
                        "unit": "orders",
                        "window": "lifetime",
                        "rule_only": True,
                    }
                },
                "strata": [{"name": "everyone", "label": "Everyone", "when": "orders_ever >= 0"}],
            }
        },
    }


@pytest.fixture
def shop(tmp_path: Path, lake_root: Path) -> Callable[..., Run]:
    """Make a run of a small shop with these expectations on its orders; its returns have none."""

    def build(*expectations: dict[str, Any], as_of: str = "2025-03-01") -> Run:
        sql = tmp_path / "sql" / "shop" / "measure"
        sql.mkdir(parents=True, exist_ok=True)
        for name in ("population", "value"):
            (sql / f"{name}.sql").write_text("SELECT 1")
        text = yaml.safe_dump(_make_profile({"orders": list(expectations)}), sort_keys=False)
        (tmp_path / "shop.yaml").write_text(text)
        profile = load_profile("shop", tmp_path)
        run = Run(profile, "monthly", parse_as_of(as_of, profile))
        if run.lake.open_log("returns").load_table() is None:
            _append_rows(run, [], "returns")
            _append_rows(run, [], "orders")
        return run

    return build


def _append_rows(run: Run, rows: list[dict[str, Any]], extract: str = "orders", deleted: bool = False) -> None:
    log = run.lake.open_log(extract)
    log.append(
        pa.Table.from_pylist(rows, SCHEMA), replace(log.read_state(), complete_through=COMPLETE_THROUGH), deleted
    )


def _make_order(order_id: int, amount: str | None = "10.00", **more: Any) -> dict[str, Any]:
    at = datetime(2025, 1, 5, tzinfo=UTC)
    row = {"order_id": order_id, "ordered_at": at, "updated_at": at, **more}
    return row | {"amount": None if amount is None else Decimal(amount)}


def _list_accepted_ids(run: Run, extract: str = "orders") -> list[int]:
    with run.lake.open_engine() as connection:
        run.lake.create_accepted_view(connection, extract)
        return [row[0] for row in connection.execute(f"SELECT order_id FROM {extract} ORDER BY 1").fetch_rows()]


def _list_quarantine_rows(run: Run) -> list[dict[str, Any]]:
    files = run.lake.open_quarantine("orders").list_files()
    rows = duckdb.read_parquet(files).to_arrow_table().to_pylist() if files else []
    return sorted(rows, key=lambda row: (row["source_seq"], row["expectation"]))


def test_failing_rows_are_quarantined_with_the_reason(shop: Callable[..., Run]) -> None:
    run = shop(NOT_NULL, AMOUNT)
    _append_rows(
        run,
        [
            _make_order(1),
            _make_order(2, "-3.05"),
            _make_order(3, "3.05"),
            _make_order(4, "3.04", ordered_at=None),
            _make_order(5, None),
        ],
    )

    summary = validate(run)

    assert _list_accepted_ids(run) == [1, 3, 5]
    quarantine_rows = _list_quarantine_rows(run)
    assert [(row["source_seq"], row["expectation"], row["severity"]) for row in quarantine_rows] == [
        (2, AMOUNT["type"], "quarantine"),
        (4, AMOUNT["type"], "quarantine"),
        (4, NOT_NULL["type"], "quarantine"),
    ]
    assert quarantine_rows[0]["reason"] == "amount is -3.05; must be between (min_value=3.05, max_value=100)"
    assert quarantine_rows[2]["reason"] == "ordered_at is NULL; must not be null"
    assert json.loads(quarantine_rows[0]["key"]) == {"order_id": 2}
    assert json.loads(quarantine_rows[0]["raw"])["amount"] == "-3.05"
    assert json.loads(quarantine_rows[0]["raw"])["ordered_at"] == "2025-01-05 00:00:00+00:00"
    counts = {"validated": 5, "quarantined": 2, "warned": 0}
    assert summary["extracts"]["orders"] == counts
    assert {name: summary[name] for name in counts} == counts
    assert ValidationCounts.read_from(run, "orders").to_dict() == counts


def test_a_corrected_row_is_accepted_again(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT)
    _append_rows(run, [_make_order(1, "-1.00"), _make_order(2)])
    validate(run)
    assert _list_accepted_ids(run) == [2]

    _append_rows(run, [_make_order(1, "5.00")])
    assert _list_accepted_ids(run) == [2]  # the correction is not validated yet
    validate(run)
    assert _list_accepted_ids(run) == [1, 2]


def test_only_new_rows_are_validated_and_a_repeated_run_adds_up(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT)
    _append_rows(run, [_make_order(1), _make_order(2, "-1.00")])
    first = validate(run)
    version = run.lake.open_quarantine("orders").read_state().version

    again = validate(run)
    assert run.lake.open_quarantine("orders").read_state().version == version  # nothing is written
    assert again["extracts"] == first["extracts"]
    assert again["data_docs"] == first["data_docs"]

    _append_rows(run, [_make_order(3)])
    assert validate(run)["extracts"]["orders"] == {"validated": 3, "quarantined": 1, "warned": 0}
    assert (
        validate(shop(AMOUNT, as_of="2025-04-01"))["extracts"]["orders"]["validated"] == 0
    )  # the rows belong to another run


def test_batches_give_the_same_result_as_one_pass(shop: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate_stage, "BATCH_ROWS", 3)
    run = shop(AMOUNT)
    _append_rows(run, [_make_order(n, "-1.00" if n % 4 == 0 else "10.00") for n in range(1, 9)])
    _append_rows(run, [_make_order(9, "1000.00"), _make_order(10)])

    summary = validate(run)

    assert summary["extracts"]["orders"] == {"validated": 10, "quarantined": 3, "warned": 0}
    assert _list_accepted_ids(run) == [1, 2, 3, 5, 6, 7, 10]
    assert run.lake.open_quarantine("orders").read_state().cursor == 10


def test_a_stop_ends_the_run_and_accepts_nothing(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT | {"severity": "stop"})
    _append_rows(run, [_make_order(1), _make_order(2, "-1.00"), _make_order(3, "-2.00")])

    with pytest.raises(DataError) as caught:
        validate(run)

    message = str(caught.value)
    assert "shop.yaml: expectations.orders: expect_column_values_to_be_between stops the run" in message
    assert "2 rows fail, such as amount is -1.00; must be between (min_value=3.05, max_value=100)" in message
    assert Path(message.rsplit("see ", 1)[1]).is_file()
    assert run.lake.open_quarantine("orders").read_state().cursor is None
    assert _list_accepted_ids(run) == []
    assert ValidateSummary.read_from(run) is None


def test_a_correction_by_the_source_lifts_a_stop(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT | {"severity": "stop"})
    _append_rows(run, [_make_order(1), _make_order(2, "-1.00")])
    with pytest.raises(DataError):
        validate(run)

    _append_rows(run, [_make_order(2, "3.05")])

    assert validate(run)["quarantined"] == 0
    assert _list_accepted_ids(run) == [1, 2]


def test_a_stop_in_a_later_batch_accepts_no_unchecked_version(
    shop: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_stage, "BATCH_ROWS", 2)
    run = shop(AMOUNT | {"severity": "stop"})
    _append_rows(run, [_make_order(1, "-1.00"), _make_order(2), _make_order(3, "-3.00")])
    _append_rows(run, [_make_order(1, "5.00")])  # replaces the first version, which is not checked any more

    with pytest.raises(DataError, match=r"such as amount is -3\.00"):
        validate(run)

    assert _list_accepted_ids(run) == []
    _append_rows(run, [_make_order(3, "3.05")])
    assert validate(run)["extracts"]["orders"] == {"validated": 5, "quarantined": 0, "warned": 0}
    assert _list_accepted_ids(run) == [1, 2, 3]


def test_a_correction_during_validation_accepts_no_unchecked_version(
    shop: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate_stage, "BATCH_ROWS", 1)
    run, suites = shop(AMOUNT), validate_stage.ExpectationSuites
    _append_rows(run, [_make_order(1), _make_order(2, "-2.00")])

    def meanwhile(profile: Profile) -> validate_stage.ExpectationSuites:  # between the first batch and the second
        _append_rows(run, [_make_order(2, "5.00")])
        return suites(profile)

    monkeypatch.setattr(validate_stage, "ExpectationSuites", meanwhile)
    assert validate(run)["quarantined"] == 1
    assert _list_accepted_ids(run) == [1]
    validate(run)
    assert _list_accepted_ids(run) == [1, 2]


def test_a_correction_before_the_first_batch_hides_no_version(
    shop: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, open_engine = shop(AMOUNT), Lake.open_engine
    _append_rows(run, [_make_order(1), _make_order(2, "-2.00")])
    corrections = [_make_order(2, "5.00")]

    def correct_row_and_open(lake: Lake) -> Engine:  # after the stage has read how far it will check
        if corrections:
            _append_rows(run, [corrections.pop()])
        return open_engine(lake)

    monkeypatch.setattr(Lake, "open_engine", correct_row_and_open)
    assert validate(run)["extracts"]["orders"] == {"validated": 2, "quarantined": 1, "warned": 0}
    validate(run)
    assert _list_accepted_ids(run) == [1, 2]


def test_a_stop_about_the_whole_batch(shop: Callable[..., Run]) -> None:
    rows = {"type": "expect_table_row_count_to_be_between", "severity": "stop", "args": {"min_value": 2}}
    run = shop(rows)
    _append_rows(run, [_make_order(1)])
    with pytest.raises(DataError, match=r"found 1; table_row_count must be|found 1; table row count must be between"):
        validate(run)


def test_a_warning_about_the_whole_batch_counts_once(shop: Callable[..., Run]) -> None:
    rows = {"type": "expect_table_row_count_to_be_between", "severity": "warn", "args": {"min_value": 9}}
    run = shop(rows)
    _append_rows(run, [_make_order(1), _make_order(2)])
    assert validate(run)["extracts"]["orders"] == {"validated": 2, "quarantined": 0, "warned": 1}


def test_a_warning_is_only_counted(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT | {"severity": "warn"})
    _append_rows(run, [_make_order(1), _make_order(2, "-1.00")])

    assert validate(run)["extracts"]["orders"] == {"validated": 2, "quarantined": 0, "warned": 1}
    assert _list_accepted_ids(run) == [1, 2]
    assert _list_quarantine_rows(run) == []


def test_two_columns_are_compared(shop: Callable[..., Run]) -> None:
    pair = {
        "column_A": "paid_at",
        "column_B": "ordered_at",
        "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    }
    run = shop({"type": "expect_column_pair_values_a_to_be_greater_than_b", "severity": "quarantine", "args": pair})
    early = datetime(2025, 1, 4, 23, 59, 59, tzinfo=UTC)
    _append_rows(
        run, [_make_order(1, paid_at=early), _make_order(2, paid_at=datetime(2025, 1, 5, tzinfo=UTC)), _make_order(3)]
    )

    validate(run)

    assert _list_accepted_ids(run) == [2, 3]
    assert _list_quarantine_rows(run)[0]["reason"].startswith(
        "paid_at is 2025-01-04 23:59:59+00:00, ordered_at is 2025-01-05 00:00:00+00:00; "
    )


def test_extracts_without_expectations_are_accepted_without_great_expectations(shop: Callable[..., Run]) -> None:
    run = shop()
    _append_rows(run, [_make_order(7)], "returns")
    assert validate(run)["extracts"]["returns"]["validated"] == 1
    assert _list_accepted_ids(run, "returns") == [7]
    assert validate(run)["data_docs"] is None


def test_nothing_new_does_not_import_great_expectations(shop: Callable[..., Run], tmp_path: Path) -> None:
    run = shop(AMOUNT)
    _append_rows(run, [_make_order(1)])
    validate(run)
    code = (
        "import sys; from pathlib import Path; from include.segmentation.__main__ import main; "
        f"options = ['--profile', 'shop', '--as-of', '2025-03-01', '--profiles-dir', {str(tmp_path)!r}]; "
        "status = main(['validate', *options]); "
        "sys.exit(status or 'great_expectations' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_deletions_are_not_checked(shop: Callable[..., Run]) -> None:
    run = shop(NOT_NULL)
    _append_rows(run, [_make_order(1), _make_order(2)])
    _append_rows(run, [{"order_id": 1}], deleted=True)
    assert validate(run)["extracts"]["orders"] == {"validated": 3, "quarantined": 0, "warned": 0}
    assert _list_accepted_ids(run) == [2]
    _append_rows(run, [{"order_id": 2}], deleted=True)
    validate(run)
    assert _list_accepted_ids(run) == []


def test_data_docs_show_the_failure(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT)
    _append_rows(run, [_make_order(1, "-1.00")])

    docs = validate(run)["data_docs"]

    index = Path(docs)
    assert index.name == "index.html"
    assert "orders" in index.read_text()
    pages = list((index.parent / "validations").rglob("*.html"))
    assert len(pages) == 1
    assert "greater than or equal to" in pages[0].read_text()


def test_data_docs_of_a_repeated_run_link_to_earlier_failures(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT)
    for number, amount in ((1, "-1.00"), (2, "5.00"), (3, "6.00")):
        _append_rows(run, [_make_order(number, amount)])
        index = Path(validate(run)["data_docs"])
    text, pages = index.read_text(), set()
    while True:
        pages |= {index.parent / page for page in re.findall(r"validations/[^'\" >]+\.html", text)}
        if not (earlier := re.search(r'href="(earlier-\w+\.html)"', text)):
            break
        text = (index.parent / earlier[1]).read_text()
    assert len(pages) == 3
    assert sum("-1.0" in page.read_text() for page in pages) == 1


def test_data_docs_of_an_extraction_and_of_a_cadence_stay_apart(shop: Callable[..., Run]) -> None:
    run = shop(AMOUNT)
    _append_rows(run, [_make_order(1, "-1.00")])
    first = validate(replace(run, purpose="extract"))
    _append_rows(run, [_make_order(2)])
    assert validate(run)["data_docs"] != first["data_docs"]
    pages = list((Path(first["data_docs"]).parent / "validations").rglob("*.html"))
    assert ["-1.0" in page.read_text() for page in pages] == [True]


@pytest.mark.parametrize(
    ("expectation", "words"),
    [
        ({"type": "expect_nonsense", "args": {}}, "expect_nonsense: no such expectation"),
        (AMOUNT | {"args": {"colum": "amount", "min_value": 1}}, "colum extra fields not permitted"),
        (AMOUNT | {"args": {"column": "amont", "min_value": 1}}, '"amont"'),
        (AMOUNT | {"args": {"column": "ordered_at", "min_value": 1}}, "expect_column_values_to_be_between: "),
        (
            {"type": "expect_table_row_count_to_be_between", "args": {"min_value": 2}},
            "it is about a whole batch, not a row; allowed severities: stop, warn",
        ),
    ],
)
def test_a_wrong_expectation_is_named(shop: Callable[..., Run], expectation: dict[str, Any], words: str) -> None:
    run = shop({"severity": "quarantine"} | expectation)
    _append_rows(run, [_make_order(1)])
    with pytest.raises(ProfileError) as caught:
        validate(run)
    assert "shop.yaml: expectations.orders: " in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert run.lake.open_quarantine("orders").read_state().cursor is None


def test_an_extract_that_was_never_pulled(shop: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    run = shop()
    monkeypatch.setenv("SEGMENTATION_LAKE", str(Path(run.lake.uri).parent / "another"))
    with pytest.raises(DataError, match="extract 'orders' has never been pulled; run the extract stage first"):
        validate(Run(run.profile, "monthly", run.as_of))


@pytest.mark.parametrize("name", list_profile_names())
def test_the_suites_of_shipped_profiles_exist(name: str) -> None:
    suites = validate_stage.ExpectationSuites(load_profile(name))
    docs = suites.build_docs()
    assert (docs / "index.html").is_file()
    shutil.rmtree(docs)
