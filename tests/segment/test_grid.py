"""Grids: cut points by which equal customers are equal, and cells that take every pair of classes once."""

from itertools import combinations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from originals import INSIDERS, needs
from segment_grid import CELLS, GRID, KPIS, macro_with, people

from include.segmentation.artifacts import SegmentArtifacts
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.model.timeline import find_effective_model, read_timeline
from include.segmentation.profile.loader import load_profile
from include.segmentation.segment import fit, segment
from include.segmentation.segment.grid_fit import fit_grid, score_grid

pytestmark = pytest.mark.slow

CROWDS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 400), st.integers(-300, 300).map(lambda cents: cents / 100)),
    min_size=1,
    max_size=80,
)


def on_grid(rows, fitted_on=None, **changes):
    """The classes and cell of every row, by a grid that was fitted on the same rows or on others."""
    macro = macro_with(**changes)
    found = score_grid(fit_grid(macro, people(rows if fitted_on is None else fitted_on)), people(rows))
    return list(zip(found["scores"].to_pylist(), found["cell"].to_pylist(), strict=True))


@settings(deadline=None)
@given(CROWDS, st.randoms(use_true_random=False))
def test_equal_customers_are_equal_and_no_order_of_rows_changes_anyone(rows, random):
    found = dict(zip(rows, on_grid(rows), strict=True))
    shuffled = random.sample(rows, len(rows))
    assert on_grid(shuffled) == [found[row] for row in shuffled]


@settings(deadline=None)
@given(CROWDS)
def test_a_class_never_falls_where_the_kpi_gets_better(rows):
    buyers = [(row, found[0]) for row, found in zip(rows, on_grid(rows), strict=True) if found[0]]
    for (one, a), (other, b) in combinations(buyers, 2):
        assert one[1] < other[1] or a[0] <= b[0]  # fewer days are better
        assert one[0] > other[0] or a[1] <= b[1]
        assert one[2] > other[2] or a[2] <= b[2]


@settings(deadline=None)
@given(CROWDS, CROWDS)
def test_everyone_whom_the_grid_takes_has_one_class_per_score_and_the_cell_of_them(rows, fitted_on):
    for (orders, *_), (scores, cell) in zip(rows, on_grid(rows, fitted_on), strict=True):
        if not orders:
            assert (scores, cell) == (None, None)
            continue
        r, f, m = map(int, scores)
        assert r in range(1, 4)
        assert f in range(1, 5)
        assert m in range(1, 3)
        assert (f == 1) == (orders == 1)
        assert cell == ("lately" if r == 3 else "long_ago" if f <= 2 else "missed")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(2, 2000), min_size=4, max_size=300, unique=True))
def test_classes_of_different_values_have_one_size(values):
    grid = fit_grid(macro_with(), people([(value, 0, 0.0) for value in values]))
    sizes = next(score for score in grid.scores if score.name == "f").customers
    assert sizes[0] == 0
    assert max(sizes[1:]) - min(sizes[1:]) <= 1


def test_cut_points_are_values_and_a_class_that_is_too_large_leaves_less_to_the_others():
    crowd = [(1, 5, 0.0)] * 6 + [(2, 20, 0.0)] * 5 + [(3, 90, 0.0)] + [(4, 90, 0.0)] + [(9, 300, 0.0)] * 2
    grid = fit_grid(macro_with(), people(crowd))
    r, f, m = grid.scores
    assert (f.cuts, f.customers) == ([2.0, 3.0, 9.0], [6, 5, 2, 2])
    assert (r.cuts, r.customers) == ([20.0, 90.0], [4, 5, 6])
    assert r.bounds == [(90.0, None), (20.0, 90.0), (None, 20.0)]
    assert (m.cuts, m.customers) == ([], [15, 0])
    assert grid.note == "Money: nobody is in class 2"
    assert on_grid([(1, 5, 0.0), (9, 300, -5.5)], fitted_on=crowd) == [("311", "lately"), ("141", "missed")]


@pytest.mark.parametrize(("own", "least"), [(1.5, 2.0), (-0.5, 0.0), (0, 1.0)])
def test_a_class_of_its_own_ends_where_it_says_whatever_the_resolution(own, least):
    scores = GRID["scores"] | {"f": GRID["scores"]["f"] | {"own_class": own}}
    grid = fit_grid(macro_with(scores=scores), people([(orders, 5, 0.0) for orders in (1, 2, 2, 3, 4)]))
    f = grid.scores[1]
    assert f.cuts[0] == least
    assert f.cuts == sorted(set(f.cuts))
    assert f.customers[0] == (1 if own == 1.5 else 0)


def test_customers_who_only_owe_are_in_the_lowest_class():
    rows = [(2, 1, -50.0), (2, 1, -0.01), (2, 1, 0.0), (2, 1, 700.0)]
    assert [scores[2] for scores, _ in on_grid(rows)] == ["1", "1", "2", "2"]


def test_nobody_whom_the_grid_takes_is_recorded():
    grid = fit_grid(macro_with(), people([(0, 0, 1.0)]))
    assert grid.note.startswith("Recency: nobody is in class 1, 2, 3; ")
    assert score_grid(grid, people([(0, 0, 1.0)]))["cell"].to_pylist() == [None]


def test_a_kpi_that_is_undefined_for_someone_on_the_grid_stops():
    rows = people([(3, 9, 1.0)])
    grid = fit_grid(macro_with(), rows)
    with pytest.raises(DataError, match=r"KPI 'days' is undefined \(NULL\) for 1 customers whom the grid scores"):
        score_grid(grid, rows.set_column(1, "days", pa.array([None], pa.float64())))


@needs(INSIDERS)
def test_n4_shuffling_the_insiders_changes_nobody():
    """By rank(method='first'), as the original scored them, 392 change."""
    table = pq.read_table(INSIDERS)
    kpis = {"orders": table["Frequency"], "days": table["Recency"], "balance": table["GrossRevenue"]}
    everyone = pa.table({name: column.cast(pa.float64()) for name, column in kpis.items()})
    macro = macro_with()
    found = score_grid(fit_grid(macro, everyone), everyone)
    order = pa.array(range(everyone.num_rows)[::-1])
    again = score_grid(fit_grid(macro, everyone.take(order)), everyone.take(order))
    changed = sum(a != b for a, b in zip(found["cell"].take(order).to_pylist(), again["cell"].to_pylist(), strict=True))
    assert (everyone.num_rows, changed) == (4312, 0)
    once = everyone["orders"].to_pylist().count(1)
    assert [scores[1] for scores in found["scores"].to_pylist()].count("1") == once


def yaml_of(grid):
    """The macro segment of the tests as it stands in a profile."""
    strata = [{"name": "all", "label": "All", "when": "orders >= 0"}]
    said = {"buying": {"label": "Buying", "kpis": KPIS, "strata": strata, "grid": grid}}
    return "".join(f"  {line}\n" for line in yaml.safe_dump(said, sort_keys=False).splitlines())


def moved(name, **scores):
    return [cell | {"scores": cell["scores"] | scores} if cell["name"] == name else cell for cell in CELLS]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cells": moved("missed", f=4)}, r"cells: no cell contains \(r 1, f 3\), \(r 2, f 3\); allowed:"),
        (
            {"cells": moved("missed", f=[2, 4], r=1)},
            r"cells: \(r 1, f 2\) is in 'long_ago' and 'missed'; allowed",
        ),
        (
            {"cells": moved("missed", f=[3, 5])},
            r"cells\.2\.scores\.f: 'missed': \[3, 5\]; allowed: classes from 1 to 4",
        ),
        ({"cells": moved("lately", m=1)}, r"cells\.0\.scores: 'lately' has r, f, m; allowed: r and f, both"),
        ({"cells": [*CELLS, CELLS[0]]}, r"cells\.0\.name: 'lately' is also another cell's name"),
        ({"columns": "r"}, r"columns: 'r' is also the score of the rows; allowed: another score"),
        ({"rows": "x"}, r"rows: 'x'; allowed: r, f, m"),
        ({"when": "orders >= 0"}, r"scores\.r\.kpi: 'days' is undefined for some customers with 'orders >= 0'"),
        ({"when": "odrers = 1"}, r"when: 'odrers = 1' names 'odrers'; .* did you mean 'orders'\?"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused_in_a_line(make_profile, changes, message):
    with pytest.raises(ProfileError, match=rf"macro_segments\.buying\.grid\..*{message}") as refused:
        make_profile(yaml_of(GRID | changes))
    assert "\n" not in str(refused.value)


def cells_of(run):
    return SegmentArtifacts(run).locate_labels("buying").read_table()["cell"].to_pylist()


def test_a_run_scores_by_the_cut_points_of_its_model(make_profile, at, put):
    profile = make_profile(yaml_of(GRID))
    first, second = at(profile), at(profile, "2025-03-01")
    then = {"orders": [0, 1, 2, 3, 5, 9], "days": [None, 10, 30, 60, 80, 99], "balance": [0, 1, 2, 3, 4, 5]}
    now = {"orders": [0, 9, 9, 9, 9, 9], "days": [None, 1, 1, 1, 1, 1], "balance": [0, 9, 9, 9, 9, 9]}
    put(first, "buying", then)
    fit(first, "buying")
    put(second, "buying", now)
    for run in (first, second):
        segment(run, "buying")
    cells = [SegmentArtifacts(run).locate_labels("buying").read_table()["cell"].to_pylist() for run in (first, second)]
    assert cells[0] == [None, "lately", "lately", "missed", "missed", "missed"]
    assert cells[1] == [None, *["lately"] * 5]


def test_other_cells_wait_for_a_person_other_cut_points_do_not(make_profile, at, put):
    run, later = at(make_profile(yaml_of(GRID))), "2025-03-01"
    put(run, "buying", {"orders": [1, 2, 3], "days": [1, 2, 3], "balance": [1, 2, 3]})
    fit(run, "buying")
    moving = at(run.profile, later)
    put(moving, "buying", {"orders": [1, 5, 9], "days": [7, 8, 9], "balance": [1, 2, 3]})
    assert fit(moving, "buying")["status"] == "accepted"
    assert find_effective_model(run.lake, "buying", moving.as_of)[0].grid.scores[1].cuts != [2.0, 3.0]
    renamed = [CELLS[0] | {"name": "fresh"}, *CELLS[1:]]
    renaming = at(make_profile(yaml_of(GRID | {"cells": renamed})), "2025-04-01")
    put(renaming, "buying", {"orders": [1, 5, 9], "days": [7, 8, 9], "balance": [1, 2, 3]})
    assert fit(renaming, "buying")["status"] == "candidate"
    assert [entry.status for entry in read_timeline(run.lake, "buying")] == ["accepted", "accepted", "candidate"]


def test_the_grid_of_the_shop_covers_25_cells():
    grid = load_profile("retail").macro_segments["rfm"].grid
    assert (
        sum(
            (top[1] - top[0] + 1) * (left[1] - left[0] + 1)
            for top, left in ((cell.scores["r"], cell.scores["f"]) for cell in grid.cells)
        )
        == 25
    )
    assert all(cell.recommended_action for cell in grid.cells)
