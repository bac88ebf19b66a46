"""The stage: new rows in batches, what fails committed together with how far validation has come.

A pass over an extract is one commit: it looks only at the versions that are current at its end, so a point between two
batches would let a version through that nobody has looked at.
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

    Rows that fail an expectation of severity ``quarantine`` are held back from the accepted view until a newer
    version of them arrives, and so are rows with values that could not be read, which no other expectation looks at;
    ``warn`` is only counted.

    Returns:
        ``extracts`` (rows validated, quarantined and warned of, by extract), the same three as totals, ``data_docs``
        (the index page of this run's Data Docs, or None where it had nothing to check) and seconds. A run that is
        repeated adds what is new to what it has recorded.

    Raises:
        DataError: an expectation of severity ``stop`` fails, or an extract has never been pulled. Nothing new of the
            extract is accepted then.
        ProfileError: an expectation does not exist, has wrong arguments, or names a column that is not there.
    """
    began = time.monotonic()
    before = ValidateSummary.read_from(run)
    stage = _Stage(run)
    extracts = {extract: stage.validate(extract) for extract in run.profile.extracts}
    summary = ValidateSummary(
        extracts=extracts,
        **{count: sum(each[count] for each in extracts.values()) for count in _COUNTS},
        data_docs=stage.write_docs() or (before.data_docs if before else None),
        seconds=round(time.monotonic() - began, 3),
    )
    return summary.write_to(run)


class _Stage:
    """One call of ``validate``: the run, and Great Expectations once there is something to check."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._suites: ExpectationSuites | None = None

    def validate(self, extract: str) -> dict[str, Any]:
        """Validate one extract up to the newest row in its log."""
        run, quarantine = self._run, self._run.lake.open_quarantine(extract)
        if run.lake.open_log(extract).load_table() is None:
            raise DataError(f"extract '{extract}' has never been pulled; run the extract stage first")
        counts: Counter[str] = Counter(dict.fromkeys(_COUNTS, 0))
        with quarantine.hold_writer_lock():
            state = quarantine.read_state()
            done, last = int(state.cursor or 0), run.lake.open_log(extract).read_state().seq
            if done < last:
                held, readable = [QUARANTINE_SCHEMA.empty_table()], "true"
                if self._has_unreadable(extract, done):
                    readable = f"{UNREADABLE} IS NULL"
                    for rows in self._read(extract, done, last, f"{UNREADABLE} IS NOT NULL"):
                        held.append(make_unreadable_rows(run.profile.extracts[extract], rows))
                        counts["quarantined"] += rows.num_rows
                if run.profile.expectations.get(extract):
                    held += (self._check(extract, rows, counts) for rows in self._read(extract, done, last, readable))
                quarantine.append(pa.concat_tables(held), replace(state, cursor=last))
                counts["validated"] = last - done
        recorded = ValidationCounts.read_from(run, extract) or ValidationCounts()
        totals = ValidationCounts(**{count: counts[count] + getattr(recorded, count) for count in _COUNTS})
        return totals.write_to(run, extract)

    def write_docs(self) -> str | None:
        """Keep the Data Docs of what has been checked, leading on to earlier ones; None where nothing was checked."""
        if self._suites is None:
            return None
        artifacts, folder = ValidateArtifacts(self._run), self._suites.build_docs()
        try:
            earlier = artifacts.read_docs_page()
            if earlier is not None:
                _lead_on(folder, earlier)
            return artifacts.write_docs(folder)
        finally:
            shutil.rmtree(folder)

    def _check(self, extract: str, rows: pa.Table, counts: Counter[str]) -> pa.Table:
        """Return what has to be held back of a batch."""
        if not rows.num_rows:  # deletions and superseded versions only
            return QUARANTINE_SCHEMA.empty_table()
        self._suites = self._suites or ExpectationSuites(self._run.profile)
        failures = self._suites.check(extract, rows)
        for failure in failures:
            if failure.expectation.severity == "stop":
                raise self._stopped(extract, failure, rows)
        held = make_quarantine_rows(
            self._run.profile.extracts[extract],
            rows,
            [failure for failure in failures if failure.expectation.severity == "quarantine"],
        )
        counts["quarantined"] += pc.count_distinct(held["source_seq"]).as_py()
        counts["warned"] += sum(len(each.rows) or 1 for each in failures if each.expectation.severity == "warn")
        return held

    def _stopped(self, extract: str, failure: ExpectationFailure, rows: pa.Table) -> DataError:
        where = f"{self._run.profile.path}: expectations.{extract}: {failure.expectation.type} stops the run"
        found = f"found {failure.observed}; {describe_rule(failure.expectation)}"
        if failure.rows:
            row = rows.slice(failure.rows[0], 1).to_pylist()[0]
            found = f"{len(failure.rows)} rows fail, such as {explain_failure(failure.expectation, row)}"
        return DataError(f"{where}: {found}; see {self.write_docs()}")

    def _has_unreadable(self, extract: str, done: int) -> bool:
        """Whether a new version of a row has values that could not be read; a glance, as it is rare."""
        with self._run.lake.open_engine() as connection:
            self._run.lake.create_log_view(connection, extract)
            log = quote_identifier(extract)
            if UNREADABLE not in connection.describe_table(log):
                return False
            unreadable = f"SELECT 1 FROM {log} WHERE {SEQ} > {done} AND {UNREADABLE} IS NOT NULL LIMIT 1"
            return connection.execute(unreadable).fetch_row() is not None

    def _read(self, extract: str, done: int, last: int, condition: str) -> Iterator[pa.Table]:
        """The rows that are still current, by batch: a version that the source has corrected since stops nobody."""
        with self._run.lake.open_engine() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            self._run.lake.create_current_view(connection, extract, last)
            for after in range(done, last, BATCH_ROWS):
                batch = f"{SEQ} > {after} AND {SEQ} <= {min(after + BATCH_ROWS, last)} AND {condition}"
                yield connection.execute(f'SELECT * FROM "{extract}" WHERE {batch} ORDER BY {SEQ}').fetch_table()


def _lead_on(folder: Path, earlier: str) -> None:
    """Keep the index of a run's earlier Data Docs beside the new one, which links to it."""
    name = f"earlier-{sha256(earlier.encode()).hexdigest()[:12]}.html"
    (folder / name).write_text(earlier)
    index = folder / "index.html"
    link = f'<p><a href="{name}">What this run checked before</a></p>'
    index.write_text(index.read_text().replace("</body>", f"{link}</body>"))
