"""Expressions of a query in DuckDB's dialect, with MySQL's results."""

from collections.abc import Callable

from sqlglot import exp

from include.segmentation.extract.rewrite.duckdb_numbers import (
    map_duckdb_type,
    name_exact_type,
    write_quotient,
    write_unscaled,
)
from include.segmentation.extract.rewrite.function_kinds import UNIT_SECONDS
from include.segmentation.extract.rewrite.kind_rules import infer_kind
from include.segmentation.extract.rewrite.operator_kinds import is_moment
from include.segmentation.extract.rewrite.query_levels import QueryLevel
from include.segmentation.extract.rewrite.value_kinds import (
    MOST_DIGITS,
    UnsupportedSqlError,
    ValueKind,
    format_expression,
)
from include.segmentation.extract.rewrite.window_functions import AGGREGATES, parse_window


class ExpressionTranslator:
    """Translates the expressions of one level.

    Args:
        level: the level.
        translate_level: translates the SELECT in ``x IN (SELECT ...)``.
    """

    def __init__(self, level: QueryLevel, translate_level: Callable[[QueryLevel], exp.Select]) -> None:
        self._level = level
        self._translate_level = translate_level

    def translate_condition(self, node: exp.Expr) -> exp.Expr:
        """Translate a condition; a number is true if it is not zero."""
        translation = self._translate(node)
        is_integer = self._infer_kind(node).family == "integer"
        return _parse(f"({_write(translation)}) <> 0") if is_integer else translation

    def translate_value(self, node: exp.Expr) -> exp.Expr:
        """Translate a value; a truth becomes a number."""
        translation = self._translate(node)
        is_truth = self._infer_kind(node).family == "truth"
        return _parse(f"CAST({_write(translation)} AS BIGINT)") if is_truth else translation

    def translate_compared_value(self, node: exp.Expr, parent: exp.Expr) -> exp.Expr:
        """Translate a value that is compared, ordered or grouped by.

        Raises:
            UnsupportedSqlError: MySQL compares such values in its own way.
        """
        if isinstance(node, exp.Literal) and is_moment(node):
            return _parse(f"CAST('{node.name}' AS TIMESTAMP)")
        kind = self._infer_kind(node)
        if kind.family in ("text", "opaque") or kind.is_quotient:
            raise UnsupportedSqlError(
                f"{format_expression(parent)} compares {kind.mysql}, for which the server has its own rules"
            )
        return self.translate_value(node)

    def _infer_kind(self, node: exp.Expr) -> ValueKind:
        return infer_kind(node, self._level.find_kind)

    def _translate(self, node: exp.Expr) -> exp.Expr:
        for types, rule in _RULES.items():
            if isinstance(node, types):
                return rule(self, node)
        raise UnsupportedSqlError(f"{format_expression(node)} has no equivalent in DuckDB")

    def _translate_parts(self, node: exp.Expr) -> exp.Expr:
        """Keep an expression that both dialects write alike; translate its parts."""
        translation = node.copy()
        for part, value in node.args.items():
            if isinstance(value, exp.Expr):
                translation.set(part, self._translate(value))
        return translation

    def _translate_logic(self, node: exp.Expr) -> exp.Expr:
        translation = node.copy()
        for part in ("this", "expression"):
            if node.args.get(part):
                translation.set(part, exp.paren(self.translate_condition(node.args[part])))
        return translation

    def _translate_comparison(self, node: exp.Binary) -> exp.Expr:
        left, right = (self.translate_compared_value(side, node) for side in (node.left, node.right))
        return type(node)(this=exp.paren(left), expression=exp.paren(right))

    def _translate_between(self, node: exp.Between) -> exp.Expr:
        parts = ("this", "low", "high")
        return exp.Between(**{part: exp.paren(self.translate_compared_value(node.args[part], node)) for part in parts})

    def _translate_in(self, node: exp.In) -> exp.Expr:
        value = exp.paren(self.translate_compared_value(node.this, node))
        if node.args.get("query"):
            subquery = self._translate_level(self._level.subqueries[node.sql()])
            return exp.In(this=value, query=exp.Subquery(this=subquery))
        return exp.In(
            this=value, expressions=[self.translate_compared_value(other, node) for other in node.expressions]
        )

    def _translate_is_null(self, node: exp.Is) -> exp.Expr:
        return exp.Is(this=exp.paren(self._translate(node.this)), expression=exp.Null())

    def _translate_arithmetic(self, node: exp.Binary) -> exp.Expr:
        """``+``, ``-`` and ``*``, with the digits of the result."""
        left, right = (
            f"CAST({_write(self.translate_value(side))} AS {name_exact_type(self._infer_kind(side))})"
            for side in (node.left, node.right)
        )
        operator = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}[type(node)]
        return _parse(f"CAST({left} {operator} {right} AS {map_duckdb_type(self._infer_kind(node).lake)})")

    def _translate_quotient(self, node: exp.Div) -> exp.Expr:
        kinds = [self._infer_kind(side) for side in (node.left, node.right)]
        dividend, divisor = (
            write_unscaled(_write(self.translate_value(side)), kind)
            for side, kind in zip((node.left, node.right), kinds, strict=True)
        )
        scales = kinds[0].scale, kinds[1].scale
        return _parse(write_quotient(node, self._infer_kind(node), scales, dividend, divisor))

    def _translate_whole_division(self, node: exp.Binary) -> exp.Expr:
        operator = "//" if isinstance(node, exp.IntDiv) else "%"
        left, right = (_write(self.translate_value(side)) for side in (node.left, node.right))
        return _parse(f"( {left} ) {operator} ( {right} )")

    def _translate_alternatives(self, node: exp.Expr) -> exp.Expr:
        """CASE, IF and COALESCE, with all branches cast to the type of the result."""
        kind = self._infer_kind(node)
        duckdb_type = map_duckdb_type(kind.lake) if kind.family != "null" else "BIGINT"

        def write_branch(value: exp.Expr | None) -> str:
            return f"CAST({_write(self.translate_value(value))} AS {duckdb_type})" if value else "NULL"

        if isinstance(node, exp.Coalesce):
            return _parse(f"COALESCE({', '.join(write_branch(value) for value in (node.this, *node.expressions))})")
        if isinstance(node, exp.If):
            branches, default = [(node.this, node.args["true"])], node.args.get("false")
        else:
            branches, default = [(case.this, case.args["true"]) for case in node.args["ifs"]], node.args.get("default")
        whens = " ".join(
            f"WHEN {_write(self.translate_condition(condition))} THEN {write_branch(value)}"
            for condition, value in branches
        )
        return _parse(f"CASE {whens} ELSE {write_branch(default)} END")

    def _translate_timestamp_difference(self, node: exp.TimestampDiff) -> exp.Expr:
        """Whole units between two times, truncated towards zero."""
        later, earlier = (f"epoch_us({self._write_moment(side)})" for side in (node.this, node.expression))
        return _parse(f"({later} - {earlier}) // {UNIT_SECONDS[node.text('unit').upper()] * 1_000_000}")

    def _translate_date_difference(self, node: exp.DateDiff) -> exp.Expr:
        later, earlier = (f"CAST({self._write_moment(side)} AS DATE)" for side in (node.this, node.expression))
        return _parse(f"CAST({later} - {earlier} AS BIGINT)")

    def _translate_window(self, node: exp.Window) -> exp.Expr:
        window = parse_window(node)
        partition = ", ".join(_write(self.translate_compared_value(key, node)) for key in window.partition)
        order = ", ".join(
            f"{_write(self.translate_compared_value(key.this, node))} "
            f"{'DESC NULLS LAST' if key.args.get('desc') else 'NULLS FIRST'}"
            for key in window.order
        )
        frame = f"{'ROWS' if window.is_rows else 'RANGE'} BETWEEN {window.begin} AND {window.end}"
        clauses = [f"PARTITION BY {partition}"] * bool(partition) + [f"ORDER BY {order}"] * bool(order)
        over = f" OVER ({' '.join(clauses + [frame] * (not window.is_default_frame))})"
        if isinstance(window.function, AGGREGATES):
            return self._translate_aggregate(window.function, over)
        return _parse(f"{self._write_positional_function(window.function)}{over}")

    def _translate_aggregate(self, node: exp.Expr, over: str = "") -> exp.Expr:
        """COUNT, SUM, AVG, MIN and MAX, of a group or of the rows of a window."""
        if isinstance(node, exp.Count):
            argument = "*" if isinstance(node.this, exp.Star) else _write(self._translate(node.this))
            return _parse(f"COUNT({argument}){over}")
        value, kind, result = (
            _write(self.translate_value(node.this)),
            self._infer_kind(node.this),
            self._infer_kind(node),
        )
        if isinstance(node, exp.Sum):
            total = f"SUM(CAST({value} AS DECIMAL({MOST_DIGITS}, {result.scale}))){over}"
            return _parse(f"CAST({total} AS {name_exact_type(result)})")
        if isinstance(node, exp.Avg):
            total, rows = f"SUM({write_unscaled(value, kind)}){over}", f"COUNT({value}){over}"
            return _parse(write_quotient(node, result, (kind.scale, 0), total, rows))
        return _parse(f"{node.sql_name()}({_write(self.translate_compared_value(node.this, node))}){over}")

    def _write_positional_function(self, function: exp.Expr) -> str:
        """A function that ranks rows or takes a value from another row."""
        if function.this is None:
            return f"{function.sql_name()}()"
        arguments = [_write(self.translate_value(function.this))]
        if isinstance(function, exp.Lag | exp.Lead):
            offset, default = function.args.get("offset"), function.args.get("default")
            duckdb_type = map_duckdb_type(self._infer_kind(function).lake)
            arguments = [f"CAST({arguments[0]} AS {duckdb_type})", offset.name if offset else "1"]
            arguments += [f"CAST({_write(self.translate_value(default))} AS {duckdb_type})"] if default else []
        return f"{function.sql_name()}({', '.join(arguments)})"

    def _write_moment(self, node: exp.Expr) -> str:
        moment = f"'{node.name}'" if is_moment(node) else _write(self._translate(node))
        return f"CAST({moment} AS TIMESTAMP)"


def _parse(sql: str) -> exp.Expr:
    return exp.maybe_parse(sql, dialect="duckdb")


def _write(node: exp.Expr) -> str:
    return str(node.sql("duckdb"))


_Rule = Callable[[ExpressionTranslator, exp.Expr], exp.Expr]
_RULES: dict[tuple[type[exp.Expr], ...], _Rule] = {
    (exp.Column, exp.Literal, exp.Null, exp.Boolean): lambda _, node: node.copy(),
    (exp.Paren, exp.Neg, exp.TsOrDsToDate): ExpressionTranslator._translate_parts,
    (exp.And, exp.Or, exp.Not): ExpressionTranslator._translate_logic,
    (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ): ExpressionTranslator._translate_comparison,
    (exp.Between,): ExpressionTranslator._translate_between,
    (exp.In,): ExpressionTranslator._translate_in,
    (exp.Is,): ExpressionTranslator._translate_is_null,
    (exp.Add, exp.Sub, exp.Mul): ExpressionTranslator._translate_arithmetic,
    (exp.Div,): ExpressionTranslator._translate_quotient,
    (exp.IntDiv, exp.Mod): ExpressionTranslator._translate_whole_division,
    (exp.Case, exp.If, exp.Coalesce): ExpressionTranslator._translate_alternatives,
    (exp.TimestampDiff,): ExpressionTranslator._translate_timestamp_difference,
    (exp.DateDiff,): ExpressionTranslator._translate_date_difference,
    (exp.Window,): ExpressionTranslator._translate_window,
    AGGREGATES: lambda translator, node: translator._translate_aggregate(node),
}
