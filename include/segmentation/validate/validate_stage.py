"""The validate stage: check new rows in batches, and commit the quarantine rows together with the progress.

One pass over an extract is one commit, because it checks only the versions that are current at its end. A commit
between two batches would accept a version that nobody checked.
"""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include.segmentation.artifacts import ValidateArtifacts, ValidateSummary, ValidationCounts
from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.errors import DataError
from include.segmentation.lake.log_columns import SEQ, UNREADABLE
from include.segmentation.run import Run
from include.segmentation.validate.expectation_suites import ExpectationFailure, ExpectationSuites
from include.segmentation.validate.quarantine_rows import (
    QUARANTINE_SCHEMA,
    describe_rule,
    explain_failure,
    make_quarantine_rows,
    make_unreadable_rows,
)

BATCH_ROWS = 200_000
_COUNTS = ("validated", "quarantined", "warned")


def validate(run: Run) -> dict[str, Any]:
    """Check every row that no run has checked yet.

    Rows that fail an expectation of severity ``quarantine`` stay out of the accepted view until a newer version
    arrives. So do rows with values that could not be read; no other expectation checks these. Failures of severity
    ``warn`` are only counted.

    Returns:
        ``extracts`` (rows validated, quarantined and warned about, by extract), the same three as totals,
        ``data_docs`` (the index page of this run's Data Docs, or None if there was nothing to check) and ``seconds``.
        A repeated run adds to its recorded counts.

    Raises:
        DataError: an expectation of severity ``stop`` fails, and nothing new of the extract is accepted; or an extract
            has never been pulled.
        ProfileError: an expectation does not exist, has wrong arguments, or names a missing column.
    """
    started = time.monotonic()
    previous = ValidateSummary.read_from(run)
    validation = _Validation(run)
    extracts = {extract: validation.validate_extract(extract) for extract in run.profile.extracts}
    summary = ValidateSummary(
        extracts=extracts,
        **{count: sum(each[count] for each in extracts.values()) for count in _COUNTS},
        data_docs=validation.write_docs() or (previous.data_docs if previous else None),
        seconds=round(time.monotonic() - started, 3),
    )
    return summary.write_to(run)


class _Validation:
    """One call of ``validate``. It loads Great Expectations when there are rows to check."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._suites: ExpectationSuites | None = None

    def validate_extract(self, extract: str) -> dict[str, Any]:
        """Validate one extract up to the newest row in its log."""
        run, quarantine = self._run, self._run.lake.open_quarantine(extract)
        if run.lake.open_log(extract).load_table() is None:
            raise DataError(f"extract '{extract}' has never been pulled; run the extract stage first")
        counts: Counter[str] = Counter(dict.fromkeys(_COUNTS, 0))
        with quarantine.hold_writer_lock():
            state = quarantine.read_state()
            last_validated, last = int(state.cursor or 0), run.lake.open_log(extract).read_state().seq
            if last_validated < last:
                failures = self._find_failing_rows(extract, last_validated, last, counts)
                quarantine.append(failures, replace(state, cursor=last))
                counts["validated"] = last - last_validated
        previous = ValidationCounts.read_from(run, extract) or ValidationCounts()
        totals = ValidationCounts(**{count: counts[count] + getattr(previous, count) for count in _COUNTS})
        return totals.write_to(run, extract)

    def write_docs(self) -> str | None:
        """Keep the Data Docs of what was checked, with a link to earlier ones; None if nothing was checked."""
        if self._suites is None:
            return None
        artifacts, folder = ValidateArtifacts(self._run), self._suites.build_docs()
        try:
            earlier = artifacts.read_docs_page()
            if earlier is not None:
                _link_earlier_docs(folder, earlier)
            return artifacts.write_docs(folder)
        finally:
            shutil.rmtree(folder)

    def _find_failing_rows(self, extract: str, last_validated: int, last: int, counts: Counter[str]) -> pa.Table:
        """The quarantine rows of the new versions; adds to the counts."""
        declared, tables, condition = self._run.profile.extracts[extract], [QUARANTINE_SCHEMA.empty_table()], "true"
        if self._has_unreadable_rows(extract, last_validated):
            condition = f"{UNREADABLE} IS NULL"
            for rows in self._read_batches(extract, last_validated, last, f"{UNREADABLE} IS NOT NULL"):
                tables.append(make_unreadable_rows(declared, rows))
                counts["quarantined"] += rows.num_rows
        if self._run.profile.expectations.get(extract):
            for rows in self._read_batches(extract, last_validated, last, condition):
                tables.append(self._check_batch(extract, rows, counts))
        return pa.concat_tables(tables)

    def _check_batch(self, extract: str, rows: pa.Table, counts: Counter[str]) -> pa.Table:
        """The quarantine rows of one batch."""
        if not rows.num_rows:  # deletions and superseded versions only
            return QUARANTINE_SCHEMA.empty_table()
        self._suites = self._suites or ExpectationSuites(self._run.profile)
        failures: dict[str, list[ExpectationFailure]] = {"stop": [], "quarantine": [], "warn": []}
        for failure in self._suites.check_rows(extract, rows):
            failures[failure.expectation.severity].append(failure)
        if failures["stop"]:
            raise self._explain_stop(extract, failures["stop"][0], rows)
        quarantine_rows = make_quarantine_rows(self._run.profile.extracts[extract], rows, failures["quarantine"])
        counts["quarantined"] += pc.count_distinct(quarantine_rows["source_seq"]).as_py()
        counts["warned"] += sum(len(failure.rows) or 1 for failure in failures["warn"])
        return quarantine_rows

    def _explain_stop(self, extract: str, failure: ExpectationFailure, rows: pa.Table) -> DataError:
        place = f"{self._run.profile.path}: expectations.{extract}: {failure.expectation.type} stops the run"
        reason = f"found {failure.observed}; {describe_rule(failure.expectation)}"
        if failure.rows:
            row = rows.slice(failure.rows[0], 1).to_pylist()[0]
            reason = f"{len(failure.rows)} rows fail, such as {explain_failure(failure.expectation, row)}"
        return DataError(f"{place}: {reason}; see {self.write_docs()}")

    def _has_unreadable_rows(self, extract: str, last_validated: int) -> bool:
        """Whether any new version has values that could not be read; rare, so a cheap check comes first."""
        with self._run.lake.open_engine() as engine:
            self._run.lake.create_log_view(engine, extract)
            log = quote_identifier(extract)
            if UNREADABLE not in engine.describe_table(log):
                return False
            sql = f"SELECT 1 FROM {log} WHERE {SEQ} > {last_validated} AND {UNREADABLE} IS NOT NULL LIMIT 1"
            return engine.execute(sql).fetch_row() is not None

    def _read_batches(self, extract: str, last_validated: int, last: int, condition: str) -> Iterator[pa.Table]:
        """The new versions that are still current; a version that the source corrected since must not stop a run."""
        with self._run.lake.open_engine() as engine:
            engine.execute("SET TimeZone = 'UTC'")
            self._run.lake.create_current_view(engine, extract, last)
            for start in range(last_validated, last, BATCH_ROWS):
                batch = f"{SEQ} > {start} AND {SEQ} <= {min(start + BATCH_ROWS, last)} AND {condition}"
                sql = f"SELECT * FROM {quote_identifier(extract)} WHERE {batch} ORDER BY {SEQ}"
                yield engine.execute(sql).fetch_table()


def _link_earlier_docs(folder: Path, earlier: str) -> None:
    """Keep the index of a run's earlier Data Docs, and link to it from the new one."""
    name = f"earlier-{sha256(earlier.encode()).hexdigest()[:12]}.html"
    (folder / name).write_text(earlier)
    index = folder / "index.html"
    link = f'<p><a href="{name}">What this run checked before</a></p>'
    index.write_text(index.read_text().replace("</body>", f"{link}</body>"))
