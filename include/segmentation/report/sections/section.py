"""What a section of the page is: a sheet, or a part of one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from markupsafe import Markup

from include.segmentation.report.sections.macro_segment_view import MacroSegmentView
from include.segmentation.report.sections.report_context import ReportContext


@dataclass(frozen=True)
class Part:
    """A part of a sheet, with a heading of its own.

    Attributes:
        id: its anchor; unique on the page.
        title: its heading, and its entry in the navigation.
    """

    id: str
    title: str
    body: Markup


@dataclass(frozen=True)
class Sheet:
    """A section of the page.

    Attributes:
        id: its anchor; unique on the page.
        title: its heading, and its entry in the navigation.
        lead: what it shows, in a sentence or two.
        body: what comes before its parts.
    """

    id: str
    title: str
    lead: str = ""
    body: Markup = field(default_factory=Markup)
    parts: list[Part] = field(default_factory=list)


Section: TypeAlias = Callable[[ReportContext], Iterable[Sheet]]
"""Makes sheets about a run; none where it has nothing to show."""
ReportPart: TypeAlias = Callable[[ReportContext], Part | None]
"""Makes a part about all customers; None where it has nothing to show."""
MacroSegmentPart: TypeAlias = Callable[[MacroSegmentView], Part | None]
"""Makes a part about one macro segment; None where it has nothing to show."""
