"""Freeze cuts into the parts of a model: strata, segments and micro segments with names, rules and words."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from include.segmentation.model.model import Division, SegmentDefinition, StratumModel
from include.segmentation.profile.kpis import Kpi
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.segment.evidence.stratum_picture import draw_picture
from include.segmentation.segment.micro_segments import cut_segments
from include.segmentation.segment.naming.rule_sql import write_rule_sql
from include.segmentation.segment.naming.rule_words import describe_rules
from include.segmentation.segment.naming.segment_names import SegmentName, name_segments
from include.segmentation.segment.population_drift import make_references
from include.segmentation.segment.segment_joins import find_joins
from include.segmentation.segment.stratum_cut import StratumCut


def freeze_strata(
    macro_segment: str, macro: MacroSegment, cuts: Sequence[StratumCut], customers: pa.Table
) -> tuple[list[StratumModel], list[StratumCut]]:
    """Name and freeze the strata of a macro segment, and cut their segments again if the profile asks for it.

    Args:
        macro_segment: its key.
        macro: the macro segment as the profile declares it.
        cuts: its strata as they were cut.
        customers: all its customers with all its KPIs.

    Returns:
        The strata, whose segments have their paths as keys; and the cuts of their segments.
    """
    names = name_segments(cuts)
    inside = [
        cut_segments(customers, macro, part, [naming.name for naming in segment_names])
        for part, segment_names in zip(cuts, names, strict=True)
    ]
    micro_names = iter(name_segments([part for parts in inside for part in parts], between=": "))
    strata = []
    for part, segment_names, parts in zip(cuts, names, inside, strict=True):
        path = f"{macro_segment}.{part.stratum.name}"
        segments = _freeze_segments(part, segment_names, path, part.stratum.when, macro.kpis)
        for ordinal, micro in enumerate(parts):
            whole = segments[ordinal]
            micro_segments = _freeze_segments(micro, next(micro_names), whole.path, whole.rule_sql, macro.kpis)
            division = Division(segments=[] if micro.is_whole else micro_segments, **_freeze_space(micro))
            segments[ordinal] = whole.model_copy(update={"micro": division})
        strata.append(
            StratumModel(
                name=part.stratum.name,
                label=part.stratum.label,
                when=part.stratum.when,
                segments=segments,
                references=make_references(part.vectors),
                picture=draw_picture(part),
                **_freeze_space(part),
            )
        )
    return strata, [part for parts in inside for part in parts]


def _freeze_space(part: StratumCut) -> dict[str, Any]:
    """Return the fields of a division other than its segments."""
    return {
        "axes": list(part.rule.axes),
        "components": part.rule.components.tolist(),
        "joins": find_joins(part),
        "note": part.note,
    }


def _freeze_segments(
    part: StratumCut, names: Sequence[SegmentName], path: str, when: str, kpis: Mapping[str, Kpi]
) -> list[SegmentDefinition]:
    """Freeze the segments of a cut, or the one segment of a whole stratum.

    Args:
        part: the cut.
        names: the names of its segments.
        path: the path of what was cut.
        when: the SQL condition that only its customers meet.
        kpis: every KPI of the macro segment.
    """
    segments = []
    for ordinal, (naming, wording) in enumerate(zip(names, describe_rules(part, kpis), strict=True)):
        own_path = path if part.is_whole else f"{path}.{ordinal + 1:02d}"
        segments.append(
            SegmentDefinition(
                key=own_path,
                path=own_path,
                name=naming.name,
                description=naming.description,
                prototypes=[] if part.is_whole else part.rule.prototypes[ordinal].tolist(),
                bands=naming.bands,
                rule_sql=write_rule_sql(when, part.rule, ordinal),
                rule_words=wording.words,
                fidelity=wording.fidelity,
                customers_at_fit=int(part.sizes[ordinal]),
            )
        )
    return segments
