"""Keys follow customers: what survives, splits, merges, appears and disappears between two models."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.segmentation.model.model import KpiAxis, Model, SegmentDefinition, StratumModel
from include.segmentation.segment.segment_identity import assign_keys


def a_model(name: str, clusters: list[str], whole: tuple[str, ...] = ()) -> Model:
    """A model of stratum ``active`` with clusters of these keys, and of strata that are one segment each."""
    strata = [_stratum("active", clusters, [[1.0]]), *(_stratum(stratum, [stratum], []) for stratum in whole)]
    return Model(
        model_id=name,
        profile="tiny",
        macro_segment="habit",
        effective_from=datetime(2025, 2, 1, tzinfo=UTC),
        seed=42,
        customers=0,
        strata=[stratum for stratum in strata if stratum.segments],
        evidence=[],
    )


def _stratum(name: str, keys: list[str], prototypes: list[list[float]]) -> StratumModel:
    words = {"name": "", "description": "", "bands": [], "rule_sql": "", "rule_words": "", "customers_at_fit": 0}
    segments = [SegmentDefinition.model_validate(words | {"key": k, "path": k, "prototypes": prototypes}) for k in keys]
    return StratumModel(
        name=name,
        label=name,
        when="true",
        axes=[KpiAxis(kpi="visits")] if prototypes else [],
        segments=segments,
    )


def rows_of(model: Model) -> set[tuple]:
    return {(row.kind, row.from_key, row.to_key, round(row.jaccard, 3), row.share) for row in model.lineage}


def test_clusters_that_change_places_keep_their_keys():
    overlap = {("a", "2"): 90, ("a", "1"): 10, ("b", "1"): 100}
    model = assign_keys(a_model("new", ["1", "2"]), a_model("old", ["a", "b"]), overlap)
    assert [s.key for s in model.list_segments()] == ["b", "a"]
    assert {row.kind for row in model.lineage} == {"survived"}


def test_two_segments_that_become_one_are_merged():
    overlap = {("a", "1"): 100, ("b", "1"): 100, ("c", "2"): 50}
    model = assign_keys(a_model("new", ["1", "2"]), a_model("old", ["a", "b", "c"]), overlap)
    merged = model.list_segments()[0].key
    assert merged not in {"a", "b", "c"}
    assert rows_of(model) == {
        ("merged", "a", merged, 0.5, 1.0),
        ("merged", "b", merged, 0.5, 1.0),
        ("survived", "c", "c", 1.0, 1.0),
    }


@pytest.mark.parametrize(("moved", "kinds"), [(25, ["split", "survived", "survived"]), (24, ["survived", "survived"])])
def test_a_quarter_of_a_segment_is_a_flow(moved, kinds):
    overlap = {("a", "2"): 100 - moved, ("a", "1"): moved, ("b", "1"): 100}
    model = assign_keys(a_model("new", ["1", "2"]), a_model("old", ["a", "b"]), overlap)
    assert sorted(row.kind for row in model.lineage) == kinds
    assert [row.share for row in model.lineage if row.kind == "split"] == ([0.25] if moved == 25 else [])


def test_what_no_flow_explains_appeared_or_disappeared():
    overlap = {("a", "1"): 20, ("a", "2"): 20, ("a", "3"): 20, ("a", "4"): 20, ("a", "5"): 20, ("b", "1"): 500}
    model = assign_keys(a_model("new", ["1", "2", "3", "4", "5"]), a_model("old", ["a", "b"]), overlap)
    kinds = sorted(row.kind for row in model.lineage)
    assert kinds == ["appeared"] * 4 + ["disappeared", "survived"]


def test_a_whole_stratum_keeps_its_key_even_when_it_is_empty_and_loses_it_with_the_stratum():
    first = assign_keys(a_model("old", [], ("never", "lapsed")), None, {})
    never, lapsed = (s.key for s in first.list_segments())
    second = assign_keys(a_model("new", [], ("never", "fresh")), first, {(never, "never"): 5})
    assert second.list_segments()[0].key == never
    assert {(row.kind, row.from_key) for row in second.lineage} == {
        ("survived", never),
        ("disappeared", lapsed),
        ("appeared", None),
    }


def whole(when: str, resolution: float = 1.0) -> Model:
    """A model of one stratum that is one segment, with this rule."""
    model = a_model("some", [], ("never",))
    rule = {"strata": [model.strata[0].model_copy(update={"when": when})]}
    return model.model_copy(update=rule | {"windows": {"visits": "lifetime"}, "resolutions": {"visits": resolution}})


def test_another_rule_of_a_whole_stratum_is_another_segment():
    first = assign_keys(whole("visits = 0"), None, {})
    (old,) = (s.key for s in first.list_segments())
    assert [s.key for s in assign_keys(whole("visits  =0 -- nobody"), first, {}).list_segments()] == [old]
    for changed in (whole("visits <= 1"), whole("visits = 0", resolution=0.1)):
        model = assign_keys(changed, first, {(old, "never"): 5})
        assert model.list_segments()[0].key != old
        assert sorted(row.kind for row in model.lineage) == ["appeared", "disappeared"]


@settings(max_examples=60, deadline=None)
@given(overlap=st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("1234")), st.integers(1, 50)))
def test_no_key_is_given_twice_and_every_segment_is_accounted_for(overlap):
    old = a_model("old", list("abcd"))
    model = assign_keys(a_model("new", list("1234")), old, overlap)
    keys = [s.key for s in model.list_segments()]
    assert len(set(keys)) == 4
    assert {row.from_key for row in model.lineage} - {None} == set("abcd")
    assert {row.to_key for row in model.lineage} - {None} == set(keys)
    for row in model.lineage:
        assert 0 <= row.jaccard <= 1
        assert (row.kind == "survived") == (row.from_key == row.to_key)


def test_keys_are_opaque_and_never_those_of_another_model():
    first, second = (assign_keys(a_model(name, ["1", "2"]), None, {}) for name in ("old", "new"))
    keys = [s.key for model in (first, second) for s in model.list_segments()]
    assert len(set(keys)) == 4
    assert all(key.startswith("sg_") and len(key) == 13 for key in keys)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_key_that_was_dropped_never_comes_back_whatever_is_decided(data):
    """Models in a row, several fitted after the same one, any of them accepted: what those drop stays gone."""
    in_use, gone, fits = assign_keys(a_model("first", ["1", "2"], ("never",)), None, {}), set(), 0
    for _ in range(data.draw(st.integers(2, 5))):
        candidates = []
        for _ in range(data.draw(st.integers(1, 3))):
            fits += 1
            paths = [str(number) for number in range(1, data.draw(st.integers(1, 4)))]
            draft = a_model(f"fit {fits}", paths, data.draw(st.sampled_from([(), ("never",), ("never", "gone")])))
            pairs = st.tuples(
                st.sampled_from([s.key for s in in_use.list_segments()]), st.sampled_from(paths or ["never"])
            )
            candidates.append(assign_keys(draft, in_use, data.draw(st.dictionaries(pairs, st.integers(1, 9)))))
        accepted = data.draw(st.sampled_from([model for model in candidates if model.strata] or [in_use]))
        gone |= {s.key for s in in_use.list_segments()} - {s.key for s in accepted.list_segments()}
        in_use = accepted
        assert not gone & {s.key for s in in_use.list_segments()}
