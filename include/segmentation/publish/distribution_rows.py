"""How the KPIs of a macro segment are distributed among the customers of each segment.

Sums are exact (decimals at the KPI's resolution) and percentiles are existing values, so the figures do not depend
on threads or on the order of rows.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any

from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.common.suppression import SUPPRESS_BELOW
from include.segmentation.common.text import format_word_range
from include.segmentation.profile.kpis import Kpi
from include.segmentation.publish.publish_inputs import PublishInputs
from include.segmentation.warehouse.published_table import Row

_PERCENTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
_FIGURES = ("total", "share_of_total", "nonzero_share", "nulls", "min", *_PERCENTILES, "max", "mean", "band")


def make_size_rows(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of ``fct_segment_size``, including segments without customers."""
    (population,) = inputs.fetch_one("SELECT count(*) FROM population")
    for macro, model in inputs.models.items():
        sizes: list[tuple[str, str | None, int]]
        sizes = [(segment.key, None, inputs.sizes[macro][segment.key]) for segment in model.list_segments()]
        sizes += [(key, parent, inputs.micro_sizes.get(key, 0)) for key, parent in model.map_parents().items()]
        for key, parent, customers in sizes:
            yield {
                "macro_segment": macro,
                "segment_key": key,
                "parent_key": parent,
                "model_id": model.model_id,
                "customers": customers,
                "share": customers / population,
                "suppressed": customers < SUPPRESS_BELOW,
            }


def make_profile_rows(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of ``fct_segment_profile``, for segments and micro segments."""
    profile = inputs.run.profile
    for macro, model in inputs.models.items():
        kpis = profile.macro_segments[macro].kpis
        worth = {name: profile.kpis[name] for name in profile.worth if name not in kpis}
        source = f"member_{macro} JOIN measure_{macro} USING (customer_id)"
        for name in worth:
            measured = f"measure_{profile.kpi_macro_segments[name]}"
            source += f' JOIN (SELECT customer_id, "{name}" FROM {measured}) USING (customer_id)'
        parents = model.map_parents()
        keys = [*(segment.key for segment in model.list_segments()), *parents]
        for row in _describe_groups(inputs, kpis | worth, source, keys, []):
            yield {"macro_segment": macro, "parent_key": parents.get(row["segment_key"])} | row


def make_cohort_rows(inputs: PublishInputs) -> Iterator[Row]:
    """Make the rows of ``fct_cohort_segment``."""
    if not inputs.run.profile.cohort_months:
        return
    figures = ("min", "p25", "p50", "p75", "max")
    for macro, model in inputs.models.items():
        source = f"cohort_label_{macro} JOIN cohort_measure_{macro} USING (cohort, month, customer_id)"
        keys = [segment.key for segment in model.list_segments()]
        kpis = inputs.run.profile.macro_segments[macro].kpis
        rows = list(_describe_groups(inputs, kpis, source, keys, ["cohort", "month"]))
        one_kpi = next(iter(kpis))
        cohort_sizes: dict[tuple[Any, Any], int] = {}
        for row in rows:
            if row["kpi"] == one_kpi:
                cohort_sizes[row["cohort"], row["month"]] = (
                    cohort_sizes.get((row["cohort"], row["month"]), 0) + row["customers"]
                )
        for row in rows:
            copied = {name: row[name] for name in ("cohort", "month", "segment_key", "kpi", *figures)}
            share = row["customers"] / cohort_sizes[row["cohort"], row["month"]]
            counts = {"customers": row["customers"], "share": share, "model_id": model.model_id}
            yield {"macro_segment": macro} | copied | counts


def _describe_groups(
    inputs: PublishInputs, kpis: Mapping[str, Kpi], source: str, keys: list[str], by: list[str]
) -> Iterator[Row]:
    """Make one row per group, key and KPI, including segments without customers."""
    columns = [*by, "segment_key"]
    selected = ", ".join([*columns, *map(quote_identifier, kpis)])
    inputs.engine.execute(f"CREATE OR REPLACE TEMP TABLE described AS SELECT {selected} FROM {source}")
    spreads = {}
    groups = set()
    for name, kpi in kpis.items():
        for row in _query_spreads(inputs, columns, name, kpi):
            group = tuple(row[column] for column in by)
            groups.add(group)
            spreads[*group, row["segment_key"], name] = row
    for group, key, name in product(sorted(groups), keys, kpis):
        figures = _compute_figures(spreads.get((*group, key, name)), kpis[name])
        yield dict(zip(by, group, strict=True)) | {"segment_key": key, "kpi": name} | figures


def write_total_sql(name: str, kpi: Kpi) -> str:
    """Write the exact sum of a KPI as SQL."""
    scale = max(0, -int(Decimal(repr(kpi.resolution)).normalize().as_tuple().exponent))
    return f'sum(CAST("{name}" AS DECIMAL(38, {scale})))'


def _query_spreads(inputs: PublishInputs, columns: list[str], name: str, kpi: Kpi) -> list[Row]:
    groups = ", ".join(columns)
    # A percentile is the smallest value that at least its share of the defined values does not exceed.
    result = inputs.engine.execute(
        f'SELECT {groups}, count(*) AS customers, count(*) - count("{name}") AS nulls, '
        f'count(*) FILTER ("{name}" <> 0) AS nonzero, '
        f"{write_total_sql(name, kpi)} AS total, (SELECT {write_total_sql(name, kpi)} "
        f"FROM measure_{inputs.run.profile.kpi_macro_segments[name]}) AS grand_total, "
        f'min("{name}") AS min, max("{name}") AS max, '
        f'quantile_disc("{name}", {list(_PERCENTILES.values())}) AS percentiles '
        f"FROM described GROUP BY {groups} ORDER BY {groups}"
    )
    return list(result.fetch_table().to_pylist())


def _compute_figures(row: Row | None, kpi: Kpi) -> Row:
    customers = row["customers"] if row else 0
    if row is None or customers < SUPPRESS_BELOW:
        return {"customers": customers} | dict.fromkeys(_FIGURES)
    defined = customers - row["nulls"]
    of_segment, grand_total = row["total"], row["grand_total"]
    percentiles = dict(zip(_PERCENTILES, row["percentiles"] or [None] * len(_PERCENTILES), strict=True))
    # If the total were below 0, the customers who cost most would have the largest share.
    has_share = of_segment is not None and grand_total > 0
    return {
        "customers": customers,
        "total": of_segment,
        "share_of_total": float(of_segment / grand_total) if has_share else None,
        "nonzero_share": row["nonzero"] / customers,
        "nulls": row["nulls"],
        "min": row["min"],
        **percentiles,
        "max": row["max"],
        "mean": float(of_segment / defined) if defined else None,
        "band": _name_band(percentiles["p25"], percentiles["p75"], kpi),
    }


def _name_band(low: float | None, high: float | None, kpi: Kpi) -> str | None:
    if not kpi.bands or low is None or high is None:
        return None
    return format_word_range(*(kpi.band_words[bisect_right(kpi.bands, value)] for value in (low, high)))
