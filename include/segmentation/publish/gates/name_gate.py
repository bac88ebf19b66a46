"""The name gate: checks that names and aliases are true of the run's customers.

Names are fixed when a model is accepted, so they do not follow the data. A name that no longer holds gives a warning
with the actual values; it does not change. A new fit makes new names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.common.text import format_number, format_word_range
from include.segmentation.model.model import CLAIM_HOLDS, MIDDLE, BandRange, Model, SegmentDefinition
from include.segmentation.profile.conditions import list_condition_columns
from include.segmentation.profile.kpis import Kpi
from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.publish_inputs import PublishInputs

_GATE = "names_agree"


class _BandClaim(NamedTuple):
    """What a name claims about a KPI, and the value that stands for an undefined one."""

    segment: SegmentDefinition
    band: BandRange
    undefined_as: float | None


@dataclass(frozen=True)
class _Claim:
    """A claim about the customers of a segment, and the facts.

    Attributes:
        text: the claim in words.
        customers: of the segment.
        addressed: the customers that the claim is about.
        holding: those of them for whom it holds.
        ranges: their actual values, in words.
    """

    segment: SegmentDefinition
    text: str
    customers: int
    addressed: int
    holding: int
    ranges: str

    @property
    def holds(self) -> bool:
        return self.holding >= CLAIM_HOLDS * self.addressed

    def __str__(self) -> str:
        share = int(1000 * self.holding / self.addressed) / 10  # rounded down: what fails at 90% never reads as 90%
        return (
            f"segment {self.segment.key} '{self.segment.name}': {self.text} holds for {share:g}% of its customers; "
            f"their values: {self.ranges}"
        )


def check_names(inputs: PublishInputs) -> list[GateVerdict]:
    """Check the bands that names claim and the rules of aliases.

    A band must hold for ``CLAIM_HOLDS`` of the segment's customers whose value is in the ``MIDDLE``, a rule for that
    share of all its customers. Segments of fewer than ``SUPPRESS_BELOW`` customers are left out. An unknown key is
    always a warning: nothing is published under it.
    """
    return [verdict for macro in inputs.models for verdict in _check_macro_segment(inputs, macro)]


def _check_macro_segment(inputs: PublishInputs, macro: str) -> list[GateVerdict]:
    unknown_keys = list(_check_unknown_keys(inputs, macro))
    claims = [*_list_name_claims(inputs, macro), *_list_alias_claims(inputs, macro)]
    judged = [claim for claim in claims if claim.customers >= SUPPRESS_BELOW]
    failing, allowed = (
        inputs.run.profile.gates.names_agree.verdict,
        f"at least {CLAIM_HOLDS:.0%} of them; a new fit makes new names",
    )
    failures = [GateVerdict(_GATE, macro, failing, str(claim), allowed) for claim in judged if not claim.holds]
    if unknown_keys or failures:
        return [*failures, *unknown_keys]
    small = len({claim.segment.key for claim in claims} - {claim.segment.key for claim in judged})
    left_out = f"; {small} segments of fewer than {SUPPRESS_BELOW} customers are left out" if small else ""
    return [GateVerdict.make_pass(_GATE, macro, f"all {len(judged)} claims of names and aliases hold{left_out}")]


def _list_named_segments(model: Model) -> list[SegmentDefinition]:
    """List the segments and micro segments."""
    return [*model.list_segments(), *model.list_micro_segments()]


def _list_name_claims(inputs: PublishInputs, macro: str) -> Iterator[_Claim]:
    for name, kpi in inputs.run.profile.macro_segments[macro].kpis.items():
        claims = {
            segment.key: _BandClaim(segment, band, division.undefined_as.get(name))
            for stratum in inputs.models[macro].strata
            for _, division in stratum.list_divisions()
            for segment in division.segments
            for band in segment.bands
            if band.kpi == name
        }
        if claims:
            yield from _list_kpi_claims(inputs, macro, kpi, claims)


def _list_kpi_claims(inputs: PublishInputs, macro: str, kpi: Kpi, claims: Mapping[str, _BandClaim]) -> Iterator[_Claim]:
    bands = [claim.band for claim in claims.values()]
    inputs.engine.register_table(
        "claim",
        pa.table(
            {
                "segment_key": pa.array(claims, pa.string()),
                "low": pa.array([band.low for band in bands], pa.float64()),
                "high": pa.array([band.high for band in bands], pa.float64()),
                "undefined_as": pa.array([claim.undefined_as for claim in claims.values()], pa.float64()),
            }
        ),
    )
    value = f'coalesce(measured."{bands[0].kpi}", claim.undefined_as)'
    result = inputs.engine.execute(
        f"""
        WITH member AS (
            SELECT segment_key, {value} AS value, claim.low, claim.high
            FROM member_{macro} JOIN measure_{macro} AS measured USING (customer_id) JOIN claim USING (segment_key)
            WHERE {value} IS NOT NULL
        ),
        middle AS (SELECT segment_key, quantile_disc(value, {list(MIDDLE)}) AS ends FROM member GROUP BY segment_key)
        SELECT
            segment_key, count(*),
            count(*) FILTER (WHERE in_middle),
            count(*) FILTER (WHERE in_middle AND coalesce(value >= low, true) AND coalesce(value < high, true)),
            min(value), max(value)
        FROM (SELECT *, value BETWEEN ends[1] AND ends[2] AS in_middle FROM member JOIN middle USING (segment_key))
        GROUP BY segment_key
        ORDER BY segment_key
        """
    )
    for key, customers, addressed, holding, low, high in result.fetch_rows():
        segment, band, _ = claims[key]
        claim_text = f"{format_word_range(band.low_word, band.high_word)} {kpi.label}"
        yield _Claim(segment, claim_text, customers, addressed, holding, _format_range(kpi, low, high))


def _list_alias_claims(inputs: PublishInputs, macro: str) -> Iterator[_Claim]:
    declared = inputs.run.profile.macro_segments[macro]
    for segment in _list_named_segments(inputs.models[macro]):
        annotation = declared.segments.get(segment.key)
        if annotation is None or not annotation.alias:
            continue
        columns = list_condition_columns(annotation.rule)
        ends = [f'{end}("{column}")' for column in columns for end in ("min", "max")]
        figures = ["count(*)", f"count(*) FILTER (WHERE {annotation.rule})", *ends]
        customers, holding, *values = inputs.fetch_one(
            f"SELECT {', '.join(figures)} FROM measure_{macro} WHERE customer_id IN "
            f"(SELECT customer_id FROM member_{macro} WHERE segment_key = '{segment.key}')"
        )
        ranges = [
            _format_range(declared.kpis.get(column), low, high)
            for column, low, high in zip(columns, values[::2], values[1::2], strict=True)
        ]
        yield _Claim(
            segment, f"alias '{annotation.alias}' ({annotation.rule})", customers, customers, holding, ", ".join(ranges)
        )


def _format_range(kpi: Kpi | None, low: float | None, high: float | None) -> str:
    """Format a range, such as ``Last Visit 64 to 373 days``; the only column without a KPI is the age."""
    label, unit = (kpi.label, kpi.unit) if kpi else ("Age", "days")
    return (
        f"{label} undefined"
        if low is None or high is None
        else f"{label} {format_number(low)} to {format_number(high)} {unit}"
    )


def _check_unknown_keys(inputs: PublishInputs, macro: str) -> Iterator[GateVerdict]:
    """Warn about keys in the profile that neither the run's model nor a later model or candidate has."""
    model = inputs.models[macro]
    later = [entry.model for entry in inputs.timelines[macro] if entry.status in ("accepted", "candidate")]
    models = [model, *(other for other in later if other.effective_from > model.effective_from)]
    keys = {segment.key for each in models for segment in _list_named_segments(each)}
    allowed = ", ".join(f"{segment.key} ({segment.path})" for segment in _list_named_segments(model))
    for key, annotation in inputs.run.profile.macro_segments[macro].segments.items():
        if key not in keys:
            alias = f" (alias '{annotation.alias}')" if annotation.alias else ""
            yield GateVerdict(
                _GATE, macro, "warn", f"segments.{key}{alias} is not a segment of {model.model_id}", allowed
            )
