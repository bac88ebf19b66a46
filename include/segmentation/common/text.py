"""Numbers and ranges as people write them."""


def format_number(value: float) -> str:
    """``1234.50`` -> ``1,234.5``: at most two decimals, none that say nothing."""
    text = f"{round(value, 2) + 0.0:,.2f}"  # + 0.0: never "-0"
    return text.rstrip("0").rstrip(".")


def format_word_range(low: str, high: str) -> str:
    """``Low`` and ``Medium`` -> ``Low To Medium``; one where both are the same."""
    return low if low == high else f"{low} To {high}"


def format_quantity(value: float, unit: str) -> str:
    """``5 days``; ``1`` alone, as units are in the plural."""
    return format_number(value) if value == 1 or not unit else f"{format_number(value)} {unit}"


def omit_repeated_unit(label: str, unit: str) -> str:
    """The unit, unless the label has just said it: nobody writes ``Invoices 2 invoices``."""
    return "" if unit.lower() in label.lower() else unit
