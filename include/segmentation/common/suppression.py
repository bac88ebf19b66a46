"""Of how few customers nothing but their number is shown."""

from typing import Final

SUPPRESS_BELOW: Final = 10
"""Groups with fewer customers are shown with their size; ranges, shares and lists of them are not."""
