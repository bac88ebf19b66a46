"""Gates on the sizes of segments. They also work on sizes from elsewhere."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import combinations

from include.segmentation.profile.gates import FailureVerdict, compute_smallest_cluster
from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs

SegmentSizes = Mapping[str, Mapping[str, int]]
"""Macro segment -> segment key -> customers."""
_FEWEST_TO_COMPARE = 3
"""Two sizes with the same sum are more often equal by chance than three."""


def check_size_totals(population: int, sizes: SegmentSizes) -> list[GateVerdict]:
    """Check that the segments of every macro segment add up to the population."""
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
    """Check that no two macro segments have the same sizes, in any order, of three or more segments with customers.

    Args:
        sizes: of every macro segment.
        failing: the verdict on two with the same sizes.
        uncut: macro segments without clusters. Two of them may have the same sizes, because their conditions can mean
            the same.
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
    """Check that no cluster of the run is smaller than a fit of today's stratum would allow."""
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
    """Check that no cluster of a stratum is below max(2% of its customers, 100 customers).

    Args:
        macro: the macro segment.
        stratum: its stratum.
        clusters: name of a cluster -> its customers.
        failing: the verdict on a cluster that is too small.
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
