"""Fit: strata, clusters with evidence, names, keys and the timeline, through the public door."""

import re
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from include.segmentation.artifacts import FitSummary, LabelSummary, MeasureArtifacts, SegmentArtifacts
from include.segmentation.errors import DataError, NotReadyError
from include.segmentation.model.timeline import find_effective_model, read_timeline
from include.segmentation.segment import accept_model, fit, list_candidates, reject_model, segment

pytestmark = pytest.mark.slow

CENTRES = {"rare": (4, 25), "steady": (12, 9), "keen": (30, 1)}


def crowds(sizes, seed=0, never=40, centres=CENTRES):
    """Customers around centres of (visits, gap), and some who never came."""
    draw = np.random.default_rng(seed)
    visits, gaps = [0.0] * never, [None] * never
    for name, size in sizes.items():
        visit, gap = centres[name]
        visits += np.maximum(1, np.round(visit + draw.normal(0, 0.8, size), 2)).tolist()
        gaps += np.round(np.expm1(np.log1p(gap) + draw.normal(0, 0.09, size)), 2).tolist()
    return {"visits": visits, "gap": gaps}


THREE = {"rare": 320, "steady": 300, "keen": 280}


def test_three_separated_crowds_become_three_named_segments(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", crowds(THREE))

    summary = fit(run, "habit")

    (entry,) = read_timeline(run.lake, "habit")
    names = {s.name: s.customers_at_fit for s in entry.model.list_segments()}
    assert names == {
        "Never came": 40,
        "Active, Many Visits, Short Interval": 280,
        "Active, Many Visits, Medium Interval": 300,
        "Active, Few To Some Visits, Long Interval": 320,
    }
    assert [s.path for s in entry.model.list_segments()] == [
        "habit.never",
        "habit.active.01",
        "habit.active.02",
        "habit.active.03",
    ]
    assert (summary["status"], summary["segments"], summary["customers"]) == ("accepted", 4, 940)
    assert FitSummary.read_from(run, "habit").to_dict() == summary


def test_the_evidence_of_every_k_is_kept_and_says_which_was_chosen(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", crowds(THREE))
    fit(run, "habit")

    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    found = {(row.k, row.metric): row for row in model.evidence if row.algorithm == "kmeans"}
    assert {row.stratum for row in model.evidence} == {"active"}
    assert [k for (k, metric), row in found.items() if metric == "chosen" and row.value == 1] == [3]
    assert found[3, "jaccard_min"].value > 0.95
    assert found[4, "jaccard_min"].value < 0.75
    assert found[1, "inertia"].value > found[2, "inertia"].value > found[3, "inertia"].value
    assert found[3, "silhouette"].value > 0.7
    assert found[3, "smallest_share"].value == pytest.approx(280 / 900)
    assert found[3, "largest_share"].value == pytest.approx(320 / 900)
    for metric in ("jaccard_cluster_1", "jaccard_cluster_2", "jaccard_cluster_3"):
        assert 0.9 < found[3, metric].value <= 1
        assert found[3, metric].standard_error >= 0


def test_a_band_claim_is_kept_as_words_and_as_numbers(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", crowds(THREE))
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    keen = model.list_segments()[1]
    assert [(b.kpi, b.low_word, b.high_word, b.low, b.high) for b in keen.bands] == [
        ("visits", "Many", "Many", 10, None),
        ("gap", "Short", "Short", None, 5),
    ]


def test_a_fit_before_the_first_fit_is_refused(make_profile, at, put):
    run = at(make_profile(), "2025-01-20")
    put(run, "habit", crowds(THREE))
    with pytest.raises(NotReadyError, match=r"tiny\.yaml: schedule\.first_fit is 2025-02-01"):
        fit(run, "habit")
    assert read_timeline(run.lake, "habit") == []


def test_fitting_again_changes_nothing(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", crowds(THREE))
    first = fit(run, "habit")
    before = read_timeline(run.lake, "habit")
    second = fit(run, "habit")
    assert first | {"seconds": 0} == second | {"seconds": 0}
    assert read_timeline(run.lake, "habit") == before


def test_a_refit_in_which_everyone_survives_keeps_keys_and_is_accepted_by_itself(make_profile, at, put):
    profile = make_profile()
    put(at(profile), "habit", crowds(THREE))
    fit(at(profile), "habit")
    later = at(profile, "2025-05-01")
    put(later, "habit", crowds(THREE, seed=2))

    summary = fit(later, "habit")

    first, second = (entry.model for entry in read_timeline(later.lake, "habit"))
    assert summary["status"] == "accepted"
    assert summary["lineage"] == {"survived": 4}
    assert [s.key for s in second.list_segments()] == [s.key for s in first.list_segments()]
    assert second.model_id != first.model_id


def test_keys_follow_the_customers_when_clusters_change_places(make_profile, at, put):
    profile = make_profile()
    put(at(profile), "habit", crowds(THREE))
    fit(at(profile), "habit")
    before = {s.customers_at_fit: s.key for s in read_timeline(at(profile).lake, "habit")[0].model.list_segments()}
    later = at(profile, "2025-05-01")
    # The rare visitors now come between the others' rhythm: their centroid passes another in the order of the paths.
    moved = CENTRES | {"rare": (13, 25), "steady": (12, 9)}
    put(later, "habit", crowds(THREE, seed=3, centres=moved))
    fit(later, "habit")
    model = read_timeline(later.lake, "habit")[-1].model
    after = {s.customers_at_fit: (s.key, s.path) for s in model.list_segments()}
    assert after[320] == (before[320], "habit.active.02")
    assert after[300] == (before[300], "habit.active.03")


def test_a_split_is_recorded_and_waits_for_a_person(make_profile, at, put):
    profile = make_profile()
    put(at(profile), "habit", crowds(THREE))
    fit(at(profile), "habit")
    later = at(profile, "2025-05-01")
    four = CENTRES | {"rare_a": (4, 40), "rare_b": (8, 16)}
    put(later, "habit", crowds({"rare_a": 250, "rare_b": 240, "steady": 300, "keen": 280}, centres=four))

    summary = fit(later, "habit")

    assert summary["status"] == "candidate"
    model = read_timeline(later.lake, "habit")[-1].model
    old, _ = find_effective_model(later.lake, "habit", later.as_of)
    rare = next(s.key for s in old.list_segments() if s.name == "Active, Few To Some Visits, Long Interval")
    parts = [row for row in model.lineage if row.from_key == rare]
    assert sorted(row.kind for row in parts) == ["split", "survived"]
    assert sum(row.share for row in parts) == pytest.approx(1)
    assert 0.5 < next(row for row in parts if row.kind == "survived").jaccard < 0.75
    assert len({s.key for s in model.list_segments()}) == 5
    assert segment(later, "habit")["model_id"] == old.model_id  # a candidate never blocks scoring


@pytest.fixture
def candidate(make_profile, at, put):
    """A run at which a refit waits for a person."""
    profile = make_profile()
    put(at(profile), "habit", crowds(THREE))
    fit(at(profile), "habit")
    later = at(profile, "2025-05-01")
    put(later, "habit", crowds({"rare": 400, "keen": 400}))
    assert fit(later, "habit")["status"] == "candidate"
    return later


def test_an_accepted_candidate_scores_from_its_effective_from_on(candidate, at, put):
    model = read_timeline(candidate.lake, "habit")[-1].model
    assert {row.kind for row in model.lineage} >= {"survived", "disappeared"}
    answer = accept_model(candidate.profile, model.model_id, "ada")
    assert answer == {"model_id": model.model_id, "macro_segment": "habit", "status": "accepted"}
    assert accept_model(candidate.profile, model.model_id, "ada") == answer
    assert read_timeline(candidate.lake, "habit")[-1].decided_by == "ada"
    assert segment(candidate, "habit")["model_id"] == model.model_id
    earlier = at(candidate.profile, "2025-03-01")
    put(earlier, "habit", crowds(THREE))
    assert segment(earlier, "habit")["model_id"] != model.model_id


def test_a_rejected_candidate_stays_rejected_when_fitted_again(candidate):
    model_id = read_timeline(candidate.lake, "habit")[-1].model.model_id
    reject_model(candidate.profile, model_id, "ada")
    assert fit(candidate, "habit")["status"] == "rejected"
    assert segment(candidate, "habit")["model_id"] != model_id
    with pytest.raises(DataError, match="is rejected; allowed: a candidate"):
        accept_model(candidate.profile, model_id, "ada")


def test_accepting_a_model_retires_the_candidates_it_overtakes_until_they_are_fitted_again(candidate, at, put):
    first = read_timeline(candidate.lake, "habit")[-1].model.model_id
    later = at(candidate.profile, "2025-06-01")
    put(later, "habit", crowds({"rare": 380, "keen": 390}, seed=2))
    assert fit(later, "habit")["status"] == "candidate"
    accept_model(candidate.profile, first, "ada")
    assert [entry.status for entry in read_timeline(later.lake, "habit")] == ["accepted", "accepted", "retired"]
    assert fit(later, "habit")["status"] == "accepted"  # compared with the accepted one, everyone survives


def test_a_candidate_fitted_again_on_corrected_data_takes_the_place_of_the_first(candidate, put):
    """Two of one day would be one question with two answers."""
    put(candidate, "habit", crowds({"rare": 410, "keen": 400}, seed=5))
    (first,) = list_candidates(candidate)
    second = fit(candidate, "habit")
    assert [model.model_id for model in list_candidates(candidate)] == [second["model_id"]] != [first.model_id]
    with pytest.raises(DataError, match="is retired; allowed: a candidate"):
        accept_model(candidate.profile, first.model_id, "ada")


def test_a_key_that_a_model_dropped_is_not_given_again_when_its_crowd_returns(candidate, at, put):
    first, second = (entry.model for entry in read_timeline(candidate.lake, "habit"))
    accept_model(candidate.profile, second.model_id, "ada")
    dropped = {s.key for s in first.list_segments()} - {s.key for s in second.list_segments()}
    assert dropped
    later = at(candidate.profile, "2025-08-01")
    put(later, "habit", crowds(THREE))
    accept_model(candidate.profile, fit(later, "habit")["model_id"], "ada")
    third = read_timeline(candidate.lake, "habit")[-1].model
    assert len(third.list_segments()) == len(first.list_segments())
    assert not dropped & {s.key for s in third.list_segments()}


def test_a_fit_before_a_model_in_use_is_recorded_and_never_used(candidate, at, put):
    accept_model(candidate.profile, read_timeline(candidate.lake, "habit")[-1].model.model_id, "ada")
    between = at(candidate.profile, "2025-03-01")
    put(between, "habit", crowds(THREE, seed=9))
    in_use = find_effective_model(between.lake, "habit", between.as_of)[0].model_id
    assert fit(between, "habit")["status"] == "retired"
    assert fit(between, "habit")["status"] == "retired"
    assert segment(between, "habit")["model_id"] == in_use


def test_an_unknown_model_is_named_with_what_is_allowed(candidate):
    waiting = read_timeline(candidate.lake, "habit")[-1].model.model_id
    with pytest.raises(DataError, match=f"'nonsense' does not exist; allowed: {waiting}"):
        accept_model(candidate.profile, "nonsense", "ada")


def test_a_crowd_too_small_to_cut_is_one_segment_with_a_note(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", crowds({"rare": 100, "keen": 90}))
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    assert [s.name for s in model.list_segments()] == ["Never came", "Active"]
    assert model.strata[1].note == "not cut: 190 customers, fewer than twice the 100 that a cluster needs"


def test_an_empty_population_still_has_a_model(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", {"visits": [], "gap": []})
    assert fit(run, "habit")["status"] == "accepted"
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    assert [(s.name, s.customers_at_fit) for s in model.list_segments()] == [("Never came", 0), ("Active", 0)]
    assert model.strata[1].note == "not cut: no customers at the fit"
    assert segment(run, "habit")["customers"] == 0


def test_a_clustered_stratum_without_customers_on_a_quiet_day_is_one_segment(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", {"visits": [0] * 50, "gap": [None] * 50})
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    assert [(s.name, s.customers_at_fit) for s in model.list_segments()] == [("Never came", 50), ("Active", 0)]
    assert model.strata[1].note == "not cut: no customers at the fit"


def test_fewer_vectors_than_clusters_end_the_walk(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", {"visits": [1] * 200 + [20] * 200, "gap": [2.0] * 400})
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    assert model.strata[1].note == "constant here, not used: gap; stopped before k = 3: only 2 distinct vectors"
    assert model.strata[1].kpis == ["visits"]
    assert [s.customers_at_fit for s in model.strata[1].segments] == [200, 200]


def test_customers_who_are_all_alike_are_not_cut(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", {"visits": [2] * 300, "gap": [2.0] * 300})
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    assert model.strata[1].note == "constant here, not used: visits, gap; not cut: no KPI varies among its customers"


def test_a_fixed_k_is_taken_as_it_is(make_profile, at, put):
    profile = make_profile(HABIT_FIXED)
    run = at(profile)
    draw = np.random.default_rng(1)
    put(run, "habit", {"visits": np.round(draw.uniform(1, 100, 900)).tolist()})
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    assert len(model.strata[0].segments) == 4
    names = [s.name for s in model.list_segments()]
    assert len(set(names)) == 4
    assert all(re.fullmatch(r"Everyone, [\d.]+ To [\d.]+ Visits", name) for name in names[:3])  # bands are too wide


HABIT_FIXED = """
  habit:
    label: Habit
    kpis:
      visits:
        {label: Visits, definition: "", unit: visits, window: trailing 30d, bands: [5], band_words: [Few, Many]}
    strata:
      - {name: all, label: Everyone, when: visits >= 0, kpis: [visits], cluster: {k: 4}}
"""


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_and_infinity_are_refused(make_profile, at, put, bad):
    run = at(make_profile())
    people = crowds(THREE)
    put(run, "habit", people | {"visits": [bad, *people["visits"][1:]]})
    with pytest.raises(DataError, match="KPI 'visits': 1 customers have NaN or an infinity"):
        fit(run, "habit")
    assert read_timeline(run.lake, "habit") == []


def test_a_missing_kpi_is_named(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", {"visits": [1.0, 2.0]})
    with pytest.raises(DataError, match="KPI 'gap' was not measured"):
        fit(run, "habit")


def test_an_undefined_kpi_where_the_stratum_clusters_on_it_is_refused(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", {"visits": [3.0] * 300, "gap": [None] * 300})
    with pytest.raises(DataError, match=r"KPI 'gap' is undefined \(NULL\)"):
        fit(run, "habit")


def test_customers_that_no_stratum_takes_are_refused(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", {"visits": [-1.0, 3.0], "gap": [None, 1.0]})
    with pytest.raises(DataError, match=r"1 customers match no stratum, the first with visits = -1\.0"):
        fit(run, "habit")


def test_a_retired_kpi_stops_scoring_until_a_new_model_is_accepted(make_profile, at, put):
    put(at(make_profile()), "habit", crowds(THREE))
    fit(at(make_profile()), "habit")
    changed = at(make_profile(HABIT_FIXED), "2025-03-01")
    draw = np.random.default_rng(1)
    put(changed, "habit", {"visits": np.round(draw.uniform(1, 100, 900)).tolist()})

    with pytest.raises(DataError, match=r"macro_segments\.habit\.kpis\.gap is not declared, but model .*; fit again"):
        segment(changed, "habit")

    refit = fit(changed, "habit")
    assert (refit["status"], refit["lineage"]) == ("candidate", {"appeared": 4, "disappeared": 4})
    accept_model(changed.profile, refit["model_id"], "ada")
    assert segment(changed, "habit")["customers"] == 900


def test_a_rewritten_rule_makes_the_refit_a_candidate(make_profile, habit, at, put):
    put(at(make_profile()), "habit", crowds(THREE))
    fit(at(make_profile()), "habit")
    rewritten = habit.replace("visits = 0}", "visits <= 2}").replace("visits >= 1", "visits > 2")
    changed = at(make_profile(rewritten), "2025-03-01")
    put(changed, "habit", crowds(THREE))

    assert fit(changed, "habit")["status"] == "candidate"

    old, new = (entry.model.list_segments() for entry in read_timeline(changed.lake, "habit"))
    assert new[0].key not in {s.key for s in old}  # "Never came" is another rule now
    assert {s.key for s in new[1:]} == {s.key for s in old[1:]}  # the clusters follow their customers


def test_a_kpi_that_became_undefined_for_some_can_be_fitted_again(make_profile, at, put):
    """The model in use cannot label them, and must not block a model that can."""
    visits = [1.0] * 300 + [60.0] * 300 + [90.0] * 300 + [200.0] * 300
    put(at(make_profile(HABIT_FIXED)), "habit", {"visits": visits})
    fit(at(make_profile(HABIT_FIXED)), "habit")
    young = "strata:\n      - {name: young, label: Young, when: visits IS NULL}"
    yaml = HABIT_FIXED.replace("unit: visits", "unit: visits, undefined_when: age_days < 30").replace("strata:", young)
    changed = at(make_profile(yaml), "2025-03-01")
    put(changed, "habit", {"visits": [*[None] * 50, *visits]})

    with pytest.raises(DataError, match="50 customers match no stratum"):
        segment(changed, "habit")

    refit = fit(changed, "habit")
    assert refit["status"] == "candidate"
    accept_model(changed.profile, refit["model_id"], "ada")
    assert segment(changed, "habit")["customers"] == 1250


def test_another_resolution_stops_scoring_until_a_new_model_is_accepted(make_profile, habit, at, put):
    put(at(make_profile()), "habit", crowds(THREE))
    fit(at(make_profile()), "habit")
    coarse = habit.replace("unit: visits\n", "unit: visits\n        resolution: 5\n", 1)
    changed = at(make_profile(coarse), "2025-03-01")
    put(changed, "habit", crowds(THREE))

    with pytest.raises(DataError, match=r"kpis\.visits is over trailing 30d, rounded to 5, but .* rounded to 1; fit"):
        segment(changed, "habit")

    assert fit(changed, "habit")["status"] == "candidate"


def test_labels_say_the_stratum_the_key_and_the_margin(make_profile, at, put):
    run = at(make_profile())
    people = put(run, "habit", crowds(THREE))
    fit(run, "habit")

    summary = segment(run, "habit")

    labels = SegmentArtifacts(run).locate_labels("habit").read_table()
    own = ["customer_id", "stratum", "segment_key", "micro_key", "margin", "raw_key", "held_from", "held_runs"]
    assert labels.column_names == [*own, "remeasured_key", "previous_model_key", "scores", "cell"]
    assert labels["customer_id"].equals(people["customer_id"])
    assert Counter(labels["segment_key"].to_pylist()) == summary["sizes"]
    assert summary["look_ahead"] is False
    assert labels["margin"].null_count == 40
    assert min(m for m in labels["margin"].to_pylist() if m is not None) > 0.2
    assert LabelSummary.read_from(run, "habit").to_dict() == summary


def test_an_as_of_before_the_first_model_looks_ahead(make_profile, at, put):
    profile = make_profile()
    put(at(profile), "habit", crowds(THREE))
    fit(at(profile), "habit")
    earlier = at(profile, "2025-01-15")
    put(earlier, "habit", crowds(THREE))
    assert segment(earlier, "habit")["look_ahead"] is True


def test_without_a_model_nothing_is_scored(make_profile, at, put):
    run = at(make_profile())
    put(run, "habit", crowds(THREE))
    with pytest.raises(NotReadyError, match="no accepted model; run the fit first"):
        segment(run, "habit")


def test_cohort_months_are_labelled_by_the_same_model(make_profile, at, put):
    run = at(make_profile(cohort_months=2))
    people = put(run, "habit", crowds(THREE))
    months = people.append_column("cohort", [[datetime(2025, 1, 1, tzinfo=UTC).date()] * people.num_rows])
    months = months.append_column("month", [[1] * people.num_rows])
    MeasureArtifacts(run).locate_cohort_kpis("habit").write_table(months)
    fit(run, "habit")

    assert segment(run, "habit")["cohort_rows"] == 940

    found = SegmentArtifacts(run).locate_cohort_labels("habit").read_table()
    labels = SegmentArtifacts(run).locate_labels("habit").read_table()
    assert found.column_names == ["cohort", "month", "customer_id", "stratum", "segment_key"]
    assert found["segment_key"].equals(labels["segment_key"])


def test_ward_publishes_and_k_means_is_a_row_beside_it(make_profile, habit, at, put):
    run = at(make_profile(habit.replace("{k_max: 4}", "{algorithm: ward, k_max: 4}")))
    put(run, "habit", crowds(THREE))
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    assert [s.customers_at_fit for s in model.list_segments()] == [40, 280, 300, 320]
    assert all(1 < len(s.prototypes) <= 16 for s in model.list_segments()[1:])
    found = {(row.algorithm, row.k, row.metric): row.value for row in model.evidence}
    assert found["ward", 3, "chosen"] == 1
    assert found["ward", 3, "prototype_agreement"] == 1
    for other in ("kmeans", "gaussian_mixture", "average_linkage"):
        assert found[other, 3, "adjusted_rand_index"] == 1
        assert found[other, 3, "silhouette"] == pytest.approx(found["ward", 3, "silhouette"], abs=0.01)


def test_one_component_is_clustered_but_the_silhouette_is_of_the_kpis(make_profile, habit, at, put):
    run = at(make_profile(habit.replace("{k_max: 4}", "{k: 3, pca: 1}")))
    put(run, "habit", crowds(THREE))
    fit(run, "habit")
    model, _ = find_effective_model(run.lake, "habit", run.as_of)
    active = model.strata[1]
    assert [len(s.prototypes[0]) for s in active.segments] == [1, 1, 1]
    assert np.linalg.norm(active.components) == pytest.approx(1)
    silhouette = next(row.value for row in model.evidence if (row.k, row.metric) == (3, "silhouette"))
    plain = at(make_profile(habit.replace("{k_max: 4}", "{k: 3}")), "2025-03-01")
    put(plain, "habit", crowds(THREE))
    fit(plain, "habit")
    again = read_timeline(plain.lake, "habit")[-1].model
    assert [s.customers_at_fit for s in again.list_segments()] == [s.customers_at_fit for s in model.list_segments()]
    assert silhouette == pytest.approx(
        next(row.value for row in again.evidence if (row.k, row.metric) == (3, "silhouette")), abs=1e-9
    )


def test_a_kpi_without_quartiles_stops_the_fit_with_its_name(make_profile, habit, at, put):
    run = at(make_profile(habit.replace("scale: standard", "scale: robust")))
    put(run, "habit", crowds(THREE) | {"visits": [0.0] * 40 + [1.0] * 800 + [9.0] * 100})
    with pytest.raises(DataError, match="stratum 'active': KPI 'visits' has an interquartile range of 0"):
        fit(run, "habit")
    assert read_timeline(run.lake, "habit") == []
