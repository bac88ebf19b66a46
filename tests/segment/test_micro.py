"""Micro segments: segments are cut once more by the same rule, keep their keys, and their rules are exact."""

import duckdb
import numpy as np
import psycopg
import pytest

from include.segmentation.artifacts import SegmentArtifacts
from include.segmentation.model.timeline import read_timeline
from include.segmentation.segment import fit, segment
from include.segmentation.segment.scoring import LABELS, score_batch, score_table

pytestmark = pytest.mark.slow

MICRO = "cluster: {k: 2, micro: {k_max: 3}}"
CENTRES = [(3, 40, 260), (8, 40, 240), (30, 2, 220), (60, 2, 200), (60, 0.5, 180)]


def crowds(seed=0, centres=CENTRES, never=40):
    """Customers around centres of (visits, gap, how many), and some who never came."""
    draw = np.random.default_rng(seed)
    visits, gaps = [0.0] * never, [None] * never
    for visit, gap, size in centres:
        visits += np.maximum(1, np.round(visit * (1 + draw.normal(0, 0.06, size)), 2)).tolist()
        gaps += np.round(np.expm1(np.log1p(gap) + draw.normal(0, 0.05, size)), 2).tolist()
    return {"visits": visits, "gap": gaps}


@pytest.fixture
def profile(make_profile, habit):
    """Two segments of the active, each to be cut once more."""
    return make_profile(habit.replace("cluster: {k_max: 4}", MICRO))


def in_postgres(server, customers, cases):
    """The keys that the rules give in PostgreSQL, None where they give none."""
    address = server.write_uri().replace("postgres://", "postgresql://") + "postgres"
    with psycopg.connect(address) as warehouse, warehouse.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE customers (n bigint, visits double precision, gap double precision)")
        with cursor.copy("COPY customers FROM STDIN") as copy:
            for n, row in enumerate(customers.to_pylist()):
                copy.write_row((n, row["visits"], row["gap"]))
        cursor.execute(f"SELECT {cases} FROM customers ORDER BY n")
        return [key or None for (key,) in cursor.fetchall()]


def newest(run):
    return read_timeline(run.lake, "habit")[-1].model


def test_a_segment_is_cut_once_more_in_a_space_of_its_own_with_the_same_evidence(profile, at, put):
    run = at(profile)
    put(run, "habit", crowds())
    summary = fit(run, "habit")

    model = newest(run)
    never, often, seldom = model.list_segments()
    assert [s.customers_at_fit for s in (never, often, seldom)] == [40, 600, 500]
    assert never.micro is None
    assert [s.customers_at_fit for s in often.micro.segments] == [200, 180, 220]
    assert sum(s.customers_at_fit for s in seldom.micro.segments) == 500
    assert summary["micro_segments"] == len(model.list_micro_segments()) > 4
    assert often.micro.axes != model.strata[1].axes
    for path, whole in {"active.01": often, "active.02": seldom}.items():
        rows = {(row.k, row.metric): row.value for row in model.evidence if row.stratum == path}
        chosen = len(whole.micro.segments)
        assert rows[chosen, "chosen"] == 1
        assert rows[chosen, "jaccard_min"] > 0.75
        assert rows[chosen, "fidelity"] > 0.8


def test_a_micro_segment_is_named_after_its_segment_and_its_own_bands(profile, at, put):
    run = at(profile)
    put(run, "habit", crowds())
    fit(run, "habit")
    model = newest(run)
    names = [s.name for s in [*model.list_segments(), *model.list_micro_segments()]]
    assert len(set(names)) == len(names)
    for whole in model.list_segments():
        for part in whole.micro.segments if whole.micro else []:
            assert part.name.startswith(f"{whole.name}: ")
            assert part.rule_words.startswith(f"{whole.name}: ")
            assert part.fidelity > 0.8
            assert part.bands
            assert part.path.startswith(f"{whole.path}.0")


def test_the_rule_of_a_micro_segment_labels_exactly_as_score_does(profile, at, put, postgres_server):
    run = at(profile)
    fitted = put(run, "habit", crowds())
    fit(run, "habit")
    model = newest(run)
    batch = put(run, "habit", crowds(seed=9, centres=[(20, 15, 500), (4, 3, 300), (40, 1, 300)]))
    for customers in (fitted, batch):
        scored = score_batch(model, customers)["micro_key"].to_pylist()
        cases = " || ".join(f"CASE WHEN {s.rule_sql} THEN '{s.key}' ELSE '' END" for s in model.list_micro_segments())
        told = duckdb.sql(f"SELECT {cases} FROM customers").fetchall()
        assert [key or None for (key,) in told] == scored
        assert in_postgres(postgres_server, customers, cases) == scored
        assert scored[:40] == [None] * 40
    sizes = {s.key: s.customers_at_fit for s in model.list_micro_segments()}
    found = score_batch(model, fitted)["micro_key"].to_pylist()
    assert {key: found.count(key) for key in sizes} == sizes


def test_a_segment_that_can_not_be_cut_has_no_micro_segments_and_says_why(profile, at, put):
    run = at(profile)
    put(run, "habit", crowds(centres=[(30, 2, 400), (60, 2, 400), (3, 40, 150)]))
    fit(run, "habit")
    often, seldom = newest(run).list_segments()[1:]
    assert len(often.micro.segments) == 2
    assert seldom.micro.segments == []
    assert seldom.micro.note == "not cut: 150 customers, fewer than twice the 100 that a cluster needs"
    segment(run, "habit")
    labels = SegmentArtifacts(run).locate_labels("habit").read_table()
    found = dict.fromkeys(zip(labels["segment_key"].to_pylist(), labels["micro_key"].to_pylist(), strict=True))
    assert {micro for key, micro in found if key == seldom.key} == {None}
    assert {micro for key, micro in found if key == often.key} == {s.key for s in often.micro.segments}


def test_micro_segments_may_have_kpis_of_their_own(make_profile, habit, at, put):
    by_gap = "kpis: [visits]\n        cluster: {k: 2, micro: {k: 2, kpis: [gap]}}"
    profile = make_profile(habit.replace("kpis: [visits, gap]\n        cluster: {k_max: 4}", by_gap))
    run = at(profile)
    put(run, "habit", crowds())
    fit(run, "habit")
    model = newest(run)
    assert [axis.kpi for axis in model.strata[1].axes] == ["visits"]
    assert {axis.kpi for s in model.list_segments() if s.micro for axis in s.micro.axes} == {"gap"}
    assert model.windows.keys() == {"gap", "visits"}


def test_keys_follow_the_customers_into_a_refit_and_what_is_gone_is_told(make_profile, habit, at, put):
    profile = make_profile(habit.replace("cluster: {k_max: 4}", "cluster: {k: 2, micro: {k: 2}}"))
    seldom, often, crossed = (
        [(3, 40, 200), (8, 40, 180)],
        [(30, 2, 160), (60, 0.5, 140)],
        [(30, 0.5, 150), (60, 2, 150)],
    )
    put(at(profile), "habit", crowds(centres=seldom + often))
    fit(at(profile), "habit")
    later, last = at(profile, "2025-05-01"), at(profile, "2025-06-01")
    put(later, "habit", crowds(seed=5, centres=seldom + often))
    again = fit(later, "habit")
    put(last, "habit", crowds(seed=6, centres=seldom + crossed))
    other = fit(last, "habit")

    first, second, third = (entry.model for entry in read_timeline(last.lake, "habit"))
    keys = [s.key for s in first.list_micro_segments()]
    assert (again["status"], again["lineage"]) == ("accepted", {"survived": 3 + 4})
    assert [s.key for s in second.list_micro_segments()] == keys
    assert not {s.key for s in first.list_segments()} & set(keys)
    assert other["status"] == "candidate"
    assert [s.key for s in third.list_segments()] == [s.key for s in first.list_segments()]
    gone = set(keys) - {s.key for s in third.list_micro_segments()}
    told = {row.from_key for row in third.lineage if row.kind != "survived"}
    assert gone
    assert gone == told


def test_neither_the_order_of_the_customers_nor_chunks_change_a_byte(profile, at, put):
    first, second = at(profile), at(profile, "2025-02-02")
    kpis = crowds()
    order = np.random.default_rng(4).permutation(len(kpis["visits"]))
    table = put(first, "habit", kpis)
    put(second, "habit", {name: [values[row] for row in order] for name, values in kpis.items()})
    for run in (first, second):
        fit(run, "habit")
    one, other = (entry.model for entry in read_timeline(first.lake, "habit"))
    assert one.strata[1].model_dump_json() == other.strata[1].model_dump_json().replace("-02-02", "-02-01")
    assert one.evidence == other.evidence
    whole = score_table(one, table)
    parts = [score_batch(one, table.slice(row, 7)) for row in range(0, table.num_rows, 7)]
    assert whole.combine_chunks() == type(whole).from_batches([b for part in parts for b in part.to_batches()], LABELS)


def test_the_dendrogram_joins_what_is_most_alike_first_by_size(profile, at, put):
    run = at(profile)
    put(run, "habit", crowds())
    fit(run, "habit")
    often = newest(run).list_segments()[1].micro
    heights = [join.height for join in often.joins]
    assert len(heights) == 2
    assert heights == sorted(heights)
    assert 0.5 < heights[-1] <= 1
    seen = [end for join in often.joins for end in (join.left, join.right)]
    assert sorted(seen) == [0, 1, 2, 3]
