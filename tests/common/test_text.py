"""Numbers, quantities and ranges as people write them."""

import pytest

from include.segmentation.common.text import format_number, format_quantity, format_word_range, omit_repeated_unit


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234.5, "1,234.5"),
        (3.0, "3"),
        (100.0, "100"),
        (0.125, "0.12"),
        (0.0, "0"),
        (-0.0, "0"),
        (-0.001, "0"),
        (-1.5, "-1.5"),
    ],
)
def test_a_number_has_at_most_two_decimals_and_zero_has_no_sign(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(("value", "unit", "text"), [(5, "days", "5 days"), (1, "days", "1"), (2, "", "2")])
def test_a_quantity_of_one_has_no_unit(value: float, unit: str, text: str) -> None:
    assert format_quantity(value, unit) == text


def test_a_range_of_equal_words_is_one_word() -> None:
    assert format_word_range("Low", "Medium") == "Low To Medium"
    assert format_word_range("Low", "Low") == "Low"


def test_a_unit_that_the_label_says_already_is_left_out() -> None:
    assert omit_repeated_unit("Invoices", "invoices") == ""
    assert omit_repeated_unit("Returns", "visit days") == "visit days"
