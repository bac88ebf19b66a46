"""Gates over the sizes of segments alone: a table of sizes from anywhere can be put through them."""

from collections import Counter
from collections.abc import Mapping
from itertools import combinations

from include.segmentation.gates import Failing
from include.segmentation.publish.gates.verdict import Verdict

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


def sizes_differ(sizes: Sizes, failing: Failing = "stop") -> list[Verdict]:
    """No two macro segments have the same sizes, of three or more segments with customers, in whatever order."""
    found = {macro: Counter(n for n in segments.values() if n) for macro, segments in sizes.items()}
    pasted = [
        (one, other)
        for one, other in combinations(found, 2)
        if found[one] == found[other] and found[one].total() >= _FEWEST_TO_COMPARE
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
