"""The page's colours: one sequential ramp for tables, a few line colours for charts, text that stays readable."""

LINE_COLOURS = ("#0b6375", "#b5541c", "#5b4a9c", "#8a6d00", "#a02c5d", "#3568a0", "#47752a", "#5f6670")
"""Each has a contrast of at least 4.5 to 1 against white. Lines are also labelled, so colour is never the only cue."""
_RAMP = ((245, 249, 250), (168, 205, 213), (11, 84, 101))
"""One hue from light to dark: readable with any colour vision and in greyscale."""


def choose_cell_style(position: float) -> str:
    """Choose the CSS of a cell at ``position`` (0 to 1) on the ramp; its text has a contrast of at least 4.5."""
    position = min(max(position, 0.0), 1.0) * (len(_RAMP) - 1)
    step = min(int(position), len(_RAMP) - 2)
    low, high = _RAMP[step], _RAMP[step + 1]
    back = tuple(round(a + (b - a) * (position - step)) for a, b in zip(low, high, strict=True))
    # Black or white always reaches sqrt(21) = 4.58 against any colour.
    ink = "#000" if _measure_luminance(back) > 0.179 else "#fff"
    return f"background:#{back[0]:02x}{back[1]:02x}{back[2]:02x};color:{ink}"


def _measure_luminance(colour: tuple[int, ...]) -> float:
    """Measure the relative luminance as WCAG 2.2 defines it."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
