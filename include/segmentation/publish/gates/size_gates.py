"""Gates over the sizes of segments alone: a table of sizes from anywhere can be put through them."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import combinations

from include.segmentation.profile.gates import FailureVerdict, compute_smallest_cluster
from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs

SegmentSizes = Mapping[str, Mapping[str, int]]
"""Macro segment -> segment key -> customers."""
_FEWEST_TO_COMPARE = 3
"""Two sizes that add up to one population are equal by chance sooner than three."""


def check_size_totals(population: int, sizes: SegmentSizes) -> list[GateVerdict]:
    """The segments of every macro segment together are the population."""
    verdicts = []
    for macro, segments in sizes.items():
        total = sum(segments.values())
        if total == population:
            summary = f"its {len(segments)} segments add up to the population of {total} customers"
            verdicts.append(GateVerdict.make_pass("populations_reconcile", macro, summary))
        else:
            summary = f"{total} customers are labelled but the population has {population}"
            verdicts.append(GateVerdict("populations_reconcile", macro, "stop", summary))
    return verdicts


def check_size_copies(
    sizes: SegmentSizes, failing: FailureVerdict = "stop", uncut: Collection[str] = ()
) -> list[GateVerdict]:
    """No two macro segments have the same sizes, of three or more segments with customers, in whatever order.

    Args:
        sizes: of every macro segment.
        failing: the verdict on two that have the same.
        uncut: macro segments without a cluster. Two of them may have the same sizes: their conditions can mean the
            same.
    """
    counts = {macro: Counter(n for n in segments.values() if n) for macro, segments in sizes.items()}
    pasted = [
        (one, other)
        for one, other in combinations(counts, 2)
        if counts[one] == counts[other]
        and counts[one].total() >= _FEWEST_TO_COMPARE
        and not (one in uncut and other in uncut)
    ]
    if not pasted:
        return [GateVerdict.make_pass("sizes_differ", "", f"no two of {len(sizes)} macro segments have the same sizes")]
    return [
        GateVerdict(
            "sizes_differ",
            other,
            failing,
            f"its segments have the same sizes as those of '{one}' "
            f"({', '.join(map(str, sorted(counts[one].elements(), reverse=True)))}); one may be a copy of the other",
        )
        for one, other in pasted
    ]


def check_smallest_sizes(inputs: PublishInputs) -> list[GateVerdict]:
    """No cluster of a run is smaller than a fit would allow for the stratum as it is now."""
    failing = inputs.run.profile.gates.smallest_sizes.verdict
    return [
        verdict
        for macro, model in inputs.models.items()
        for stratum in model.strata
        for place, division in stratum.list_divisions()
        if division.axes
        for verdict in check_cluster_sizes(
            macro,
            place,
            {part.path: (inputs.sizes[macro] | inputs.micro_sizes).get(part.key, 0) for part in division.segments},
            failing,
        )
    ]


def check_cluster_sizes(
    macro: str, stratum: str, clusters: Mapping[str, int], failing: FailureVerdict = "warn"
) -> list[GateVerdict]:
    """No cluster of a stratum is below max(2% of its customers, 100 customers).

    Args:
        macro: the macro segment.
        stratum: its stratum.
        clusters: what a cluster is called -> its customers.
        failing: the verdict on one that is too small.
    """
    floor = compute_smallest_cluster(sum(clusters.values()))
    small = {name: customers for name, customers in clusters.items() if customers < floor}
    if not small:
        summary = f"every segment of '{stratum}' has at least the {floor} customers that a fit requires"
        return [GateVerdict.make_pass("smallest_sizes", macro, summary)]
    return [
        GateVerdict(
            "smallest_sizes", macro, failing, f"segment {name} has {customers} customers left", f"at least {floor}"
        )
        for name, customers in small.items()
    ]
