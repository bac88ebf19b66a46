"""One day of a Google Analytics 4 report, through Google's own client over REST."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import requests
from google.analytics.data_v1beta import BetaAnalyticsDataClient
from google.analytics.data_v1beta import types as ga4
from google.api_core import exceptions as refusals
from google.api_core.client_options import ClientOptions
from google.auth.exceptions import GoogleAuthError, TransportError
from google.protobuf.json_format import ParseError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_chain, wait_fixed

from include.segmentation.connections import Address
from include.segmentation.errors import SegmentationError, SourceError, UnavailableError, join_lines
from include.segmentation.extract.ga4.google_login import find_credentials
from include.segmentation.extract.ga4.page_request import build_page_request
from include.segmentation.extract.ga4.quota import Quota
from include.segmentation.profile.ga4_reports import GA4Extract

_TIMEOUT_SECONDS = 120
_PAUSES = (1.0, 4.0, 16.0)
"""Seconds before asking again."""
_TAKES = 3
_Truncation = ga4.ResponseMetaData.DataTruncationReason.DataTruncationType
_TRUNCATION = "DATA_TRUNCATION_TYPE_"
_TRY_AGAIN = (
    refusals.TooManyRequests,
    refusals.ServerError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,  # the connection broke within an answer
    ParseError,  # an answer that is not Google's, of a proxy perhaps
    TransportError,
)


@dataclass(frozen=True)
class ReportFlags:
    """What Google says about the whole of a day's report; the names are those of the lake's columns.

    Attributes:
        subject_to_thresholding: cells with few users may be withheld.
        data_loss_from_other_row: rare values were folded into ``(other)``.
        sampled_share: the share of events that was read; None where all were.
        truncated: Google's reasons for which data are missing; None where none are.
        empty_reason: why there are no rows, where Google says so.
    """

    subject_to_thresholding: bool = False
    data_loss_from_other_row: bool = False
    sampled_share: float | None = None
    truncated: str | None = None
    empty_reason: str | None = None


@dataclass
class ReportDay:
    """A day's report, whole.

    Attributes:
        dimensions, metrics: one list of texts per column, as Google writes them.
        metric_types: Google's type of each metric; empty where an empty report names none.
        time_zone: the property's, where the report says so.
    """

    day: date
    dimensions: list[list[str]]
    metrics: list[list[str]]
    metric_types: list[str] = field(default_factory=list)
    flags: ReportFlags = field(default_factory=ReportFlags)
    time_zone: str = ""
    pages: int = 0

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return len(self.dimensions[0])


class GA4Property:
    """A GA4 property, read through a connection.

    Attributes:
        quota: what is known of its quotas.
    """

    def __init__(self, address: Address, name: str) -> None:
        """Log in.

        Raises:
            SourceError: the connection is not Google's, or its credentials can not be used.
        """
        if address.kind != "google_cloud_platform":
            raise SourceError(
                f"connection '{address.id}' is of type '{address.kind}'; allowed is google_cloud_platform"
            )
        self._where = f"connection '{address.id}' (GA4 {name})"
        self._name = name
        self.quota = Quota(self._where)
        endpoint = address.extra.get("api_endpoint")
        self._client = BetaAnalyticsDataClient(
            transport="rest",
            credentials=find_credentials(address),
            client_options=ClientOptions(api_endpoint=endpoint) if endpoint else None,
        )

    def read_day(self, report: GA4Extract, day: date) -> ReportDay:
        """Read one day, all pages of it.

        The pages must add up: where the report changed while it was read, the day is read again.

        Raises:
            LaterError: a quota is nearly used up, or Google says that it is.
            UnavailableError: Google does not answer, or the day keeps changing.
            SourceError: Google refuses the login, the property or the report, or withholds a metric.
        """
        for _ in range(_TAKES):
            pages = list(self._pages(report, day))
            counts = {page.row_count for page in pages}
            found = _joined(report, day, pages)
            distinct = len(set(zip(*found.dimensions, strict=True)))
            if counts == {found.row_count} and distinct == found.row_count:
                return found
        raise UnavailableError(
            f"{self._where}: the report of {day} changed while it was read, {_TAKES} times: {found.row_count} rows "
            f"({distinct} different), row_count {sorted(counts)}"
        )

    def _pages(self, report: GA4Extract, day: date) -> Iterator[Any]:
        """The raw pages of a day, until they hold as many rows as the newest of them announces."""
        read = 0
        while True:
            page = self._read_page(report, build_page_request(self._name, report, day, offset=read))
            yield page
            read += len(page.rows)
            if not page.rows or read >= page.row_count:
                return

    def _read_page(self, report: GA4Extract, request: ga4.RunReportRequest) -> Any:
        self.quota.require_tokens()
        tries = len(_PAUSES) + 1
        retrying = Retrying(
            retry=retry_if_exception_type(_TRY_AGAIN),
            wait=wait_chain(*map(wait_fixed, _PAUSES)),
            stop=stop_after_attempt(tries),
            reraise=True,
        )
        try:
            answer = retrying(self._send, request)
        except _TRY_AGAIN as error:
            raise UnavailableError(f"{self._where}: {_said(error)}; asked {tries} times") from None
        except (refusals.GoogleAPICallError, GoogleAuthError, requests.RequestException) as error:
            raise self._refused(report, error) from None
        page = ga4.RunReportResponse.pb(answer)  # the wrapped message is many times slower to walk through
        self.quota.update(page)
        self._check_access(page.metadata)
        return page

    def _send(self, request: ga4.RunReportRequest) -> Any:
        try:
            return self._client.run_report(request, timeout=_TIMEOUT_SECONDS, retry=None)
        except _TRY_AGAIN as error:
            self._give_up_on_quota(error)
            raise

    def _give_up_on_quota(self, error: Exception) -> None:
        if isinstance(error, refusals.ServerError):
            self.quota.count_server_error(_said(error))
        if isinstance(error, refusals.TooManyRequests):
            self.quota.explain_refusal(_said(error), getattr(error.response, "headers", {}).get("Date"))

    def _check_access(self, metadata: Any) -> None:
        withheld = metadata.schema_restriction_response.active_metric_restrictions
        if withheld:
            names = ", ".join(restriction.metric_name for restriction in withheld)
            raise SourceError(f"{self._where}: the login may not see metric {names}; allowed are metrics it may see")

    def _refused(self, report: GA4Extract, error: Exception) -> SegmentationError:
        asked = ""
        if isinstance(error, refusals.BadRequest):
            asked = f" (dimensions {', '.join(report.dimensions)}; metrics {', '.join(report.metrics)}"
            asked += f"; filters on {', '.join(report.filter)})" if report.filter else ")"
        return SourceError(f"{self._where}: {_said(error)}{asked}")


def _joined(report: GA4Extract, day: date, pages: list[Any]) -> ReportDay:
    rows = [row for page in pages for row in page.rows]
    last = pages[-1]
    return ReportDay(
        day=day,
        dimensions=[[row.dimension_values[i].value for row in rows] for i in range(len(report.dimensions))],
        metrics=[[row.metric_values[i].value for row in rows] for i in range(len(report.metrics))],
        metric_types=[ga4.MetricType(header.type_).name for header in last.metric_headers],
        flags=_flags([page.metadata for page in pages]),
        time_zone=last.metadata.time_zone,
        pages=len(pages),
    )


def _flags(pages: list[Any]) -> ReportFlags:
    samples = [sample for page in pages for sample in page.sampling_metadatas]
    shares = [sample.samples_read_count / (sample.sampling_space_size or 1) for sample in samples]
    reasons = [reason.data_truncation_type for page in pages for reason in page.data_truncation_reasons]
    return ReportFlags(
        subject_to_thresholding=any(page.subject_to_thresholding for page in pages),
        data_loss_from_other_row=any(page.data_loss_from_other_row for page in pages),
        sampled_share=min(shares, default=None),
        truncated=", ".join(sorted({_Truncation(reason).name.removeprefix(_TRUNCATION) for reason in reasons})) or None,
        empty_reason=pages[-1].empty_reason or None,
    )


def _said(error: Exception) -> str:
    text = join_lines(getattr(error, "message", None) or error)
    return re.sub(r"^POST https?://\S+: ", "", text)
