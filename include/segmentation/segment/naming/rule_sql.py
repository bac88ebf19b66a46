"""The rule of a segment, as SQL that labels exactly as ``score`` does."""

from collections.abc import Sequence

from include.segmentation.model.model import KpiAxis
from include.segmentation.segment.space.kpi_axes import compute_slopes
from include.segmentation.segment.space.nearest_prototype import TIE, NearestRule, PrototypeCost, compute_costs

_FUNCTIONS = {"none": "{}", "log1p": "ln(1 + {})", "asinh": "asinh({})", "sqrt": "sqrt({})"}


def write_rule_sql(when: str, rule: NearestRule, ordinal: int) -> str:
    """A condition over the KPIs, valid in PostgreSQL and DuckDB, that holds for the segment's customers only.

    Three steps inside each other: the transformed KPIs, the cost of the nearest prototype of every segment, the
    smallest of these. On a tie the lower ordinal wins. Names begin with an underscore, as no KPI's does.

    Args:
        when: the condition of the stratum.
        rule: what labels its customers; without segments where it is one segment.
        ordinal: the segment, from 0.
    """
    if not rule.prototypes:
        return f"({when})"
    segments = [_least([_cost(cost) for cost in segment]) for segment in compute_costs(rule)]
    names = [f"_segment_{number}" for number in range(1, len(segments) + 1)]
    moved = _selected([_transformed(axis) for axis in rule.axes], _moved_names(len(rule.axes)))
    distances = _selected(segments, names)
    conditions = [f"{names[ordinal]} <= _least + {TIE!r}"]
    if ordinal > 0:
        conditions.append(f"{_least(names[:ordinal])} > _least + {TIE!r}")
    return (
        f"({when}) AND (SELECT {' AND '.join(conditions)} FROM (SELECT *, {_least(names)} AS _least FROM "
        f"(SELECT {distances} FROM (SELECT {moved}) AS _moved) AS _costs) AS _nearest)"
    )


def _moved_names(axes: int) -> list[str]:
    return [f"_x{number}" for number in range(1, axes + 1)]


def _selected(expressions: Sequence[str], names: Sequence[str]) -> str:
    return ", ".join(f"{expression} AS {name}" for expression, name in zip(expressions, names, strict=True))


def _cost(cost: PrototypeCost) -> str:
    names = _moved_names(len(cost.slopes))
    terms = [f"{_literal(slope)} * {name}" for slope, name in zip(cost.slopes, names, strict=True)]
    return " + ".join([_literal(cost.constant), *terms])


def _transformed(axis: KpiAxis) -> str:
    if axis.transform == "clip":
        return f"least(greatest({_value(axis)}, {_literal(axis.cuts[0])}), {_literal(axis.cuts[1])})"
    if axis.transform == "quantile":
        return _shares(axis)
    return _FUNCTIONS[axis.transform].format(_value(axis))


def _value(axis: KpiAxis) -> str:
    return axis.kpi if axis.undefined_as is None else f"coalesce({axis.kpi}, {_literal(axis.undefined_as)})"


def _shares(axis: KpiAxis) -> str:
    """The steps of ``scale``, operation by operation: from each cut a straight line to the next."""
    kpi, cuts, shares = _value(axis), axis.cuts, axis.shares
    lines = [
        f"WHEN {kpi} < {_literal(after)} THEN {_literal(share)} + ({kpi} - {_literal(cut)}) * {_literal(slope)}"
        for cut, after, share, slope in zip(cuts, cuts[1:], shares, compute_slopes(axis).tolist(), strict=False)
    ]
    below = f"WHEN {kpi} < {_literal(cuts[0])} THEN {_literal(shares[0])}"
    return f"CASE {' '.join([below, *lines])} ELSE {_literal(shares[-1])} END"


def _literal(value: float) -> str:
    """With an exponent, so that no database takes the number for a DECIMAL of its own width."""
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _least(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"least({', '.join(values)})"
