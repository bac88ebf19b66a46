"""The same customers give the same bytes, however they come."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from include.segmentation.artifacts import MeasureArtifacts, SegmentArtifacts
from include.segmentation.model.timeline import read_timeline
from include.segmentation.segment import fit, segment

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("most_vectors", [1_000_000, 300])
def test_a_model_and_its_labels_depend_on_no_order_chunk_or_thread(monkeypatch, make_profile, at, put, most_vectors):
    monkeypatch.setattr("include.segmentation.segment.space.distinct_vectors.MAX_VECTORS", most_vectors)
    run = at(make_profile())
    draw = np.random.default_rng(4)
    visits = np.concatenate([draw.integers(1, 5, 400), draw.integers(14, 24, 400), np.zeros(60, dtype=int)])
    gaps = [round(30 / v + draw.uniform(0, 6), 1) if v else None for v in visits]
    people = put(run, "habit", {"visits": visits.tolist(), "gap": gaps})
    place = f"{run.lake.uri}/{MeasureArtifacts(run).locate_kpis('habit').path}"

    def outcome():
        fit(run, "habit")
        segment(run, "habit")
        (entry,) = read_timeline(run.lake, "habit")  # any other byte would be another model
        labels = SegmentArtifacts(run).locate_labels("habit").read_table().sort_by("customer_id")
        written = io.BytesIO()
        pq.write_table(labels.combine_chunks(), written)
        return entry.model.model_dump_json(), written.getvalue()

    first = outcome()
    (entry,) = read_timeline(run.lake, "habit")
    assert max(len(stratum.segments) for stratum in entry.model.strata) > 1  # there are clusters to be the same

    @settings(max_examples=2, deadline=None)
    @given(order=st.randoms(use_true_random=False), rows=st.integers(20, 600), threads=st.sampled_from([1, 2, 4]))
    def same(order, rows, threads):
        shuffled = list(range(people.num_rows))
        order.shuffle(shuffled)
        pq.write_table(people.take(shuffled), place, row_group_size=rows)
        with threadpool_limits(threads):
            assert outcome() == first

    same()
