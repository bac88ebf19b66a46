"""Card holders are loaded as in the file, or a clear error explains the problem; generated ones resemble them."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from originals import CARDS, needs

from demo.business import SourceCounts
from demo.credit_card import COLUMNS, DEMO, generate_holders, read_holders
from demo.files import DataFileError
from demo.servers import Server

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def frame() -> pd.DataFrame:
    """Three holders in the file's own column order; the second has no value where the file allows that."""
    values = {name: [1.5, 0.0, 250.123456] for name in sorted(COLUMNS)} | {"CUST_ID": ["C3", "C1", "C2"]}
    values |= {name: [2, 0, 7] for name in ("CASH_ADVANCE_TRX", "PURCHASES_TRX", "TENURE")}
    values |= {name: [0.5, 0.0, 0.083333] for name in COLUMNS if "FREQUENCY" in name or "PRC" in name}
    values |= {name: [1000.0, np.nan, 1200.0] for name in ("CREDIT_LIMIT", "MINIMUM_PAYMENTS")}
    return pd.DataFrame(values)


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["CC GENERAL.csv", "holders.parquet", "holders.xlsx"])
def test_every_kind_of_file_gives_the_same_rows(frame: pd.DataFrame, tmp_path: Path, name: str) -> None:
    messages: list[str] = []
    rows = read_holders(write(frame, tmp_path / name), messages.append).to_pylist()
    assert [row["cust_id"] for row in rows] == ["C1", "C2", "C3"]
    assert [row["minimum_payments"] for row in rows] == [None, Decimal(1200), Decimal(1000)], "nothing is filled"
    assert rows[1]["purchases"] == Decimal("250.123456")
    assert rows[1]["purchases_frequency"] == Decimal("0.083333")
    assert rows[1]["purchases_trx"] == 7
    assert messages == []


def test_a_second_id_is_ignored_and_reported(frame: pd.DataFrame, tmp_path: Path) -> None:
    messages: list[str] = []
    wider = frame.rename(columns=str.lower).assign(**{"Unnamed: 0": [1, 2, 3], "ID": [7, 8, 9]})
    rows = read_holders(write(wider, tmp_path / "wide.csv"), messages.append)
    assert rows.equals(read_holders(write(frame, tmp_path / "plain.csv")))
    assert messages == ["wide.csv: ignored columns: Unnamed: 0, ID"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="TENURE"), r"missing columns: TENURE; its columns are .*; allowed: CUST_ID, "),
        (lambda f: f.rename(columns={"PURCHASES": "SPEND"}), "missing columns: PURCHASES"),
        (lambda f: f.iloc[:0], "has no rows"),
        (lambda f: f.assign(purchases=1.0), "column PURCHASES occurs more than once; allowed: once"),
        (lambda f: f.assign(CUST_ID=["C1", "C2", "C1"]), "1 card holders occur more than once, such as C1; allowed:"),
        (lambda f: f.assign(BALANCE=["much", "0", "1"]), "column BALANCE has an invalid value"),
        (lambda f: f.assign(BALANCE=[1.0, np.nan, 2.0]), "column BALANCE: 1 values are missing"),
        (lambda f: f.assign(CUST_ID=["C1", None, "C2"]), "column CUST_ID: 1 values are missing"),
        (lambda f: f.assign(TENURE=[11.5, 12, 12]), "invalid value: .*11.5"),
        (lambda f: f.assign(PAYMENTS=[1e12, 1, 1]), "invalid value"),
    ],
)
def test_an_invalid_file_is_rejected(frame: pd.DataFrame, tmp_path: Path, change: Change, words: str) -> None:
    with pytest.raises(DataFileError, match=words) as caught:
        read_holders(write(change(frame), tmp_path / "holders.csv"))
    assert "\n" not in str(caught.value)


def test_another_separator_is_an_error(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "holders.csv", sep=";", index=False)
    with pytest.raises(DataFileError, match="only one column; columns must be separated by commas"):
        read_holders(tmp_path / "holders.csv")


def filled(server: Server, rows: pa.Table) -> SourceCounts:
    counts = DEMO.fill_source(server.write_uri("demo_cards"), {"card_holders": rows})
    assert counts["card_holders"] == rows.num_rows
    assert counts["without_a_minimum"] == rows["minimum_payments"].null_count
    assert counts["purchases"] == sum(rows["purchases"].to_pylist())
    return counts


def test_generated_holders_fill_the_server_to_the_last_digit(mariadb_server: Server) -> None:
    filled(mariadb_server, generate_holders(300))


@needs(CARDS)
def test_the_whole_file_reconciles(mariadb_server: Server) -> None:
    counts = filled(mariadb_server, read_holders(CARDS))
    assert (counts["card_holders"], counts["without_a_minimum"]) == (8950, 313)
    assert round(counts["purchases"], 2) == Decimal("8978683.26")


def test_generated_holders_are_plausible_and_reproducible() -> None:
    rows = generate_holders(2000)
    assert rows.equals(generate_holders(2000))
    assert rows["cust_id"].to_pylist() == sorted(set(rows["cust_id"].to_pylist()))
    people = rows.drop_columns(["taken_at", "cust_id"]).to_pandas().astype(float)
    money = people["oneoff_purchases"] + people["installments_purchases"]
    assert np.allclose(people["purchases"], money)
    for frequency, trx, amount in (
        ("purchases_frequency", "purchases_trx", "purchases"),
        ("cash_advance_frequency", "cash_advance_trx", "cash_advance"),
    ):
        months = people[frequency] * people["tenure"]
        assert np.allclose(months, months.round(), atol=1e-4)
        assert ((months > 0) == (people[amount] > 0)).all()
        assert (people[trx] >= months.round()).all()
    assert people.loc[people["payments"] == 0, "minimum_payments"].isna().all()


@needs(CARDS)
def test_generated_holders_resemble_the_originals() -> None:
    """As docs/profiles.md says: each column's zeros and median, and the correlations."""
    ours, theirs = (
        table.drop_columns(["taken_at", "cust_id"]).to_pandas().astype(float)
        for table in (generate_holders(), read_holders(CARDS))
    )
    assert ((ours == 0).mean() - (theirs == 0).mean()).abs().max() < 0.03
    assert ((ours.mean() - theirs.mean()) / theirs.mean()).abs().max() < 0.06
    apart = np.abs(ours.corr("spearman").to_numpy() - theirs.corr("spearman").to_numpy())
    assert apart.max() < 0.18
    assert apart[np.triu_indices(17, 1)].mean() < 0.06
