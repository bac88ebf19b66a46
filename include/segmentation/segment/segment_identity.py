"""Which segment of a new model continues which segment of the old one: keys follow the customers, not the numbers.

Both models label the same customers at the same as_of. A cluster keeps its key if its Jaccard similarity with the old
cluster exceeds 0.5, which at most one cluster can reach. A stratum that is one segment keeps its key as long as its
rule means the same. A key that a model has dropped never returns.
"""

import base64
import hashlib
from collections.abc import Mapping, Set
from dataclasses import dataclass

import pyarrow as pa

from include.segmentation.model.model import Lineage, Model, SegmentDefinition, StratumModel
from include.segmentation.profile.conditions import list_condition_columns, normalise_condition

SURVIVES = 0.5
FLOW = 0.25
_KEY_LENGTH = 10

Overlap = Mapping[tuple[str | None, str | None], int]
"""Customers by their segments under the old and the new model; None outside all micro segments."""


def assign_keys(draft: Model, previous: Model | None, overlap: Overlap) -> Model:
    """Assign a key to every segment and micro segment of a draft, and record its lineage.

    Args:
        draft: a model whose keys are its paths.
        previous: the model in use at the draft's effective_from; None for the first model.
        overlap: customers by (key in the previous model, path in the draft), of segments and of micro segments.

    Returns:
        The model with keys and lineage.
    """
    crossing = _Crossing(overlap)
    keys = _map_keys(draft, previous, crossing)
    lineage = []
    if previous:
        lineage += _trace_lineage(previous.list_segments(), draft.list_segments(), keys, crossing)
        lineage += _trace_lineage(previous.list_micro_segments(), draft.list_micro_segments(), keys, crossing)
    strata = [
        stratum.model_copy(update={"segments": _replace_keys(stratum.segments, keys)}) for stratum in draft.strata
    ]
    return draft.model_copy(update={"strata": strata, "lineage": lineage})


def count_overlap(before: pa.Table, after: pa.Table) -> Overlap:
    """Count customers by their segment in two labellings of the same rows, and by their micro segment."""
    overlap: dict[tuple[str | None, str | None], int] = {}
    for level in ("segment_key", "micro_key"):
        pairs = pa.table({"old": before[level], "new": after[level]})
        counted = pairs.group_by(["old", "new"]).aggregate([([], "count_all")])
        overlap |= {(row["old"], row["new"]): row["count_all"] for row in counted.to_pylist()}
    return overlap


def _map_keys(draft: Model, previous: Model | None, crossing: "_Crossing") -> dict[str, str]:
    """Map paths in the draft to keys; a micro segment can only continue a micro segment."""
    clusters = {s.key for s in previous.list_segments() if s.prototypes} if previous else set()
    micro = {s.key for s in previous.list_micro_segments()} if previous else set()
    wholes = _map_whole_strata(previous) if previous else {}
    keys = {}
    for stratum in draft.strata:
        for ordinal, segment in enumerate(stratum.segments):
            own = (stratum.name, str(ordinal)) if segment.prototypes else _identify_rule(draft, stratum)
            predecessor = _find_predecessor(segment, clusters, crossing) if segment.prototypes else wholes.get(own)
            keys[segment.key] = predecessor or _make_key(draft, *own)
            for place, part in enumerate(segment.parts):
                keys[part.key] = _find_predecessor(part, micro, crossing) or _make_key(draft, *own, str(place))
    return keys


def _find_predecessor(segment: SegmentDefinition, clusters: Set[str], crossing: "_Crossing") -> str | None:
    """Find the cluster of the previous model that a segment of the draft continues."""
    return next((old for old in sorted(clusters) if crossing.measure_jaccard(old, segment.key) > SURVIVES), None)


def _replace_keys(segments: list[SegmentDefinition], keys: Mapping[str, str]) -> list[SegmentDefinition]:
    keyed = []
    for segment in segments:
        micro = segment.micro and segment.micro.model_copy(
            update={"segments": _replace_keys(segment.micro.segments, keys)}
        )
        keyed.append(segment.model_copy(update={"key": keys[segment.key], "micro": micro}))
    return keyed


@dataclass(frozen=True)
class _Crossing:
    overlap: Overlap

    def count_old(self, old: str) -> int:
        return sum(count for (key, _), count in self.overlap.items() if key == old)

    def measure_jaccard(self, old: str, new: str) -> float:
        both = self.overlap.get((old, new), 0)
        new_size = sum(count for (_, path), count in self.overlap.items() if path == new)
        return both / (self.count_old(old) + new_size - both) if both else 0.0

    def measure_share(self, old: str, new: str) -> float:
        both = self.overlap.get((old, new), 0)
        return both / self.count_old(old) if both else 0.0


def _trace_lineage(
    before: list[SegmentDefinition], after: list[SegmentDefinition], keys: Mapping[str, str], crossing: _Crossing
) -> list[Lineage]:
    """List survivals, then flows of at least a quarter of an old segment, then segments without either."""
    rows = []
    flows = [(old.key, new.key) for old in before for new in after if crossing.measure_share(old.key, new.key) >= FLOW]
    survived = {old.key: new.key for old in before for new in after if keys[new.key] == old.key}
    for old, new in survived.items():
        is_empty = not crossing.count_old(old)  # an empty stratum survives too, because its rule is the same
        jaccard = 1.0 if is_empty else crossing.measure_jaccard(old, new)
        share = 1.0 if is_empty else crossing.measure_share(old, new)
        rows.append(_make_lineage(old, new, "survived", jaccard, share, keys))
    for old, new in flows:
        leaving, arriving = [f for f in flows if f[0] == old], [f for f in flows if f[1] == new]
        if survived.get(old) != new and max(len(leaving), len(arriving)) > 1:
            kind = "split" if len(leaving) > 1 else "merged"
            rows.append(
                _make_lineage(
                    old, new, kind, crossing.measure_jaccard(old, new), crossing.measure_share(old, new), keys
                )
            )
    disappeared = [s.key for s in before if s.key not in {row.from_key for row in rows}]
    appeared = [s.key for s in after if keys[s.key] not in {row.to_key for row in rows}]
    rows += [Lineage(from_key=old, to_key=None, kind="disappeared", jaccard=0, share=0) for old in disappeared]
    rows += [Lineage(from_key=None, to_key=keys[new], kind="appeared", jaccard=0, share=0) for new in appeared]
    return rows


def _make_lineage(old: str, new: str, kind: str, jaccard: float, share: float, keys: Mapping[str, str]) -> Lineage:
    return Lineage.model_validate(
        {"from_key": old, "to_key": keys[new], "kind": kind, "jaccard": jaccard, "share": share}
    )


def _map_whole_strata(model: Model) -> dict[tuple[str, ...], str]:
    """Map the rules of the strata that are one segment to their keys."""
    strata = [stratum for stratum in model.strata if not stratum.segments[0].prototypes]
    return {_identify_rule(model, stratum): stratum.segments[0].key for stratum in strata}


def _identify_rule(model: Model, stratum: StratumModel) -> tuple[str, ...]:
    """Identify a stratum by its name, its rule, and how the KPIs in the rule are measured."""
    columns = list_condition_columns(stratum.when)
    measured = [f"{name} {model.windows.get(name)} {model.resolutions.get(name, 0):g}" for name in columns]
    return (stratum.name, normalise_condition(stratum.when), *measured)


def _make_key(draft: Model, *parts: str) -> str:
    text = "|".join((draft.profile, draft.macro_segment, draft.model_id, *parts))
    digest = hashlib.sha256(text.encode()).digest()
    return f"sg_{base64.b32encode(digest).decode().lower()[:_KEY_LENGTH]}"
