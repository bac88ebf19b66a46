"""Quarantine rows: the key of a failing row, the row itself, and a reason that people understand."""

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from include.segmentation.lake.log_columns import BATCH, LOG_COLUMNS, SEQ, UNREADABLE
from include.segmentation.profile.profile import Expectation
from include.segmentation.profile.sources import Extract
from include.segmentation.validate.expectation_suites import ExpectationFailure

QUARANTINE_SCHEMA = pa.schema(
    [
        ("source_seq", pa.int64()),
        ("key", pa.string()),
        ("expectation", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
        ("severity", pa.string()),
    ]
)
_SUBJECT_ARGUMENTS = ("column", "column_A", "column_B", "column_list")
READABLE = "readable"
"""The expectation that every row must meet: its values could be read."""


def make_quarantine_rows(declared: Extract, rows: pa.Table, failures: Iterable[ExpectationFailure]) -> pa.Table:
    """One quarantine row per failing row and expectation, in the order of the batch."""
    quarantine_rows = []
    for failure in failures:
        expectation = failure.expectation
        for row in rows.take(pa.array(failure.rows, pa.int64())).to_pylist():
            reason = explain_failure(expectation, row)
            quarantine_rows.append(_make_row(declared, row, expectation.type, reason, expectation.severity))
    quarantine_rows.sort(key=lambda row: row["source_seq"])
    return pa.Table.from_pylist(quarantine_rows, schema=QUARANTINE_SCHEMA)


def make_unreadable_rows(declared: Extract, rows: pa.Table) -> pa.Table:
    """One quarantine row per row with values that could not be read."""
    quarantine_rows = []
    for row in rows.to_pylist():
        texts = json.loads(row[UNREADABLE])
        values = ", ".join(f"{name} is {text}" for name, text in texts.items())
        reason = f"{values}; must be {READABLE}"
        quarantine_rows.append(_make_row(declared, row | texts, READABLE, reason, "quarantine"))
    return pa.Table.from_pylist(quarantine_rows, schema=QUARANTINE_SCHEMA)


def explain_failure(expectation: Expectation, row: dict[str, Any]) -> str:
    """Explain why a row fails: ``seconds is -5; must be between (min_value=0, max_value=86400)``."""
    values = ", ".join(f"{name} is {_format_value(row.get(name))}" for name in list_subject_columns(expectation))
    return f"{values}; {describe_rule(expectation)}"


def list_subject_columns(expectation: Expectation) -> list[str]:
    """The columns that an expectation checks."""
    names: list[str] = []
    for argument in _SUBJECT_ARGUMENTS:
        value = expectation.args.get(argument, [])
        names += value if isinstance(value, list) else [value]
    return names


def describe_rule(expectation: Expectation) -> str:
    """Describe what is allowed: ``must be between (min_value=0, max_value=86400)``."""
    subject, _, verb = expectation.type.removeprefix("expect_").partition("_to_")
    prefix = "" if subject == "column_values" else f"{subject.replace('_', ' ')} "
    limits = ", ".join(f"{name}={value}" for name, value in expectation.args.items() if name not in _SUBJECT_ARGUMENTS)
    return f"{prefix}must {verb.replace('_', ' ')}" + (f" ({limits})" if limits else "")


def _make_row(declared: Extract, row: dict[str, Any], expectation: str, reason: str, severity: str) -> dict[str, Any]:
    return {
        "source_seq": row[SEQ],
        "key": _to_json({name: row[name] for name in _key_columns(declared)}),
        "expectation": expectation,
        "reason": reason,
        "raw": _to_json({name: value for name, value in row.items() if name not in LOG_COLUMNS}),
        "severity": severity,
    }


def _key_columns(declared: Extract) -> list[str]:
    layout = declared.log_layout
    return [*layout.key, BATCH] if layout.kind == "batches" else layout.key


def _format_value(value: Any) -> str:
    return "NULL" if value is None else str(value)


def _to_json(value: dict[str, Any]) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
