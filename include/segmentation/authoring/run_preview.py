"""What a run would give: strata and segments with their sizes and KPIs, without publishing or recording anything."""

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
class _Apart(Run):
    """A run that reads the lake and leaves its artifacts in a folder of its own."""

    folder: str = ""

    @cached_property
    def lake(self) -> Lake:
        """The profile's lake."""
        return Lake(find_lake_root(), self.profile, artifacts=self.folder)


def preview_run(run: Run) -> Iterator[Table]:
    """Measure and label everybody at the run's as_of; nothing stays but what is returned.

    Returns:
        One table per macro segment: stratum, segment, customers, share, and the middle half of every KPI; below it the
        KPIs that only rules read, of everybody.

    Raises:
        NotReadyError: an extract is not known to be whole up to as_of, or holds rows that were never validated.
        ProfileError: the SQL is wrong.
        DataError: the data contradict the profile.
    """
    _refuse_unvalidated(run)
    with TemporaryDirectory(prefix="segmentation-preview-") as folder:
        apart = _Apart(run.profile, run.cadence, run.as_of, folder=folder)
        measure.measure(apart, "population")
        for name, macro in run.profile.macro_segments.items():
            measure.measure(apart, name)
            yield _table(f"{run.profile.profile} {name}", macro, segment.preview_labels(apart, name))


def _refuse_unvalidated(run: Run) -> None:
    run.require_complete()
    for name in run.profile.extracts:
        waiting = run.lake.open_log(name).read_state().seq - run.lake.read_validated_seq(name)
        if waiting:
            raise NotReadyError(
                f"run {run.run_id}: {waiting:,} rows of extract '{name}' have not been validated, and a preview looks "
                "at validated ones only; run the validate stage first"
            )


def _table(title: str, macro: MacroSegment, found: LabelPreview) -> Table:
    model, everybody = found.model, found.customers.num_rows
    which = f"draft model: {found.why_draft}" if found.why_draft else f"accepted model {model.model_id}"
    kpis = {name: kpi for name, kpi in macro.kpis.items() if not kpi.rule_only}
    table = Table(title=f"{title}: {everybody:,} customers; {which}", title_justify="left")
    table.caption, table.caption_justify = _for_rules(macro, found.customers), "left"
    table.add_column("stratum")
    table.add_column("segment")
    table.add_column("customers", justify="right")
    table.add_column("share", justify="right")
    for name, kpi in kpis.items():
        table.add_column(f"{name}\n{kpi.unit}", justify="right")
    for stratum in model.strata:
        for each in stratum.segments:
            members = found.customers.filter(pc.equal(found.customers["segment_key"], each.key))
            middles = (_middle_half(members, name, kpi) for name, kpi in kpis.items())
            share = f"{members.num_rows / everybody:.1%}"
            table.add_row(stratum.name, each.name, f"{members.num_rows:,}", share, *middles)
        table.add_section()
    return table


def _for_rules(macro: MacroSegment, customers: pa.Table) -> str:
    told = [
        f"{name} {_middle_half(customers, name, kpi)} {kpi.unit}, not 0 for {_share_not_0(customers[name])}"
        for name, kpi in macro.kpis.items()
        if kpi.rule_only
    ]
    return f"rules only, everybody: {'; '.join(told)}" if told else ""


def _share_not_0(values: pa.ChunkedArray) -> str:
    known = values.drop_null().to_numpy()
    return f"{(known != 0).mean():.1%}" if known.size >= SUPPRESS_BELOW else "-"


def _middle_half(members: pa.Table, name: str, kpi: Kpi) -> str:
    """The first and the third quartile, as values that occur."""
    values = members[name].drop_null().to_numpy()
    if members.num_rows < SUPPRESS_BELOW or not values.size:
        return "-"
    low, high = np.percentile(values, [25, 75], method="nearest")
    places = 0 if kpi.resolution >= 1 else 1 if abs(high) >= 10 else 2
    return f"{low:,.{places}f}" if low == high else f"{low:,.{places}f} to {high:,.{places}f}"
