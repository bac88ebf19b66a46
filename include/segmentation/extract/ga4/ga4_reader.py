"""Google Analytics 4 as a source of the extract stage."""

from collections.abc import Iterator
from typing import Any, cast

from include.segmentation.connections import resolve_address
from include.segmentation.extract.ga4.day_batches import build_log_schema
from include.segmentation.extract.ga4.report_pull import pull_report
from include.segmentation.extract.source import DescribeExtract, SourceReader
from include.segmentation.profile.ga4_reports import GA4Extract
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run


class GA4Reader(SourceReader):
    """Reads Google Analytics 4 properties."""

    def pull_extract(self, run: Run, name: str) -> dict[str, Any]:
        """Pull a report day by day."""
        return pull_report(run, name, cast(GA4Extract, run.profile.extracts[name]))

    def check_source(self, profile: Profile, source: str, describe: DescribeExtract) -> Iterator[Mistake]:
        """Describe the reports and look up the connection. Google gets no request."""
        for name, extract in profile.extracts.items():
            if isinstance(extract, GA4Extract) and extract.source == source:
                describe(name, build_log_schema(extract, []))
        resolve_address(profile.sources[source].connection)
        yield from ()
