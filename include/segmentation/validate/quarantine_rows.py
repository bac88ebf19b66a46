"""What is written down about a row that fails: its key, the row itself, and a reason that a person understands."""

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
_SUBJECTS = ("column", "column_A", "column_B", "column_list")
READABLE = "readable"
"""The expectation that every row has to meet, whatever the profile says: its values could be read."""


def make_quarantine_rows(declared: Extract, rows: pa.Table, failures: Iterable[ExpectationFailure]) -> pa.Table:
    """One quarantine row per failing row and expectation, in the order of the batch."""
    found = []
    for failure in failures:
        expectation = failure.expectation
        for row in rows.take(pa.array(failure.rows, pa.int64())).to_pylist():
            found.append(
                _held(declared, row, expectation.type, explain_failure(expectation, row), expectation.severity)
            )
    return pa.Table.from_pylist(sorted(found, key=lambda held: held["source_seq"]), schema=QUARANTINE_SCHEMA)


def make_unreadable_rows(declared: Extract, rows: pa.Table) -> pa.Table:
    """One quarantine row per row of a batch in which the source has values that could not be read."""
    found = []
    for row in rows.to_pylist():
        texts = json.loads(row[UNREADABLE])
        shown = ", ".join(f"{name} is {text}" for name, text in texts.items())
        found.append(_held(declared, row | texts, READABLE, f"{shown}; must be {READABLE}", "quarantine"))
    return pa.Table.from_pylist(found, schema=QUARANTINE_SCHEMA)


def explain_failure(expectation: Expectation, row: dict[str, Any]) -> str:
    """Say in words why a row fails: ``seconds is -5; must be between (min_value=0, max_value=86400)``."""
    found = ", ".join(f"{name} is {_shown(row.get(name))}" for name in list_subject_columns(expectation))
    return f"{found}; {describe_rule(expectation)}"


def list_subject_columns(expectation: Expectation) -> list[str]:
    """The columns that it is about."""
    names: list[str] = []
    for argument in _SUBJECTS:
        value = expectation.args.get(argument, [])
        names += value if isinstance(value, list) else [value]
    return names


def describe_rule(expectation: Expectation) -> str:
    """Say in words what is allowed: ``must be between (min_value=0, max_value=86400)``."""
    subject, _, verb = expectation.type.removeprefix("expect_").partition("_to_")
    who = "" if subject == "column_values" else f"{subject.replace('_', ' ')} "
    limits = ", ".join(f"{name}={value}" for name, value in expectation.args.items() if name not in _SUBJECTS)
    return f"{who}must {verb.replace('_', ' ')}" + (f" ({limits})" if limits else "")


def _held(declared: Extract, row: dict[str, Any], expectation: str, why: str, severity: str) -> dict[str, Any]:
    return {
        "source_seq": row[SEQ],
        "key": _json({name: row[name] for name in _key_columns(declared)}),
        "expectation": expectation,
        "reason": why,
        "raw": _json({name: value for name, value in row.items() if name not in LOG_COLUMNS}),
        "severity": severity,
    }


def _key_columns(declared: Extract) -> list[str]:
    layout = declared.log_layout
    return [*layout.key, BATCH] if layout.kind == "batches" else layout.key


def _shown(value: Any) -> str:
    return "NULL" if value is None else str(value)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
