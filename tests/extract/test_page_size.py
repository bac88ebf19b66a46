"""The size of pages: as many rows as fit into the time and the memory of a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.segmentation.extract.page_size import FEWEST_ROWS, FIRST_ROWS, PAGE_BYTES, PageSize

MOST = 250_000


@given(
    target=st.floats(0.2, 10),
    fixed=st.floats(0, 30),
    per_row=st.floats(1e-7, 1e-1),
    row_bytes=st.integers(10, 50_000_000),
)
def test_pages_grow_towards_the_target_within_rows_and_memory(target, fixed, per_row, row_bytes):
    size = PageSize(target, MOST)
    earlier = size.rows
    for _ in range(30):
        size.learn(size.rows, fixed + per_row * size.rows, row_bytes * size.rows)
        assert 1 <= size.rows <= max(FEWEST_ROWS, 4 * earlier)
        earlier = size.rows
    assert size.rows <= MOST
    assert size.rows == 1 or size.rows * row_bytes <= PAGE_BYTES
    best = min(max(target / per_row, FEWEST_ROWS), PAGE_BYTES // row_bytes, MOST)
    assert size.rows == pytest.approx(max(best, 1), rel=0.5, abs=1)  # the fixed cost of a page is left out


def test_a_page_that_took_too_long_shrinks_to_the_smallest():
    size = PageSize(1.5, MOST)
    rows = [size.rows]
    while not size.is_smallest:
        size.shrink()
        rows.append(size.rows)
    assert (rows[0], rows[-1]) == (FIRST_ROWS, FEWEST_ROWS)
    assert rows == sorted(rows, reverse=True)


def test_the_fixed_cost_is_learned_again_after_a_page_that_took_too_long():
    size = PageSize(1.0, MOST)
    size.learn(1_000, 10.5, 1)
    size.learn(250, 10.125, 1)  # nearly all of it is fixed
    size.shrink()
    rows = size.rows
    size.learn(rows, 2.0, 1)
    assert size.rows == rows // 2


@pytest.mark.parametrize(
    ("fixed", "per_row", "sizes"),
    [
        (0, 0.0015, [1000, 1500, 1000]),  # already right: a second size shows that a page has no fixed cost
        (1, 0.001, [1000, 1500, 1500]),  # 1.5 times as many rows are enough to show the fixed cost
        (10, 0.001, [1000, 250, 1000, 1500]),  # most of the time is fixed, which fewer rows would not reduce
        (0, 0.0001, [1000, 4000, 15000, 15000]),
        (0, 0.1, [1000, 250, 100, 100]),
    ],
)
def test_two_pages_of_different_sizes_show_the_fixed_cost(fixed, per_row, sizes):
    size = PageSize(1.5, MOST)
    rows = [size.rows]
    for _ in sizes[1:]:
        size.learn(size.rows, fixed + per_row * size.rows, 10 * size.rows)
        rows.append(size.rows)
    assert rows == sizes


def test_the_fixed_cost_is_learned_again_when_it_changes():
    size = PageSize(1.5, MOST)
    for _ in range(4):
        size.learn(size.rows, 0.0001 * size.rows, 10 * size.rows)
    assert size.rows == 15000
    for _ in range(4):
        size.learn(size.rows, 10 + 0.001 * size.rows, 10 * size.rows)
    assert size.rows == 1500
