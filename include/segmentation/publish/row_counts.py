"""Counts of the rows behind a run."""

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.lake.log_columns import SEQ
from include.segmentation.run import Run

ExtractCounts = dict[str, dict[str, int]]
"""Extract -> ``accepted`` and ``quarantined`` rows."""


def count_rows(run: Run) -> ExtractCounts:
    """Count the current validated rows of every extract; 0 for one that was never pulled."""
    with run.lake.open_engine() as engine:
        row_counts = {}
        for name in run.profile.extracts:
            accepted, quarantined = 0, 0
            if run.lake.open_log(name).load_table() is not None:
                quarantine = run.lake.open_quarantine(name)
                run.lake.create_current_view(engine, name, int(quarantine.read_state().cursor or 0))
                files = quarantine.list_files()
                failed = "SELECT source_seq FROM read_parquet($files)" if files else "SELECT 0 WHERE false"
                accepted, quarantined = engine.execute(
                    f"SELECT count(*) FILTER (WHERE NOT is_held), count(*) FILTER (WHERE is_held) "
                    f"FROM (SELECT {SEQ} IN ({failed}) AS is_held FROM {quote_identifier(name)})",
                    {"files": files} if files else {},
                ).fetch_row() or (0, 0)
            row_counts[name] = {"accepted": accepted, "quarantined": quarantined}
        return row_counts
