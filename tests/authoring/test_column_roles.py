"""The roles of columns, from previews that need no server."""

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from include.segmentation.authoring.column_roles import can_be_read_whole, guess_roles, is_exact
from include.segmentation.extract import SampledColumn, TablePreview


def make_column(name: str, kind: str = "int", values: tuple[str, ...] = ("1", "2"), **declared: Any) -> SampledColumn:
    types = {"int": pa.int64(), "varchar": pa.string(), "datetime": pa.timestamp("us", "UTC")}
    column = SimpleNamespace(
        name=name,
        kind=kind,
        type=declared.get("type", types.get(kind)),
        is_text=kind == "varchar",
        is_bytes=False,
        is_whole_number=kind == "int",
        is_time=kind == "datetime",
    )
    first = "2025-01-01" if kind == "datetime" else ""
    return SampledColumn(column=column, values=list(values), first=first, last=first)


def make_preview(*columns: SampledColumn, rows: int = 100) -> TablePreview:
    own = [make_column("id"), make_column("at", "datetime")]
    return TablePreview("events", rows, 50, [*own, *columns], keys=[["id"]], indexes=[], left_out={})


@pytest.mark.parametrize(
    ("column", "is_sure"),
    [
        (make_column("customer_id"), True),
        (make_column("buyer"), True),
        (make_column("email", "varchar"), True),
        (make_column("ref_no", values=("7", "7")), False),
        (make_column("visits"), False),
    ],
)
def test_the_customer_is_sure_if_a_name_says_so(column: SampledColumn, is_sure: bool) -> None:
    assert guess_roles(make_preview(column)).is_customer_sure is is_sure


def test_a_number_that_repeats_is_the_customer_if_no_name_says_so() -> None:
    roles = guess_roles(make_preview(make_column("ref_no", values=("7", "7")), make_column("order_no")))
    assert roles.customer.name == "ref_no"


@pytest.mark.parametrize(("rows", "is_small"), [(100_000, True), (100_001, False)])
def test_tables_of_up_to_100000_rows_can_be_read_whole(rows: int, is_small: bool) -> None:
    assert can_be_read_whole(make_preview(rows=rows)) is is_small


@pytest.mark.parametrize(("digits", "expected"), [(18, True), (19, False)])
def test_a_decimal_of_up_to_18_digits_is_exact(digits: int, expected: bool) -> None:
    assert is_exact(make_column("total", "decimal", type=pa.decimal128(digits, 2))) is expected


@pytest.mark.parametrize(("different", "sampled", "is_kind"), [(8, 50, True), (9, 50, False), (8, 49, False)])
def test_a_kind_has_up_to_8_different_values_in_at_least_50_rows(different: int, sampled: int, is_kind: bool) -> None:
    values = tuple(f"v{number % different}" for number in range(sampled))
    roles = guess_roles(make_preview(make_column("status", "varchar", values)))
    assert [column.name for column in roles.kinds] == ["status"] * is_kind


def test_at_most_three_attributes_are_kept() -> None:
    names = ["country", "city", "gender", "tier"]
    roles = guess_roles(make_preview(*(make_column(name, "varchar") for name in names)))
    assert [column.name for column in roles.attributes] == names[:3]
