"""The equivalent of a query in DuckDB, over the rows of its base tables in the lake.

sqlglot writes the dialect. Where DuckDB computes differently from MySQL, the SQL here makes up for it by the kinds of
the values: decimals keep MySQL's scale, AVG and / round as MySQL does, truths are numbers. Comparisons of texts, which
depend on a collation, are refused.
"""

from sqlglot import exp

from include.segmentation.extract.rewrite.duckdb_expressions import ExpressionTranslator
from include.segmentation.extract.rewrite.duckdb_numbers import map_duckdb_type
from include.segmentation.extract.rewrite.query_levels import QueryLevel
from include.segmentation.extract.rewrite.sql_nodes import list_source_nodes, name_output

BASE_SCHEMA = "base"
"""The schema in which the base tables are views, with times without a zone."""


def write_duckdb_sql(query: QueryLevel) -> str:
    """Write a query for DuckDB, which needs the views of ``BASE_SCHEMA`` and ``QUOTIENT_MACRO``.

    Raises:
        UnsupportedSqlError: DuckDB would not return the same rows.
    """
    return str(_translate_level(query).sql("duckdb", pretty=True, comments=False))


def _translate_level(level: QueryLevel) -> exp.Select:
    select = level.select.copy()
    translator = ExpressionTranslator(level, _translate_level)
    items = []
    for item in select.expressions:
        value = translator.translate_value(item.unalias())
        duckdb_type = map_duckdb_type(level.columns[name_output(item)].lake)
        items.append(exp.alias_(exp.cast(value, duckdb_type, dialect="duckdb"), name_output(item), quoted=True))
    joins = [_translate_join(join, translator) for join in select.args.get("joins") or []]
    translation = exp.Select(expressions=items, from_=select.args["from_"], joins=joins)
    if select.args.get("where"):
        translation.set("where", exp.Where(this=translator.translate_condition(select.args["where"].this)))
    if select.args.get("group"):
        groups = [translator.translate_compared_value(node, node) for node in select.args["group"].expressions]
        translation.set("group", exp.Group(expressions=groups))
    for node in list_source_nodes(translation):
        source = level.sources[node.alias]
        if isinstance(source, QueryLevel):
            node.set("this", _translate_level(source))
        else:
            node.set("this", exp.to_identifier(source.name, quoted=True))
            node.set("db", exp.to_identifier(BASE_SCHEMA))
    return translation


def _translate_join(join: exp.Join, translator: ExpressionTranslator) -> exp.Join:
    condition = join.args.get("on")
    if condition is None:
        return exp.Join(this=join.this, kind="CROSS")
    return exp.Join(this=join.this, side=join.args.get("side"), on=translator.translate_condition(condition))
