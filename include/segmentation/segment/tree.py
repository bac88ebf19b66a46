"""Can the clusters be told in a few words? A small decision tree on the KPIs in their own units tries."""

from typing import TYPE_CHECKING

import numpy as np

from include.segmentation.segment.kmeans import SEED
from include.segmentation.segment.weighted import Floats, Integers, every_nth

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier

DEPTH = 4
FAITHFUL = 0.80
_PEOPLE = 50_000


def grow(values: Floats, counts: Integers, labels: Integers) -> "DecisionTreeClassifier":
    """A decision tree of at most ``DEPTH`` questions that labels as the clusters do, as well as it can.

    Args:
        values: float64[vectors, KPIs], in the KPIs' own units.
        counts: int64[vectors], the customers behind each; at most ``_PEOPLE``, every n-th, are looked at.
        labels: int64[vectors], the clusters.
    """
    from sklearn.tree import DecisionTreeClassifier

    taken, people = every_nth(counts, _PEOPLE)
    tree = DecisionTreeClassifier(max_depth=DEPTH, random_state=SEED)
    return tree.fit(values[taken], labels[taken], sample_weight=people)


def fidelity(tree: "DecisionTreeClassifier", values: Floats, counts: Integers, labels: Integers) -> float:
    """The share of all customers whom the tree labels as the clusters do."""
    return float(counts[tree.predict(values) == labels].sum() / counts.sum())


def explained(values: Floats, counts: Integers, labels: Integers) -> float:
    """The fidelity of the tree that is grown for these clusters."""
    return fidelity(grow(values, counts, labels), values, counts, np.asarray(labels))
