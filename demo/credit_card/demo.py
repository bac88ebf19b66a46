"""The bank's demo: its MySQL table and its runs."""

from datetime import date
from pathlib import Path

from demo import claims
from demo.business import ProfileDemo, ShowProgress, SourceTable, TablesByName
from demo.credit_card.file import read_holders
from demo.credit_card.holders import MAY_LACK, MONEY, NUMBERS, SHARES
from demo.credit_card.lookalike import HOLDERS, generate_holders


def _read(data: Path | None, size: int | None, say: ShowProgress) -> TablesByName:
    if data is not None:
        return {"card_holders": read_holders(data, say)}
    holders = size or HOLDERS
    say(f"Generating {holders:,} card holders; DATA=<file> reads the original file instead")
    return {"card_holders": generate_holders(holders)}


def _declare_column(name: str, kind: str) -> str:
    return f"{name} {kind} {'NULL' if name in MAY_LACK else 'NOT NULL'}"


_COLUMNS = ["taken_at DATETIME NOT NULL", "cust_id VARCHAR(20) NOT NULL"]
_COLUMNS += [_declare_column(name, "DECIMAL(14,6)") for name in MONEY]
_COLUMNS += [_declare_column(name, "DECIMAL(9,6)") for name in SHARES]
_COLUMNS += [_declare_column(name, "INT") for name in NUMBERS]

DEMO = ProfileDemo(
    tables={"card_holders": SourceTable(", ".join([*_COLUMNS, "PRIMARY KEY (taken_at, cust_id)"]))},
    read=_read,
    counts="""
        SELECT
            COUNT(*) AS card_holders, SUM(purchases) AS purchases, SUM(cash_advance) AS cash_advance,
            SUM(payments) AS payments, COUNT(*) - COUNT(minimum_payments) AS without_a_minimum
        FROM card_holders
    """,
    runs=[
        ("extract", date(2018, 2, 1)),
        ("reconcile", date(2018, 1, 29)),
        ("fit", date(2018, 2, 1)),
        ("segment_monthly", date(2018, 2, 1)),
        ("segment_daily", date(2018, 2, 1)),
    ],
    claims=claims.check_credit_card_claims,
)
