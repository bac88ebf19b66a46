"""Rows about segments and models."""

from include.segmentation.model.model import Model, SegmentDefinition
from include.segmentation.profile.macro_segments import MacroSegment, SegmentAnnotation
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row


def make_segment_rows(inputs: PublishInputs) -> list[Row]:
    """Make one row per version of a segment; a version lasts until an accepted model changes or drops the segment."""
    rows: list[Row] = []
    for macro, timeline in inputs.timelines.items():
        valid: dict[str, Row] = {}
        for model in (entry.model for entry in timeline if entry.status == "accepted"):
            segments = _describe_segments(model, inputs.run.profile.macro_segments[macro])
            for key in [key for key, row in valid.items() if _strip_origin(row) != _strip_origin(segments.get(key))]:
                ended = valid.pop(key) | {"valid_to": model.effective_from, "is_current": False}
                # Another fit of the same day replaces a version; it does not end it.
                if key not in segments or ended["valid_from"] < model.effective_from:
                    rows.append(ended)
            valid = segments | valid
        rows += valid.values()
    return rows


def make_model_rows(inputs: PublishInputs) -> list[Row]:
    """Make one row per model of the profile's macro segments."""
    return [
        {
            "model_id": entry.model.model_id,
            "macro_segment": macro,
            "effective_from": entry.model.effective_from,
            "status": entry.status,
            "decided_by": entry.decided_by,
            "decided_at": entry.decided_at,
            "customers": entry.model.customers,
            "segments": len(entry.model.list_segments()),
            "model": entry.model.model_dump_json(),
        }
        for macro, timeline in inputs.timelines.items()
        for entry in timeline
    ]


def make_quality_rows(inputs: PublishInputs) -> list[Row]:
    """Make the rows of every model's evidence."""
    return [
        {"model_id": entry.model.model_id, "macro_segment": macro} | evidence.model_dump()
        for macro, timeline in inputs.timelines.items()
        for entry in timeline
        for evidence in entry.model.evidence
    ]


def _describe_segments(model: Model, declared: MacroSegment) -> dict[str, Row]:
    strata = {stratum.name: stratum for stratum in declared.strata}
    rows = {}
    for stratum in model.strata:
        profile = strata.get(stratum.name)
        whole = {
            "valid_from": model.effective_from,
            "valid_to": None,
            "is_current": True,
            "macro_segment": model.macro_segment,
            "stratum": stratum.name,
            "stratum_label": stratum.label,
            "parent_key": None,
            "recommended_action": profile.recommended_action if profile else "",
            "owner": profile.owner if profile else "",
            "model_id": model.model_id,
        }
        for segment in stratum.segments:
            row = rows[segment.key] = whole | _describe_segment(segment, declared)
            rows |= {
                part.key: row | {"parent_key": segment.key} | _describe_segment(part, declared)
                for part in segment.parts
            }
    return rows


def _describe_segment(segment: SegmentDefinition, declared: MacroSegment) -> Row:
    """Describe one segment; it has an action and an owner of its own only where the profile names them for its key."""
    annotation = declared.segments.get(segment.key, SegmentAnnotation())
    fields = ("path", "name", "description", "rule_sql", "rule_words", "fidelity")
    row = {"segment_key": segment.key, "alias": annotation.alias or None}
    row |= {name: getattr(segment, name) for name in fields}
    own = {"recommended_action": annotation.recommended_action, "owner": annotation.owner}
    return row | {name: text for name, text in own.items() if text}


def _strip_origin(row: Row | None) -> Row | None:
    """Return a version without its beginning and its model."""
    return row and {name: value for name, value in row.items() if name not in ("valid_from", "model_id")}
