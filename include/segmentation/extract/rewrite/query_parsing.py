"""Parse the text of a query, and put its CTEs where they are read."""

import sqlglot
from sqlglot import exp

from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError


def parse_query(sql: str) -> exp.Select:
    """Parse a query.

    Raises:
        UnsupportedSqlError: it is not one SELECT in MySQL's grammar as the parser knows it.
    """
    try:
        statements = [statement for statement in sqlglot.parse(sql, read="mysql") if statement is not None]
    except sqlglot.errors.SqlglotError as error:
        raise UnsupportedSqlError(f"it cannot be parsed: {str(error).splitlines()[0]}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise UnsupportedSqlError("it is not one SELECT (UNION and the like are not supported)")
    return statements[0]


def inline_ctes(select: exp.Select) -> exp.Select:
    """Replace every reference to a CTE by a subquery, in place.

    Raises:
        UnsupportedSqlError: a CTE is recursive, or not one SELECT.
    """
    ctes = select.args.get("with_")
    if ctes is None:
        return select
    if ctes.args.get("recursive"):
        raise UnsupportedSqlError("a recursive CTE has no equivalent")
    select.set("with_", None)
    bodies: dict[str, exp.Select] = {}
    for cte in ctes.expressions:
        body = cte.this
        if not isinstance(body, exp.Select):
            raise UnsupportedSqlError(f"the CTE {cte.alias} is not one SELECT")
        body = _replace_references(inline_ctes(body), bodies)
        for item, name in zip(list(body.expressions), cte.args["alias"].columns, strict=False):
            item.replace(exp.alias_(item.unalias().copy(), name.name, quoted=True))
        bodies[cte.alias] = body
    return _replace_references(select, bodies)


def make_table_alias(name: str) -> exp.TableAlias:
    """The quoted alias of a table or subquery."""
    return exp.TableAlias(this=exp.to_identifier(name, quoted=True))


def _replace_references(select: exp.Select, bodies: dict[str, exp.Select]) -> exp.Select:
    for table in list(select.find_all(exp.Table)):
        if not table.db and table.name in bodies:
            alias = make_table_alias(table.alias_or_name)
            table.replace(exp.Subquery(this=bodies[table.name].copy(), alias=alias))
    return select
