"""The rule of a segment as SQL that labels exactly as ``score_batch`` does."""

from collections.abc import Sequence

from include.segmentation.model.model import KpiAxis
from include.segmentation.segment.space.kpi_axes import compute_slopes
from include.segmentation.segment.space.nearest_prototype import TIE, NearestRule, PrototypeCost, compute_costs

_FUNCTIONS = {"none": "{}", "log1p": "ln(1 + {})", "asinh": "asinh({})", "sqrt": "sqrt({})"}


def write_rule_sql(when: str, rule: NearestRule, ordinal: int) -> str:
    """Write a condition over the KPIs, valid in PostgreSQL and DuckDB, that only the segment's customers meet.

    It nests three steps: the transformed KPIs, the cost of the nearest prototype of every segment, and the smallest of
    these costs. The lower ordinal wins a tie. Names begin with an underscore, which no KPI's name does.

    Args:
        when: the condition of the stratum.
        rule: how its customers are assigned; without prototypes the stratum is one segment.
        ordinal: the segment, from 0.
    """
    if not rule.prototypes:
        return f"({when})"
    segments = [_write_least([_write_cost(cost) for cost in segment]) for segment in compute_costs(rule)]
    names = [f"_segment_{number}" for number in range(1, len(segments) + 1)]
    transformed = _write_columns([_write_transform(axis) for axis in rule.axes], _name_transformed(len(rule.axes)))
    distances = _write_columns(segments, names)
    conditions = [f"{names[ordinal]} <= _least + {TIE!r}"]
    if ordinal > 0:
        conditions.append(f"{_write_least(names[:ordinal])} > _least + {TIE!r}")
    return (
        f"({when}) AND (SELECT {' AND '.join(conditions)} FROM (SELECT *, {_write_least(names)} AS _least FROM "
        f"(SELECT {distances} FROM (SELECT {transformed}) AS _moved) AS _costs) AS _nearest)"
    )


def _name_transformed(axes: int) -> list[str]:
    return [f"_x{number}" for number in range(1, axes + 1)]


def _write_columns(expressions: Sequence[str], names: Sequence[str]) -> str:
    return ", ".join(f"{expression} AS {name}" for expression, name in zip(expressions, names, strict=True))


def _write_cost(cost: PrototypeCost) -> str:
    names = _name_transformed(len(cost.slopes))
    terms = [f"{_write_literal(slope)} * {name}" for slope, name in zip(cost.slopes, names, strict=True)]
    return " + ".join([_write_literal(cost.constant), *terms])


def _write_transform(axis: KpiAxis) -> str:
    if axis.transform == "clip":
        return f"least(greatest({_write_value(axis)}, {_write_literal(axis.cuts[0])}), {_write_literal(axis.cuts[1])})"
    if axis.transform == "quantile":
        return _write_shares(axis)
    return _FUNCTIONS[axis.transform].format(_write_value(axis))


def _write_value(axis: KpiAxis) -> str:
    return axis.kpi if axis.undefined_as is None else f"coalesce({axis.kpi}, {_write_literal(axis.undefined_as)})"


def _write_shares(axis: KpiAxis) -> str:
    """Repeat the steps of ``scale_values``: straight lines from each cut to the next."""
    kpi, cuts, shares = _write_value(axis), axis.cuts, axis.shares
    lines = [
        f"WHEN {kpi} < {_write_literal(after)} THEN "
        f"{_write_literal(share)} + ({kpi} - {_write_literal(cut)}) * {_write_literal(slope)}"
        for cut, after, share, slope in zip(cuts, cuts[1:], shares, compute_slopes(axis).tolist(), strict=False)
    ]
    below = f"WHEN {kpi} < {_write_literal(cuts[0])} THEN {_write_literal(shares[0])}"
    return f"CASE {' '.join([below, *lines])} ELSE {_write_literal(shares[-1])} END"


def _write_literal(value: float) -> str:
    """Write a number with an exponent, so that no database reads it as a DECIMAL."""
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _write_least(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"least({', '.join(values)})"
