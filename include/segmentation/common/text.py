"""Format numbers, ranges and quantities for readers."""


def format_number(value: float) -> str:
    """Format ``1234.50`` as ``1,234.5``: at most two decimals, without trailing zeros."""
    text = f"{round(value, 2) + 0.0:,.2f}"  # + 0.0: never "-0"
    return text.rstrip("0").rstrip(".")


def format_word_range(low: str, high: str) -> str:
    """Join ``Low`` and ``Medium`` to ``Low To Medium``; return one word if both are the same."""
    return low if low == high else f"{low} To {high}"


def format_quantity(value: float, unit: str) -> str:
    """Format ``5 days``; 1 has no unit, because units are in the plural."""
    return format_number(value) if value == 1 or not unit else f"{format_number(value)} {unit}"


def omit_repeated_unit(label: str, unit: str) -> str:
    """Return the unit, or nothing if the label contains it, to avoid ``Invoices 2 invoices``."""
    return "" if unit.lower() in label.lower() else unit
