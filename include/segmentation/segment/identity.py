"""Which segment of a new model is which of the old one: keys follow the customers, not the numbers.

Both models label the same customers at the same as_of. A cluster keeps its key when more than half of all customers
in either are in both (Jaccard > 0.5: at most one can). A stratum that is one segment has a key of its own for as
long as the stratum exists and its rule means the same: another rule is another segment.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from include.segmentation.model import Lineage, Model, SegmentDefinition, StratumModel
from include.segmentation.predicate import columns_of
from include.segmentation.segment.strata import normal_form

SURVIVES = 0.5
FLOW = 0.25
_KEY_LENGTH = 10


def with_keys(draft: Model, previous: Model | None, overlap: Mapping[tuple[str, str], int]) -> Model:
    """Give every segment of a draft its key, and record what became of the previous model's segments.

    Args:
        draft: a model whose keys are its paths.
        previous: the model in use at the draft's effective_from, or None for the first model.
        overlap: customers by (key in the previous model, path in the draft); those of both models.

    Returns:
        The model with keys and lineage.
    """
    crossing = _Crossing(overlap)
    clusters = {s.key for s in previous.segments() if s.prototypes} if previous else set()
    keys = {}
    for stratum in draft.strata:
        for ordinal, segment in enumerate(stratum.segments):
            heirs = [old for old in sorted(clusters) if crossing.jaccard(old, segment.key) > SURVIVES]
            if not segment.prototypes:
                keys[segment.key] = _key(draft.profile, draft.macro_segment, stratum.name, *_rule(draft, stratum))
            elif heirs:
                keys[segment.key] = heirs[0]
            else:
                parts = (draft.profile, draft.macro_segment, draft.model_id, stratum.name, str(ordinal))
                keys[segment.key] = _key(*parts)
    lineage = _lineage(previous.segments(), draft.segments(), keys, crossing) if previous else []
    strata = [
        stratum.model_copy(
            update={"segments": [s.model_copy(update={"key": keys[s.key]}) for s in stratum.segments]},
        )
        for stratum in draft.strata
    ]
    return draft.model_copy(update={"strata": strata, "lineage": lineage})


def overlap_of(before: pa.Table, after: pa.Table) -> dict[tuple[str, str], int]:
    """Count customers by their segment in two labellings of the same rows."""
    pairs = pa.table({"old": before["segment_key"], "new": after["segment_key"]})
    counted = pairs.group_by(["old", "new"]).aggregate([([], "count_all")])
    return {(row["old"], row["new"]): row["count_all"] for row in counted.to_pylist()}


@dataclass(frozen=True)
class _Crossing:
    overlap: Mapping[tuple[str, str], int]

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


def _rule(model: Model, stratum: StratumModel) -> list[str]:
    """What a stratum's rule says, and how the KPIs that it names were measured."""
    columns = columns_of(stratum.when)
    measured = [f"{name} {model.windows.get(name)} {model.resolutions.get(name)}" for name in columns]
    return [normal_form(stratum.when), *measured]


def _key(*parts: str) -> str:
    digest = hashlib.sha256("|".join(parts).encode()).digest()
    return f"sg_{base64.b32encode(digest).decode().lower()[:_KEY_LENGTH]}"
