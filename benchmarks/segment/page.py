"""Write the tables of results in docs/benchmarks.md."""

from typing import Any

from benchmarks.machine import write_section
from benchmarks.segment.ways import (
    KS,
    LLOYD,
    MINI_BATCH,
    ORIGINALS,
    OURS,
    SPARSE_K,
    SPARSE_ROWS,
    STARTS,
)

_BEGIN, _END = "<!-- bench-segment: written by make bench-segment -->", "<!-- /bench-segment -->"


def write_page(results: dict[str, Any]) -> None:
    """Write the tables between their markers."""
    write_section(_BEGIN, _END, format_section(results))


def format_section(results: dict[str, Any]) -> str:
    """Format the results as Markdown."""
    machine, fits = results["machine"], results["results"]
    ours, original = fits[OURS], fits[ORIGINALS]
    customers = sum(stratum["customers"] for stratum in ours["strata"])
    versions = ", ".join(f"{name} {version}" for name, version in ours["versions"].items())
    lines = [
        f"Measured on {results['at'][:10]}: {machine['cores']} cores, Python {machine['python']}, {versions}, "
        f"load at the end {machine['load_at_end']}.",
        "",
        "| method | customers | k | seconds | CPU seconds | peak memory | inertia |",
        "|---|---|---|---|---|---|---|",
        f"| {OURS}, all four macro segments | {results['learners']:,} | chosen | {ours['seconds']:.1f} | "
        f"{ours['cpu']:.0f} | {ours['peak_mb']} MB | 1 |",
    ]
    for way in (LLOYD, MINI_BATCH):
        ratios = [stratum["inertia_of_ours"] for stratum in fits[way]["strata"]]
        lines.append(
            f"| scikit-learn {way}, n_init={STARTS}, the clustered strata | {customers:,} | given | "
            f"{fits[way]['seconds']:.1f} | {fits[way]['cpu']:.0f} | {fits[way]['peak_mb']} MB | "
            f"{min(ratios):.4f} to {max(ratios):.4f} |"
        )
    lines += [
        f"| {ORIGINALS}, part of {original['stratum']} | {original['customers']:,} | {KS[0]} to {KS[-1]} | "
        f"{original['seconds']:.1f} | {original['cpu']:.0f} | {original['peak_mb']} MB | |",
        "",
        "| stratum | customers | k | least Jaccard | vectors fitted | inertia gap of the rest "
        "| this project relative to the best of ten full starts |",
        "|---|---|---|---|---|---|---|",
    ]
    best = {stratum["stratum"]: stratum["inertia_of_ours"] for stratum in fits[LLOYD]["strata"]}
    for stratum in ours["strata"]:
        share, gap = stratum["fitted_share"], stratum["inertia_gap"]
        lines.append(
            f"| {stratum['stratum']} | {stratum['customers']:,} | {stratum['k']} | {stratum['jaccard_min']:.2f} | "
            f"{'all' if share is None else f'those of {share:.0%} of the customers'} | "
            f"{'' if gap is None else f'{gap:+.2%}'} | {1 / best[stratum['stratum']] - 1:+.3%} |"
        )
    sparse = fits["sparse"]
    lines += [
        "",
        f"{SPARSE_ROWS:,} rows of four counts, 85% of them all zeros, k = {SPARSE_K}: {sparse['vectors']:,} distinct "
        f"vectors in {sparse['group_seconds']:.1f} s, clustered in {sparse['fit_seconds']:.1f} s.",
    ]
    for way in (LLOYD, MINI_BATCH):
        seconds, inertia = sparse[way]["seconds"], sparse[way]["inertia_of_ours"]
        lines.append(f"{way} on all rows with one start: {seconds:.1f} s, {inertia:.4f} times that inertia.")
    return "\n".join(lines)
