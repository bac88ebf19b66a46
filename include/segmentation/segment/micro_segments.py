"""Micro segments: each segment is treated as a stratum of its own and cut again by the same rule."""

import numpy as np
import pyarrow as pa

from include.segmentation.common.arrays import Integers
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.segment.scoring import read_values
from include.segmentation.segment.space.nearest_prototype import find_nearest
from include.segmentation.segment.stratum_assignment import query_batch
from include.segmentation.segment.stratum_cut import StratumCut, cut_stratum

_ROWS = 100_000


def cut_segments(customers: pa.Table, macro: MacroSegment, part: StratumCut, names: list[str]) -> list[StratumCut]:
    """Cut the segments of a stratum again, each in a space of its own; call it within ``limit_to_one_thread``.

    Args:
        customers: every customer of the macro segment with all its KPIs.
        macro: the macro segment as the profile declares it.
        part: the stratum as it was cut.
        names: the names of its segments.

    Returns:
        A cut per segment, whole if it cannot be cut; nothing if the profile asks for no micro segments, or if the
        stratum itself is whole.

    Raises:
        DataError: a KPI cannot be scaled.
    """
    stratum = part.stratum
    if stratum.micro is None or part.is_whole:
        return []
    members = query_batch(customers, f"SELECT {', '.join(stratum.clustered_on)} FROM batch WHERE {stratum.when}")
    segment = _find_segments(members, part)
    cuts = []
    for ordinal, name in enumerate(names):
        place = f"{stratum.name}.{ordinal + 1:02d}"
        inside = members.filter(pa.array(segment == ordinal))
        whole = {"name": place, "label": name, "when": "true", "description": ""}
        own = stratum.model_copy(update=whole | {"kpis": stratum.micro_kpis, "cluster": stratum.micro})
        cuts.append(cut_stratum(inside, macro, own, inside.num_rows))
    return cuts


def _find_segments(members: pa.Table, part: StratumCut) -> Integers:
    """Compute int64[customers], the ordinals of their segments from 0."""
    where = f"stratum '{part.stratum.name}'"
    batches = members.to_batches(max_chunksize=_ROWS)
    return np.concatenate(
        [find_nearest(part.rule, read_values(pa.table(batch), part.rule.axes, where))[0] for batch in batches]
    )
