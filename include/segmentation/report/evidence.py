"""Why a stratum has as many segments as it has."""

from dataclasses import dataclass

from include.segmentation.report import words
from include.segmentation.report.answers import Answers
from include.segmentation.report.queries import Cut

Metrics = dict[str, float | None]


@dataclass(frozen=True)
class Trials:
    """What was tried in one stratum, and the verdict.

    Attributes:
        rows: k, algorithm, least Jaccard, smallest share, largest share and silhouette of every trial.
        chosen: the index of the row that was taken; None where the stratum stayed whole.
    """

    stratum: str
    verdict: str
    rows: list[list[str]]
    chosen: int | None


def trials(macro_segment: str, answers: Answers) -> list[Trials]:
    """The evidence stratum by stratum, without those that no one wanted to cut."""
    found = [_trials(cut, answers) for cut in answers.cuts if cut.macro_segment == macro_segment]
    return [one for one in found if one is not None]


def _trials(cut: Cut, answers: Answers) -> Trials | None:
    tried: dict[tuple[str, int], Metrics] = {}
    for quality in answers.evidence:
        if (quality.macro_segment, quality.stratum) == (cut.macro_segment, cut.stratum) and quality.k > 1:
            tried.setdefault((quality.algorithm, quality.k), {})[quality.metric] = quality.value
    if not (tried or cut.segments > 1 or cut.note):
        return None
    verdict = f"Cut into {cut.segments} segments." if cut.segments > 1 else "Left whole."
    return Trials(
        stratum=cut.label,
        verdict=f"{verdict} {cut.note[:1].upper()}{cut.note[1:]}." if cut.note else verdict,
        rows=[_row(algorithm, k, metrics) for (algorithm, k), metrics in tried.items()],
        chosen=next((i for i, metrics in enumerate(tried.values()) if metrics.get("chosen")), None),
    )


def _row(algorithm: str, k: int, metrics: Metrics) -> list[str]:
    def shown(metric: str, form: str) -> str:
        number = metrics.get(metric)
        return words.DASH if number is None else format(number, form)

    return [
        str(k),
        algorithm,
        shown("jaccard_min", ".2f"),
        shown("smallest_share", ".1%"),
        shown("largest_share", ".1%"),
        shown("silhouette", ".3f"),
    ]
