"""Can a few words describe the clusters? A small decision tree on the KPIs in their own units tries."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from include.segmentation.common.arrays import Floats, Integers
from include.segmentation.model.decision_tree import grow_tree
from include.segmentation.segment.space.weighted_statistics import take_every_nth

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier

EXPLANATION_DEPTH = 4
FAITHFUL = 0.80
_TREE_CUSTOMERS = 50_000


@dataclass(frozen=True)
class ClusterExplanation:
    """The clusters of a stratum as yes-or-no questions about one KPI each.

    Attributes:
        tree: a fitted ``sklearn.tree.DecisionTreeClassifier`` of depth ``EXPLANATION_DEPTH``; its features are the
            columns of the values, its classes the labels.
        fidelity: the share of all customers whom the tree labels as the clusters do.
    """

    tree: "DecisionTreeClassifier"
    fidelity: float


def explain_clusters(values: Floats, counts: Integers, labels: Integers) -> ClusterExplanation:
    """Grow the tree that imitates the clusters, and measure how often it agrees with them.

    Args:
        values: float64[vectors, KPIs], in the KPIs' own units.
        counts: int64[vectors], the customers behind each; the tree sees at most ``_TREE_CUSTOMERS``, every n-th.
        labels: int64[vectors], the clusters.
    """
    vectors, sizes = take_every_nth(counts, _TREE_CUSTOMERS)
    tree = grow_tree(values[vectors], labels[vectors], sizes, depth=EXPLANATION_DEPTH)
    agreeing = counts[np.asarray(tree.predict(values)) == labels].sum()
    return ClusterExplanation(tree, float(agreeing / counts.sum()))
