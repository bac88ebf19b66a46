"""The HTML page about one model: what the fit found, before the model labels anybody."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.segmentation.model.model import Division, Model, SegmentDefinition
from include.segmentation.profile.macro_segments import MacroSegment
from include.segmentation.track.model_metrics import map_chosen_k, read_evidence_of

_COLUMNS = {
    "jaccard_min": ("Least Jaccard", ".2f"),
    "fidelity": ("Tree agreement", ".0%"),
    "smallest_share": ("Smallest", ".1%"),
    "largest_share": ("Largest", ".1%"),
    "silhouette": ("Silhouette", ".3f"),
    "inertia": ("Inertia", ",.4g"),
}
_DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class ModelPart:
    """A stratum, or a segment that was to be cut into micro segments.

    Attributes:
        place: the stratum's name, followed by the ordinal of the segment (``repeat.02``).
        trials: the formatted cells of every k that was tried with the profile's algorithm.
        k: the chosen k.
    """

    place: str
    title: str
    when: str
    note: str
    segments: list[SegmentDefinition]
    trials: dict[int, list[str]]
    k: int


def render_model_page(model: Model, macro: MacroSegment) -> str:
    """Render the page as one self-contained HTML document; the same model always gives the same bytes."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("model.html.j2").render(
        model=model, label=macro.label, parts=_list_parts(model), columns=[words for words, _ in _COLUMNS.values()]
    )


def _list_parts(model: Model) -> list[ModelPart]:
    parts = []
    for stratum in model.strata:
        (place, whole), *inside = stratum.list_divisions()
        parts.append(_make_part(model, place, stratum.label, stratum.when, whole))
        names = {f"{stratum.name}.{n:02d}": segment.name for n, segment in enumerate(stratum.segments, start=1)}
        parts += [_make_part(model, place, f"Inside {names[place]}", "", micro) for place, micro in inside]
    return parts


def _make_part(model: Model, place: str, title: str, when: str, division: Division) -> ModelPart:
    algorithm, k = map_chosen_k(model).get(place, ("", 1))
    ks = sorted({row.k for row in model.evidence if (row.stratum, row.algorithm) == (place, algorithm)})
    trials = {k: _format_cells(read_evidence_of(model, place, algorithm, k)) for k in ks}
    return ModelPart(place, title, when, division.note, division.segments, trials, k)


def _format_cells(metrics: dict[str, float]) -> list[str]:
    return [format(metrics[name], form) if name in metrics else _DASH for name, (_, form) in _COLUMNS.items()]
