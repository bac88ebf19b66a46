"""Which segment of a new model is which of the old one: keys follow the customers, not the numbers.

Both models label the same customers at the same as_of. A cluster keeps its key when more than half of all customers
in either are in both (Jaccard > 0.5: at most one can). A stratum that is one segment keeps its key from model to model
as long as its rule means the same: another rule is another segment. A key that a model has dropped never comes back.
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
"""Customers by where an old model puts them and where a new one does; None outside of all micro segments."""


def assign_keys(draft: Model, previous: Model | None, overlap: Overlap) -> Model:
    """Give every segment and micro segment of a draft its key, and record what became of the previous model's segments.

    Args:
        draft: a model whose keys are its paths.
        previous: the model in use at the draft's effective_from, or None for the first model.
        overlap: customers by (key in the previous model, path in the draft), of segments and of micro segments.

    Returns:
        The model with keys and lineage.
    """
    crossing = _Crossing(overlap)
    keys = _keys(draft, previous, crossing)
    lineage = []
    if previous:
        lineage += _lineage(previous.list_segments(), draft.list_segments(), keys, crossing)
        lineage += _lineage(previous.list_micro_segments(), draft.list_micro_segments(), keys, crossing)
    strata = [stratum.model_copy(update={"segments": _keyed(stratum.segments, keys)}) for stratum in draft.strata]
    return draft.model_copy(update={"strata": strata, "lineage": lineage})


def count_overlap(before: pa.Table, after: pa.Table) -> Overlap:
    """Count customers by their segment in two labellings of the same rows, and by their micro segment."""
    found: dict[tuple[str | None, str | None], int] = {}
    for level in ("segment_key", "micro_key"):
        pairs = pa.table({"old": before[level], "new": after[level]})
        counted = pairs.group_by(["old", "new"]).aggregate([([], "count_all")])
        found |= {(row["old"], row["new"]): row["count_all"] for row in counted.to_pylist()}
    return found


def _keys(draft: Model, previous: Model | None, crossing: "_Crossing") -> dict[str, str]:
    """Path in the draft -> key; a micro segment can only be the heir of a micro segment."""
    clusters = {s.key for s in previous.list_segments() if s.prototypes} if previous else set()
    micro = {s.key for s in previous.list_micro_segments()} if previous else set()
    wholes = _wholes(previous) if previous else {}
    keys = {}
    for stratum in draft.strata:
        for ordinal, segment in enumerate(stratum.segments):
            own = (stratum.name, str(ordinal)) if segment.prototypes else _rule(draft, stratum)
            heir = _heir(segment, clusters, crossing) if segment.prototypes else wholes.get(own)
            keys[segment.key] = heir or _key(draft, *own)
            for place, part in enumerate(segment.parts):
                keys[part.key] = _heir(part, micro, crossing) or _key(draft, *own, str(place))
    return keys


def _heir(segment: SegmentDefinition, clusters: Set[str], crossing: "_Crossing") -> str | None:
    """The cluster of the previous model that lives on in a segment of the draft."""
    return next((old for old in sorted(clusters) if crossing.jaccard(old, segment.key) > SURVIVES), None)


def _keyed(segments: list[SegmentDefinition], keys: Mapping[str, str]) -> list[SegmentDefinition]:
    found = []
    for segment in segments:
        inside = segment.micro and segment.micro.model_copy(update={"segments": _keyed(segment.micro.segments, keys)})
        found.append(segment.model_copy(update={"key": keys[segment.key], "micro": inside}))
    return found


@dataclass(frozen=True)
class _Crossing:
    overlap: Overlap

    def old_size(self, old: str) -> int:
        return sum(count for (key, _), count in self.overlap.items() if key == old)

    def jaccard(self, old: str, new: str) -> float:
        both = self.overlap.get((old, new), 0)
        new_size = sum(count for (_, path), count in self.overlap.items() if path == new)
        return both / (self.old_size(old) + new_size - both) if both else 0.0

    def share(self, old: str, new: str) -> float:
        both = self.overlap.get((old, new), 0)
        return both / self.old_size(old) if both else 0.0


def _lineage(
    before: list[SegmentDefinition], after: list[SegmentDefinition], keys: Mapping[str, str], crossing: _Crossing
) -> list[Lineage]:
    """Survivals, then flows of at least a quarter of an old segment, then what no row explains."""
    rows = []
    flows = [(old.key, new.key) for old in before for new in after if crossing.share(old.key, new.key) >= FLOW]
    survived = {old.key: new.key for old in before for new in after if keys[new.key] == old.key}
    for old, new in survived.items():
        # An empty stratum survives too: it is the same rule.
        jaccard = crossing.jaccard(old, new) if crossing.old_size(old) else 1.0
        rows.append(
            _row(old, new, "survived", jaccard, crossing.share(old, new) if crossing.old_size(old) else 1.0, keys)
        )
    for old, new in flows:
        leaving, arriving = [f for f in flows if f[0] == old], [f for f in flows if f[1] == new]
        if survived.get(old) != new and max(len(leaving), len(arriving)) > 1:
            kind = "split" if len(leaving) > 1 else "merged"
            rows.append(_row(old, new, kind, crossing.jaccard(old, new), crossing.share(old, new), keys))
    gone = [s.key for s in before if s.key not in {row.from_key for row in rows}]
    come = [s.key for s in after if keys[s.key] not in {row.to_key for row in rows}]
    rows += [Lineage(from_key=old, to_key=None, kind="disappeared", jaccard=0, share=0) for old in gone]
    rows += [Lineage(from_key=None, to_key=keys[new], kind="appeared", jaccard=0, share=0) for new in come]
    return rows


def _row(old: str, new: str, kind: str, jaccard: float, share: float, keys: Mapping[str, str]) -> Lineage:
    return Lineage.model_validate(
        {"from_key": old, "to_key": keys[new], "kind": kind, "jaccard": jaccard, "share": share}
    )


def _wholes(model: Model) -> dict[tuple[str, ...], str]:
    """The keys of the strata that are one segment, by their rule."""
    strata = [stratum for stratum in model.strata if not stratum.segments[0].prototypes]
    return {_rule(model, stratum): stratum.segments[0].key for stratum in strata}


def _rule(model: Model, stratum: StratumModel) -> tuple[str, ...]:
    """A stratum, what its rule says, and how the KPIs that it names were measured."""
    columns = list_condition_columns(stratum.when)
    measured = [f"{name} {model.windows.get(name)} {model.resolutions.get(name, 0):g}" for name in columns]
    return (stratum.name, normalise_condition(stratum.when), *measured)


def _key(draft: Model, *parts: str) -> str:
    text = "|".join((draft.profile, draft.macro_segment, draft.model_id, *parts))
    digest = hashlib.sha256(text.encode()).digest()
    return f"sg_{base64.b32encode(digest).decode().lower()[:_KEY_LENGTH]}"
