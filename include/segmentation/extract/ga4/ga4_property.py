"""Read a Google Analytics 4 property day by day, through Google's own client over REST."""

import re
from collections.abc import Iterator
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
from include.segmentation.extract.ga4.report_day import ReportDay, ReportFlags
from include.segmentation.profile.ga4_reports import GA4Extract

_TIMEOUT_SECONDS = 120
_PAUSES = (1.0, 4.0, 16.0)
"""Seconds before each retry."""
_READS = 3
"""How often a day is read while it keeps changing."""
_Truncation = ga4.ResponseMetaData.DataTruncationReason.DataTruncationType
_TRUNCATION = "DATA_TRUNCATION_TYPE_"
_TRANSIENT = (
    refusals.TooManyRequests,
    refusals.ServerError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,  # the connection broke in the middle of an answer
    ParseError,  # an answer that is not Google's, perhaps from a proxy
    TransportError,
)


class GA4Property:
    """A GA4 property, read through a connection.

    Attributes:
        quota: what is known of its quotas.
    """

    def __init__(self, address: Address, name: str) -> None:
        """Log in.

        Raises:
            SourceError: the connection is not Google's, or its credentials cannot be used.
        """
        if address.kind != "google_cloud_platform":
            raise SourceError(f"connection '{address.id}': found type '{address.kind}'; allowed: google_cloud_platform")
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
        """Read all pages of one day.

        The pages must add up. If the report changed while it was read, the day is read again.

        Raises:
            RetryLaterError: a quota is nearly or completely used up.
            UnavailableError: Google does not answer, or the day keeps changing.
            SourceError: Google refuses the login, the property or the report, or withholds a metric.
        """
        for _ in range(_READS):
            pages = list(self._read_pages(report, day))
            announced = {page.row_count for page in pages}
            rows = _join_pages(report, day, pages)
            distinct = len(set(zip(*rows.dimensions, strict=True)))
            if announced == {rows.row_count} and distinct == rows.row_count:
                return rows
        raise UnavailableError(
            f"{self._where}: the report of {day} changed {_READS} times while it was read: {rows.row_count} rows "
            f"({distinct} different), row_count {sorted(announced)}"
        )

    def _read_pages(self, report: GA4Extract, day: date) -> Iterator[Any]:
        """Yield the raw pages of a day, until they have as many rows as the newest page announces."""
        rows = 0
        while True:
            page = self._read_page(report, build_page_request(self._name, report, day, offset=rows))
            yield page
            rows += len(page.rows)
            if not page.rows or rows >= page.row_count:
                return

    def _read_page(self, report: GA4Extract, request: ga4.RunReportRequest) -> Any:
        self.quota.require_tokens()
        tries = len(_PAUSES) + 1
        retrying = Retrying(
            retry=retry_if_exception_type(_TRANSIENT),
            wait=wait_chain(*map(wait_fixed, _PAUSES)),
            stop=stop_after_attempt(tries),
            reraise=True,
        )
        try:
            answer = retrying(self._send_request, request)
        except _TRANSIENT as error:
            raise UnavailableError(f"{self._where}: {_quote_google(error)}; asked {tries} times") from None
        except (refusals.GoogleAPICallError, GoogleAuthError, requests.RequestException) as error:
            raise self._explain_refusal(report, error) from None
        page = ga4.RunReportResponse.pb(answer)  # iterating the wrapped message is many times slower
        self.quota.update_status(page)
        self._check_access(page.metadata)
        return page

    def _send_request(self, request: ga4.RunReportRequest) -> Any:
        try:
            return self._client.run_report(request, timeout=_TIMEOUT_SECONDS, retry=None)
        except _TRANSIENT as error:
            self._check_quota(error)
            raise

    def _check_quota(self, error: Exception) -> None:
        if isinstance(error, refusals.ServerError):
            self.quota.count_server_error(_quote_google(error))
        if isinstance(error, refusals.TooManyRequests):
            self.quota.explain_refusal(_quote_google(error), getattr(error.response, "headers", {}).get("Date"))

    def _check_access(self, metadata: Any) -> None:
        withheld = metadata.schema_restriction_response.active_metric_restrictions
        if withheld:
            names = ", ".join(restriction.metric_name for restriction in withheld)
            raise SourceError(f"{self._where}: the login may not read metric {names}; allowed: metrics it may read")

    def _explain_refusal(self, report: GA4Extract, error: Exception) -> SegmentationError:
        request = ""
        if isinstance(error, refusals.BadRequest):
            request = f" (dimensions {', '.join(report.dimensions)}; metrics {', '.join(report.metrics)}"
            request += f"; filters on {', '.join(report.filter)})" if report.filter else ")"
        return SourceError(f"{self._where}: {_quote_google(error)}{request}")


def _join_pages(report: GA4Extract, day: date, pages: list[Any]) -> ReportDay:
    rows = [row for page in pages for row in page.rows]
    last = pages[-1]
    return ReportDay(
        day=day,
        dimensions=[[row.dimension_values[i].value for row in rows] for i in range(len(report.dimensions))],
        metrics=[[row.metric_values[i].value for row in rows] for i in range(len(report.metrics))],
        metric_types=[ga4.MetricType(header.type_).name for header in last.metric_headers],
        flags=_join_flags([page.metadata for page in pages]),
        time_zone=last.metadata.time_zone,
        pages=len(pages),
    )


def _join_flags(pages: list[Any]) -> ReportFlags:
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


def _quote_google(error: Exception) -> str:
    text = join_lines(getattr(error, "message", None) or error)
    return re.sub(r"^POST https?://\S+: ", "", text)
