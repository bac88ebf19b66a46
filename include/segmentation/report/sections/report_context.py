"""What every section works with: the run, and what the warehouse holds about it."""

from dataclasses import dataclass

from include.segmentation.profile.profile import Profile
from include.segmentation.report import formatting
from include.segmentation.report.queries.answers import Answers
from include.segmentation.run import Run


@dataclass(frozen=True)
class ReportContext:
    """A run and what the warehouse holds about it."""

    run: Run
    answers: Answers

    @property
    def profile(self) -> Profile:
        """The run's profile."""
        return self.run.profile

    @property
    def worth_kpis(self) -> list[str]:
        """The KPIs that measure the value of customers."""
        return [name for name in self.profile.worth if name in self.answers.now.kpis]

    @property
    def day(self) -> str:
        """The run's as_of as a date."""
        return formatting.format_day(self.answers.now.as_of, self.profile.time_zone)

    @property
    def day_before(self) -> str:
        """The previous run's as_of as a date; empty for a first run."""
        before = self.answers.before
        return formatting.format_day(before.as_of, self.profile.time_zone) if before else ""
