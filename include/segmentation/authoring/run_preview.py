"""Preview a run: strata and segments with their sizes and KPIs; nothing is published or recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.table import Table

from include.segmentation import measure, segment
from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.errors import NotReadyError
from include.segmentation.lake.lake import Lake
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.run import Run, find_lake_root
from include.segmentation.segment import LabelPreview


@dataclass(frozen=True)
class _PreviewRun(Run):
    """A run that reads the lake and writes its artifacts to a separate folder."""

    folder: str = ""

    @cached_property
    def lake(self) -> Lake:
        """The profile's lake."""
        return Lake(find_lake_root(), self.profile, artifacts=self.folder)


def preview_run(run: Run) -> Iterator[Table]:
    """Measure and label all customers at the run's as_of.

    Returns:
        One table per macro segment: stratum, segment, customers, share, and the middle half of every KPI. Its caption
        shows the KPIs that only rules use, for all customers.

    Raises:
        NotReadyError: an extract is not complete up to as_of, or has rows that have not been validated.
        ProfileError: the SQL is wrong.
        DataError: the data contradict the profile.
    """
    _refuse_unvalidated(run)
    with TemporaryDirectory(prefix="segmentation-preview-") as folder:
        preview = _PreviewRun(run.profile, run.cadence, run.as_of, folder=folder)
        measure.measure(preview, "population")
        for name, macro in run.profile.macro_segments.items():
            measure.measure(preview, name)
            yield _build_table(f"{run.profile.profile} {name}", macro, segment.preview_labels(preview, name))


def _refuse_unvalidated(run: Run) -> None:
    run.require_complete()
    for name in run.profile.extracts:
        pending = run.lake.open_log(name).read_state().seq - run.lake.read_validated_seq(name)
        if pending:
            raise NotReadyError(
                f"run {run.run_id}: {pending:,} rows of extract '{name}' have not been validated, and a preview uses "
                "validated rows only; run the validate stage first"
            )


def _build_table(title: str, macro: MacroSegment, labels: LabelPreview) -> Table:
    model, total = labels.model, labels.customers.num_rows
    description = f"draft model: {labels.why_draft}" if labels.why_draft else f"accepted model {model.model_id}"
    kpis = {name: kpi for name, kpi in macro.kpis.items() if not kpi.rule_only}
    table = Table(title=f"{title}: {total:,} customers; {description}", title_justify="left")
    table.caption, table.caption_justify = _describe_rule_kpis(macro, labels.customers), "left"
    table.add_column("stratum")
    table.add_column("segment")
    table.add_column("customers", justify="right")
    table.add_column("share", justify="right")
    for name, kpi in kpis.items():
        table.add_column(f"{name}\n{kpi.unit}", justify="right")
    for stratum in model.strata:
        for each in stratum.segments:
            members = labels.customers.filter(pc.equal(labels.customers["segment_key"], each.key))
            ranges = (_format_middle_half(members, name, kpi) for name, kpi in kpis.items())
            share = f"{members.num_rows / total:.1%}"
            table.add_row(stratum.name, each.name, f"{members.num_rows:,}", share, *ranges)
        table.add_section()
    return table


def _describe_rule_kpis(macro: MacroSegment, customers: pa.Table) -> str:
    descriptions = []
    for name, kpi in macro.kpis.items():
        if kpi.rule_only:
            middle = f"{name} {_format_middle_half(customers, name, kpi)} {kpi.unit}"
            descriptions.append(f"{middle}, not 0 for {_format_nonzero_share(customers[name])}")
    return f"for rules only, all customers: {'; '.join(descriptions)}" if descriptions else ""


def _format_nonzero_share(values: pa.ChunkedArray) -> str:
    defined = values.drop_null().to_numpy()
    return f"{(defined != 0).mean():.1%}" if defined.size >= SUPPRESS_BELOW else "-"


def _format_middle_half(members: pa.Table, name: str, kpi: Kpi) -> str:
    """Format the first and third quartile, both as values that occur."""
    values = members[name].drop_null().to_numpy()
    if members.num_rows < SUPPRESS_BELOW or not values.size:
        return "-"
    low, high = np.percentile(values, [25, 75], method="nearest")
    decimals = 0 if kpi.resolution >= 1 else 1 if abs(high) >= 10 else 2
    return f"{low:,.{decimals}f}" if low == high else f"{low:,.{decimals}f} to {high:,.{decimals}f}"
