"""Gates over the sizes of segments alone: a table of sizes from anywhere can be put through them."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import combinations

from include.segmentation.profile.gates import Failing, smallest_cluster
from include.segmentation.publish.gates.gate_verdict import Verdict
from include.segmentation.publish.publish_inputs import Inputs

Sizes = Mapping[str, Mapping[str, int]]
"""Macro segment -> segment key -> customers."""
_FEWEST_TO_COMPARE = 3
"""Two sizes that add up to one population are equal by chance sooner than three."""


def sizes_reconcile(population: int, sizes: Sizes) -> list[Verdict]:
    """The segments of every macro segment together are the population."""
    verdicts = []
    for macro, segments in sizes.items():
        total = sum(segments.values())
        if total == population:
            found = f"its {len(segments)} segments have {total} customers together, as the population"
            verdicts.append(Verdict.passed("populations_reconcile", macro, found))
        else:
            found = f"{total} customers are labelled but the population has {population}"
            verdicts.append(Verdict("populations_reconcile", macro, "stop", found))
    return verdicts


def sizes_differ(sizes: Sizes, failing: Failing = "stop", uncut: Collection[str] = ()) -> list[Verdict]:
    """No two macro segments have the same sizes, of three or more segments with customers, in whatever order.

    Args:
        sizes: of every macro segment.
        failing: the verdict on two that have the same.
        uncut: macro segments without a cluster. Two of them may have the same sizes: their conditions can mean the
            same.
    """
    found = {macro: Counter(n for n in segments.values() if n) for macro, segments in sizes.items()}
    pasted = [
        (one, other)
        for one, other in combinations(found, 2)
        if found[one] == found[other]
        and found[one].total() >= _FEWEST_TO_COMPARE
        and not (one in uncut and other in uncut)
    ]
    if not pasted:
        return [Verdict.passed("sizes_differ", "", f"no two of {len(sizes)} macro segments have the same sizes")]
    return [
        Verdict(
            "sizes_differ",
            other,
            failing,
            f"its segments have the same sizes as those of '{one}' "
            f"({', '.join(map(str, sorted(found[one].elements(), reverse=True)))}), as if one were a copy of the other",
        )
        for one, other in pasted
    ]


def smallest_sizes(inputs: Inputs) -> list[Verdict]:
    """No cluster of a run is smaller than a fit would allow for the stratum as it is now."""
    failing = inputs.run.profile.gates.smallest_sizes.verdict
    return [
        verdict
        for macro, model in inputs.models.items()
        for stratum in model.strata
        for place, division in stratum.divisions()
        if division.axes
        for verdict in clusters_large_enough(
            macro,
            place,
            {part.path: (inputs.sizes[macro] | inputs.micro_sizes).get(part.key, 0) for part in division.segments},
            failing,
        )
    ]


def clusters_large_enough(
    macro: str, stratum: str, clusters: Mapping[str, int], failing: Failing = "warn"
) -> list[Verdict]:
    """No cluster of a stratum is below max(2% of its customers, 100 customers).

    Args:
        macro: the macro segment.
        stratum: its stratum.
        clusters: what a cluster is called -> its customers.
        failing: the verdict on one that is too small.
    """
    floor = smallest_cluster(sum(clusters.values()))
    small = {name: customers for name, customers in clusters.items() if customers < floor}
    if not small:
        found = f"every segment of '{stratum}' has at least the {floor} customers that a fit asks of it"
        return [Verdict.passed("smallest_sizes", macro, found)]
    return [
        Verdict("smallest_sizes", macro, failing, f"segment {name} has {customers} customers left", f"{floor} and more")
        for name, customers in small.items()
    ]
