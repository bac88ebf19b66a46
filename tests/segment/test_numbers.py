"""Numbers that were measured elsewhere on public data, reproduced by this stage's own functions."""

import subprocess
import sys

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from originals import CARDS, INSIDERS, RETAIL, needs
from segment_vectors import vectors_of
from sklearn.cluster import KMeans as Lloyd
from sklearn.metrics import adjusted_rand_score, silhouette_score

from benchmarks.segment.learners import draw_sparse_counts
from demo.learning.thresholds import list_clusters
from include.segmentation.artifacts import MeasureArtifacts, SegmentArtifacts
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.strata import ClusterChoice
from include.segmentation.segment import fit, segment
from include.segmentation.segment.cluster.kmeans import KMeans
from include.segmentation.segment.cluster.ward import Ward
from include.segmentation.segment.evidence.cluster_count import choose_cluster_count
from include.segmentation.segment.evidence.silhouette import compute_silhouette, sample_clusters
from include.segmentation.segment.evidence.sort_baseline import SortBaseline
from include.segmentation.segment.space.thread_limit import limit_to_one_thread

pytestmark = pytest.mark.slow


def walked(people, seed=1):
    """The walk as a profile's ``cluster: auto`` does it."""
    with limit_to_one_thread():
        return choose_cluster_count("all", people, ClusterChoice(), seed)


@pytest.fixture(scope="module")
def cards():
    table = pq.read_table(CARDS)
    columns = [name for name in table.column_names if name != "CUST_ID"]
    return np.column_stack([np.nan_to_num(table[name].to_numpy().astype(float)) for name in columns])


@needs(CARDS)
def test_n6_silhouettes_of_the_card_holders(cards):
    people = vectors_of(cards)
    found = []
    with limit_to_one_thread():
        for k in range(2, 9):
            labels = KMeans(people.points, people.counts).compute_labels(k)
            found.append(compute_silhouette(people.points, people.counts, labels))
            if k == 4:
                assert sorted(np.bincount(labels).tolist()) == pytest.approx([409, 1197, 3367, 3977], abs=12)
    assert found == pytest.approx([0.210, 0.250, 0.198, 0.193, 0.203, 0.215, 0.222], abs=0.0015)


SPENDING = [
    *("PURCHASES", "ONEOFF_PURCHASES", "INSTALLMENTS_PURCHASES", "PURCHASES_FREQUENCY", "ONEOFF_PURCHASES_FREQUENCY"),
    *("PURCHASES_INSTALLMENTS_FREQUENCY", "PURCHASES_TRX"),
]
CASH_ADVANCE = ["CASH_ADVANCE", "CASH_ADVANCE_FREQUENCY", "CASH_ADVANCE_TRX"]


@needs(CARDS)
@pytest.mark.parametrize(("columns", "expected"), [([], {6}), (SPENDING, {5, 6}), (CASH_ADVANCE, {5})])
def test_n6b_the_walk_over_the_card_holders(cards, columns, expected):
    """In logarithms, not standardised: standardised, k = 4 of all 17 columns has a Jaccard of 0.74 to 0.75."""
    names = [name for name in pq.read_schema(CARDS).names if name != "CUST_ID"]
    chosen = [names.index(name) for name in columns] or list(range(len(names)))
    assert walked(vectors_of(cards[:, chosen], "log1p", "none")).partition.k in expected


@pytest.fixture(scope="module")
def buyers():
    """Per customer with a purchase, over all time, what the names say."""
    return duckdb.execute(
        """
        WITH lines AS (SELECT *, Quantity * UnitPrice AS value FROM read_parquet($file) WHERE CustomerID IS NOT NULL),
        bought AS (
            SELECT CustomerID, date_diff('day', max(InvoiceDate), (SELECT max(InvoiceDate) FROM lines)) AS recency,
                count(DISTINCT InvoiceNo) AS invoices, sum(value)::DOUBLE AS revenue, count(*) AS lines,
                count(DISTINCT StockCode) AS products,
                coalesce(date_diff('day', min(InvoiceDate), max(InvoiceDate)) / nullif(invoices - 1, 0), 0) AS interval,
                date_diff('day', max(InvoiceDate) FILTER (UnitPrice > 0), TIMESTAMP '2011-12-10') AS days_ago,
                sum(value) FILTER (UnitPrice > 0) AS paid, count(DISTINCT InvoiceNo) FILTER (UnitPrice > 0) AS orders
            FROM lines WHERE Quantity > 0 AND InvoiceNo NOT LIKE 'C%' GROUP BY CustomerID
        ),
        back AS (SELECT CustomerID, -sum(value) AS returned FROM lines WHERE InvoiceNo LIKE 'C%' GROUP BY CustomerID)
        SELECT bought.*, coalesce(returned, 0) AS returned FROM bought LEFT JOIN back USING (CustomerID) ORDER BY ALL
        """,
        {"file": str(RETAIL)},
    ).fetchnumpy()


def columns_of(buyers, *names):
    return np.column_stack([buyers[name].astype(float) for name in names])


@needs(RETAIL)
def test_n5_the_top_of_the_buyers_and_their_silhouettes(buyers):
    """Which seven features it were is not known; of 15,504 sets with recency and revenue these come closest."""
    people = vectors_of(
        columns_of(buyers, "recency", "invoices", "revenue", "products", "lines", "interval", "returned"), "log1p"
    )
    assert people.customers == 4339
    revenue = SortBaseline("revenue", people.values[:, 2], people.counts)
    assert revenue.sorting_share == pytest.approx(0.828, abs=0.0005)
    found = []
    with limit_to_one_thread():
        for k in range(2, 6):
            labels = KMeans(people.points, people.counts).compute_labels(k)
            assert revenue.compute_cluster_share(labels) < revenue.sorting_share
            found.append(compute_silhouette(people.points, people.counts, labels))
    assert found == pytest.approx([0.361, 0.313, 0.275, 0.228], abs=0.009)


@needs(RETAIL)
def test_n6b_repeat_buyers_are_cut_into_five(buyers):
    """Its k = 4 is marginal (0.75 to 0.77)."""
    again = {name: values[buyers["orders"] >= 2] for name, values in buyers.items()}
    choice = walked(vectors_of(columns_of(again, "days_ago", "orders", "paid"), "log1p"))
    assert choice.partition.k == 5


def test_n8_distinct_vectors_do_as_well_as_every_row():
    rows = np.log1p(draw_sparse_counts(100_000))
    people = vectors_of(rows)
    everybody = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    with limit_to_one_thread():
        ours = KMeans(people.points, people.counts).make_partition(6)
        theirs = Lloyd(6, n_init=2, random_state=0).fit(everybody)
    assert len(people.counts) < 10_000
    assert ours.inertia <= 1.001 * theirs.inertia_


@pytest.fixture(scope="module")
def insiders():
    table = pq.read_table(INSIDERS)
    rfm = np.column_stack([table[name].to_numpy().astype(float) for name in ("GrossRevenue", "Recency", "Frequency")])
    order = np.lexsort(rfm.T[::-1])
    return rfm[order], table["Cluster"].to_numpy()[order]


@needs(INSIDERS)
def test_n3_silhouettes_of_the_insiders(insiders):
    people = vectors_of(insiders[0], "log1p", "minmax")
    with limit_to_one_thread():
        labels = [KMeans(people.points, people.counts).compute_labels(k) for k in range(2, 6)]
    found = [compute_silhouette(people.points, people.counts, of_k) for of_k in labels]
    assert found == pytest.approx([0.449, 0.367, 0.370, 0.363], abs=0.0015)


@needs(INSIDERS)
def test_n3_ward_gives_the_insiders_their_published_clusters(insiders):
    people = vectors_of(insiders[0], "log1p", "minmax")
    with limit_to_one_thread():
        tree = Ward(people.points, people.counts)
        labels, frozen = tree.compute_labels(10), tree.make_partition(10)
    assert adjusted_rand_score(insiders[1], np.repeat(labels, people.counts)) == 1
    assert compute_silhouette(people.points, people.counts, labels) == pytest.approx(0.243, abs=0.0005)
    assert frozen.agreement > 0.96
    assert frozen.agreement == pytest.approx(people.counts[labels == frozen.labels].sum() / people.customers)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_cloud_without_structure_is_not_cut_further(seed):
    people = vectors_of(np.random.default_rng(seed).normal(size=(4000, 4)))
    with limit_to_one_thread():
        choice = choose_cluster_count("cloud", people, ClusterChoice(k_max=8))
    assert choice.partition is None
    assert choice.note.startswith("not cut: k = 2: a cluster comes back with a Jaccard of ")


def test_the_weighted_silhouette_equals_that_of_every_customer():
    draw = np.random.default_rng(3)
    people = np.concatenate([draw.integers(0, 4, (300, 2)), draw.integers(6, 9, (200, 2))]).astype(float)
    points, counts = np.unique(people, axis=0, return_counts=True)
    labels = (points[:, 0] > 5).astype(np.int64)
    everyone = silhouette_score(np.repeat(points, counts, axis=0), np.repeat(labels, counts))
    assert compute_silhouette(points, counts, labels) == pytest.approx(everyone)


def test_a_sample_keeps_the_shares_of_the_clusters():
    labels = np.repeat([1, 0, 1], [100, 30, 70])
    counts = np.repeat([10, 100, 20], [100, 30, 70])
    vectors, people = sample_clusters(counts, labels)
    assert people.sum() == 2000
    assert people[labels[vectors] == 0].sum() == pytest.approx(2000 * 3000 / 5400, abs=1)


def test_n1_raw_k_means_puts_learners_with_no_return_and_with_one_together():
    """The originals' way on their first month: a fine silhouette, as three quarters of the learners are two points.

    How the learners lay inside of the published ranges is not known: here most have the fewest returns of their range
    and an interval near its middle.
    """
    draw, drawn = np.random.default_rng(1), []
    for published in list_clusters("loyalty", 1):
        (low, high), (fewest, most) = published.ranges["days_to_return"], published.ranges["count_of_returns"]
        interval = draw.normal((low + high) / 2, (high - low) / 8, published.learners).round().clip(low, high)
        any_number = draw.integers(int(fewest), int(most) + 1, published.learners)
        drawn.append(np.column_stack([interval, np.where(draw.random(published.learners) < 0.85, fewest, any_number)]))
    people = vectors_of(np.concatenate(drawn), scale="none")
    assert people.customers == 33_280
    with limit_to_one_thread():
        labels = KMeans(people.points, people.counts).compute_labels(5)
    assert compute_silhouette(people.points, people.counts, labels) == pytest.approx(0.78, abs=0.04)
    returns = people.values[:, 1]
    assert set(labels[returns == 0]) == set(labels[returns == 1]) & set(labels[returns == 0])
    assert np.bincount(labels, weights=people.counts).max() == pytest.approx(9320 + 19195, abs=50)


def test_n1_learners_with_no_return_and_with_one_never_share_a_segment(lake_root, at, put):
    """The originals' first month: 9,320 learners without and 19,195 with one to four returns, in one cluster."""
    draw = np.random.default_rng(7)
    returns = np.concatenate([np.zeros(9320), draw.integers(1, 5, 19195), draw.integers(1, 2, 264)])
    returns = np.concatenate([returns, draw.integers(1, 6, 2592), draw.integers(5, 25, 1909)])
    gap = np.round(30 / (returns + 1) * draw.uniform(0.2, 1, len(returns)), 1)
    run = at(load_profile("learning"))
    kpis = {
        "count_of_returns": returns.tolist(),
        "avg_days_between_returns": [g if r else None for r, g in zip(returns, gap, strict=True)],
        "days_since_last_visit": draw.integers(0, 30, len(returns)).astype(float).tolist(),
        "lifetime_visit_days": (returns + 1).tolist(),
    }
    people = put(run, "loyalty", kpis)
    cohorts = people.slice(0, 0).append_column("cohort", pa.array([], pa.date32()))
    cohorts = cohorts.append_column("month", pa.array([], pa.int64()))
    MeasureArtifacts(run).locate_cohort_kpis("loyalty").write_table(cohorts)  # no month is complete yet
    fit(run, "loyalty")
    segment(run, "loyalty")
    keys = np.array(SegmentArtifacts(run).locate_labels("loyalty").read_table()["segment_key"].to_pylist())
    assert len(keys) == 33_280
    assert not set(keys[returns == 0]) & set(keys[returns >= 1])


def test_a_fit_is_limited_to_one_thread_also_in_libraries_that_it_loads_itself():
    code = (
        "import numpy\n"
        "from threadpoolctl import threadpool_info, threadpool_limits\n"
        "from include.segmentation.segment.space.thread_limit import limit_to_one_thread\n"
        "with threadpool_limits(2), limit_to_one_thread():\n"
        "    from sklearn.cluster import HDBSCAN, KMeans\n"
        "    from sklearn.mixture import GaussianMixture\n"
        "    print(sorted({(pool['user_api'], pool['num_threads']) for pool in threadpool_info()}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[('blas', 1), ('openmp', 1)]"
