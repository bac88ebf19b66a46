"""The equivalent of a query in DuckDB, over the rows that its base tables have in the lake.

sqlglot writes the dialect; what the two compute differently is written out here by the kinds of the values: decimals
keep MySQL's scale, AVG and / round as MySQL does, truth is a number, texts are not compared at all (MySQL compares them
by their collation).
"""

from collections.abc import Callable

import pyarrow as pa
from sqlglot import exp

from include.segmentation.extract.rewrite.kind_rules import UNITS, infer_kind, is_moment
from include.segmentation.extract.rewrite.query_levels import QueryLevel
from include.segmentation.extract.rewrite.sql_nodes import name_output
from include.segmentation.extract.rewrite.value_kinds import (
    MOST_DIGITS,
    QUOTIENT_DIGITS,
    DeclinedError,
    ValueKind,
    format_expression,
    make_integer_kind,
)
from include.segmentation.extract.rewrite.window_functions import AGGREGATES, parse_window

BASE_SCHEMA = "base"
"""Where the base tables are views, times without a zone."""
MACRO = (
    "CREATE MACRO quotient(a, b) AS CASE WHEN b = 0 THEN NULL "
    "ELSE sign(a) * sign(b) * ((abs(a) * 2 + abs(b)) // (abs(b) * 2)) END"
)
"""Whole numbers divided, rounded to the nearest, halves away from zero."""
_WORD = 9
"""MySQL keeps decimals in words of nine digits."""


def write_duckdb_sql(query: QueryLevel) -> str:
    """The text of a query in DuckDB; see ``SCHEMA`` and ``MACRO`` for what it needs.

    Raises:
        Declined: it would not give the same rows.
    """
    return str(_select(query).sql("duckdb", pretty=True, comments=False))


def map_duckdb_type(lake: pa.DataType) -> str:
    """The type that computes what a type of the lake holds."""
    if pa.types.is_decimal(lake):
        return f"DECIMAL({lake.precision}, {lake.scale})"
    if lake == pa.null():
        raise DeclinedError("the types of its columns are known to the server only")
    plain = {pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.string(): "VARCHAR", pa.binary(): "BLOB"}
    return plain.get(lake) or ("DATE" if pa.types.is_date(lake) else "TIMESTAMP")


def _select(level: QueryLevel) -> exp.Select:
    select = level.select.copy()
    translate = _Translator(level)
    items = []
    for item in select.expressions:
        value = translate.value(item.unalias())
        kind = map_duckdb_type(level.columns[name_output(item)].lake)
        items.append(exp.alias_(exp.cast(value, kind, dialect="duckdb"), name_output(item), quoted=True))
    joins = [_join(join, translate) for join in select.args.get("joins") or []]
    made = exp.Select(expressions=items, from_=select.args["from_"], joins=joins)
    if select.args.get("where"):
        made.set("where", exp.Where(this=translate.condition(select.args["where"].this)))
    if select.args.get("group"):
        groups = [translate.compared(node, node) for node in select.args["group"].expressions]
        made.set("group", exp.Group(expressions=groups))
    for node in [made.args["from_"].this, *(join.this for join in joins)]:
        source = level.sources[node.alias]
        if isinstance(source, QueryLevel):
            node.set("this", _select(source))
        else:
            node.set("this", exp.to_identifier(source.name, quoted=True))
            node.set("db", exp.to_identifier(BASE_SCHEMA))
    return made


def _join(join: exp.Join, translate: "_Translator") -> exp.Join:
    condition = join.args.get("on")
    if condition is None:
        return exp.Join(this=join.this, kind="CROSS")
    return exp.Join(this=join.this, side=join.args.get("side"), on=translate.condition(condition))


class _Translator:
    """Translates the expressions of one level."""

    def __init__(self, level: QueryLevel) -> None:
        self._level = level

    def kind(self, node: exp.Expr) -> ValueKind:
        """The kind of an expression of the query as it was."""
        return infer_kind(node, self._level.find_kind)

    def condition(self, node: exp.Expr) -> exp.Expr:
        """A condition as a truth: a number is one where it is not zero."""
        made = self.any(node)
        return _duck(f"({_sql(made)}) <> 0") if self.kind(node).family == "integer" else made

    def value(self, node: exp.Expr) -> exp.Expr:
        """A value: a truth is a number."""
        made = self.any(node)
        return _duck(f"CAST({_sql(made)} AS BIGINT)") if self.kind(node).family == "truth" else made

    def compared(self, node: exp.Expr, where: exp.Expr) -> exp.Expr:
        """A value that is compared, ordered or grouped by."""
        if isinstance(node, exp.Literal) and is_moment(node):
            return _duck(f"CAST('{node.name}' AS TIMESTAMP)")
        kind = self.kind(node)
        if kind.family in ("text", "opaque") or kind.is_quotient:
            raise DeclinedError(
                f"{format_expression(where)} compares {kind.mysql}, which the server does by rules of its own"
            )
        return self.value(node)

    def any(self, node: exp.Expr) -> exp.Expr:
        """An expression."""
        for types, rule in _RULES.items():
            if isinstance(node, types):
                return rule(self, node)
        raise DeclinedError(f"{format_expression(node)} has no equivalent in DuckDB")

    def same(self, node: exp.Expr) -> exp.Expr:
        """An expression that is written alike; only its parts are translated."""
        made = node.copy()
        for part, value in node.args.items():
            if isinstance(value, exp.Expr):
                made.set(part, self.any(value))
        return made

    def logic(self, node: exp.Expr) -> exp.Expr:
        """AND, OR, NOT."""
        made = node.copy()
        for part in ("this", "expression"):
            if node.args.get(part):
                made.set(part, exp.paren(self.condition(node.args[part])))
        return made

    def comparison(self, node: exp.Binary) -> exp.Expr:
        """=, < and the like."""
        left, right = (self.compared(side, node) for side in (node.left, node.right))
        return type(node)(this=exp.paren(left), expression=exp.paren(right))

    def between(self, node: exp.Between) -> exp.Expr:
        """BETWEEN."""
        parts = {part: exp.paren(self.compared(node.args[part], node)) for part in ("this", "low", "high")}
        return exp.Between(**parts)

    def among(self, node: exp.In) -> exp.Expr:
        """IN, of a list or of another SELECT."""
        this = exp.paren(self.compared(node.this, node))
        query = node.args.get("query")
        if query is not None:
            return exp.In(this=this, query=exp.Subquery(this=_select(self._level.among[node.sql()])))
        return exp.In(this=this, expressions=[self.compared(value, node) for value in node.expressions])

    def null(self, node: exp.Is) -> exp.Expr:
        """IS NULL."""
        return exp.Is(this=exp.paren(self.any(node.this)), expression=exp.Null())

    def arithmetic(self, node: exp.Binary) -> exp.Expr:
        """+, - and *, in the digits of the result."""
        kind = map_duckdb_type(self.kind(node).lake)
        left, right = (
            f"CAST({_sql(self.value(side))} AS {_number(self.kind(side))})" for side in (node.left, node.right)
        )
        sign = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*"}[type(node)]
        return _duck(f"CAST({left} {sign} {right} AS {kind})")

    def quotient(self, node: exp.Div) -> exp.Expr:
        """The quotient of exact numbers, rounded as MySQL does."""
        one, other = self.kind(node.left), self.kind(node.right)
        return self._divided(
            node, one, other, _whole(_sql(self.value(node.left)), one), _whole(_sql(self.value(node.right)), other)
        )

    def whole(self, node: exp.Binary) -> exp.Expr:
        """DIV and %."""
        sign = "//" if isinstance(node, exp.IntDiv) else "%"
        return _duck(" ".join(["(", _sql(self.value(node.left)), ")", sign, "(", _sql(self.value(node.right)), ")"]))

    def either(self, node: exp.Expr) -> exp.Expr:
        """CASE, IF and COALESCE, all branches of the result's type."""
        kind = map_duckdb_type(self.kind(node).lake) if self.kind(node).family != "null" else "BIGINT"

        def branch(value: exp.Expr | None) -> str:
            return f"CAST({_sql(self.value(value))} AS {kind})" if value else "NULL"

        if isinstance(node, exp.Coalesce):
            return _duck(f"COALESCE({', '.join(branch(value) for value in (node.this, *node.expressions))})")
        if isinstance(node, exp.If):
            cases, default = [(node.this, node.args["true"])], node.args.get("false")
        else:
            cases, default = [(case.this, case.args["true"]) for case in node.args["ifs"]], node.args.get("default")
        whens = " ".join(f"WHEN {_sql(self.condition(when))} THEN {branch(then)}" for when, then in cases)
        return _duck(f"CASE {whens} ELSE {branch(default)} END")

    def elapsed(self, node: exp.TimestampDiff) -> exp.Expr:
        """Whole units from one time to another, cut towards zero."""
        later, earlier = (f"epoch_us({self._moment(side)})" for side in (node.this, node.expression))
        return _duck(f"({later} - {earlier}) // {UNITS[node.text('unit').upper()] * 1_000_000}")

    def days(self, node: exp.DateDiff) -> exp.Expr:
        """Days between the dates of two times."""
        later, earlier = (f"CAST({self._moment(side)} AS DATE)" for side in (node.this, node.expression))
        return _duck(f"CAST({later} - {earlier} AS BIGINT)")

    def window(self, node: exp.Window) -> exp.Expr:
        """A function OVER rows."""
        over = parse_window(node)
        partition = ", ".join(_sql(self.compared(by, node)) for by in over.partition)
        order = ", ".join(
            f"{_sql(self.compared(by.this, node))} {'DESC NULLS LAST' if by.args.get('desc') else 'NULLS FIRST'}"
            for by in over.order
        )
        frame = (
            ""
            if over.is_default_frame
            else f"{'ROWS' if over.is_rows else 'RANGE'} BETWEEN {over.begin} AND {over.end}"
        )
        partition, order = f"PARTITION BY {partition}" * bool(partition), f"ORDER BY {order}" * bool(order)
        rows = f" OVER ({' '.join(part for part in (partition, order, frame) if part)})"
        if isinstance(over.function, AGGREGATES):
            return self.aggregate(over.function, rows)
        return _duck(f"{self._positional(over.function)}{rows}")

    def aggregate(self, node: exp.Expr, rows: str = "") -> exp.Expr:
        """COUNT, SUM, AVG, MIN and MAX, of a group or of the rows of a window."""
        if isinstance(node, exp.Count):
            counted = "*" if isinstance(node.this, exp.Star) else _sql(self.any(node.this))
            return _duck(f"COUNT({counted}){rows}")
        value, kind = _sql(self.value(node.this)), self.kind(node.this)
        if isinstance(node, exp.Sum):
            made = self.kind(node)
            return _duck(f"CAST(SUM(CAST({value} AS DECIMAL({MOST_DIGITS}, {made.scale}))){rows} AS {_number(made)})")
        if isinstance(node, exp.Avg):
            return self._divided(
                node, kind, make_integer_kind(1), f"SUM({_whole(value, kind)}){rows}", f"COUNT({value}){rows}"
            )
        return _duck(f"{node.sql_name()}({_sql(self.compared(node.this, node))}){rows}")

    def _positional(self, function: exp.Expr) -> str:
        """A function that takes a value from another row, or counts them."""
        if function.this is None:
            return f"{function.sql_name()}()"
        arguments = [_sql(self.value(function.this))]
        if isinstance(function, exp.Lag | exp.Lead):
            steps, default = function.args.get("offset"), function.args.get("default")
            kind = map_duckdb_type(self.kind(function).lake)
            arguments = [f"CAST({arguments[0]} AS {kind})", steps.name if steps else "1"]
            arguments += [f"CAST({_sql(self.value(default))} AS {kind})"] if default else []
        return f"{function.sql_name()}({', '.join(arguments)})"

    def _moment(self, node: exp.Expr) -> str:
        made = f"'{node.name}'" if is_moment(node) else _sql(self.any(node))
        return f"CAST({made} AS TIMESTAMP)"

    def _divided(self, node: exp.Expr, one: ValueKind, other: ValueKind, above: str, below: str) -> exp.Expr:
        """The quotient of whole numbers that stand for one and other without their points."""
        made = self.kind(node)
        if made.scale >= _computed_scale(one.scale, other.scale):
            raise DeclinedError(f"{format_expression(node)}: MySQL cuts the last digit instead of rounding it")
        if made.digits + made.scale > MOST_DIGITS:
            raise DeclinedError(f"{format_expression(node)} needs more than {MOST_DIGITS} digits")
        power = 10 ** (other.scale + QUOTIENT_DIGITS)
        rounded = f"quotient(({above}) * CAST({power} AS HUGEINT), CAST({below} AS HUGEINT))"
        unit = f"CAST(0.{'1'.zfill(made.scale)} AS DECIMAL({made.scale}, {made.scale}))"
        return _duck(f"CAST(CAST({rounded} AS DECIMAL({made.digits}, 0)) * {unit} AS {_number(made)})")


def _computed_scale(one: int, other: int) -> int:
    """How many digits behind the point MySQL computes of a quotient, before it rounds: whole words of them."""
    words = -(-one // _WORD) * _WORD, -(-other // _WORD) * _WORD
    more = max(0, QUOTIENT_DIGITS - (words[0] - one) - (words[1] - other))
    return -(-(sum(words) + more) // _WORD) * _WORD


def _whole(value: str, kind: ValueKind) -> str:
    """An exact number without its point."""
    if kind.digits + kind.scale + 1 > MOST_DIGITS:
        raise DeclinedError(f"a number of {kind.digits} digits, {kind.scale} of them behind the point, is divided")
    moved = f"CAST({value} AS {_number(kind)}) * CAST({10**kind.scale} AS DECIMAL({kind.scale + 1}, 0))"
    return f"CAST({moved} AS HUGEINT)"


def _number(kind: ValueKind) -> str:
    """The type that holds just the digits of a number."""
    return f"DECIMAL({max(kind.digits, 1)}, {kind.scale})" if kind.is_number else map_duckdb_type(kind.lake)


def _duck(sql: str) -> exp.Expr:
    return exp.maybe_parse(sql, dialect="duckdb")


def _sql(node: exp.Expr) -> str:
    return str(node.sql("duckdb"))


_Rule = Callable[[_Translator, exp.Expr], exp.Expr]
_RULES: dict[tuple[type[exp.Expr], ...], _Rule] = {
    (exp.Column, exp.Literal, exp.Null, exp.Boolean): lambda _, node: node.copy(),
    (exp.Paren, exp.Neg, exp.TsOrDsToDate): _Translator.same,
    (exp.And, exp.Or, exp.Not): _Translator.logic,
    (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ): _Translator.comparison,
    (exp.Between,): _Translator.between,
    (exp.In,): _Translator.among,
    (exp.Is,): _Translator.null,
    (exp.Add, exp.Sub, exp.Mul): _Translator.arithmetic,
    (exp.Div,): _Translator.quotient,
    (exp.IntDiv, exp.Mod): _Translator.whole,
    (exp.Case, exp.If, exp.Coalesce): _Translator.either,
    (exp.TimestampDiff,): _Translator.elapsed,
    (exp.DateDiff,): _Translator.days,
    (exp.Window,): _Translator.window,
    AGGREGATES: lambda translator, node: translator.aggregate(node),
}
