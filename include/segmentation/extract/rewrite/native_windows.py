"""What is to be known about a query that a server with window functions gets."""

from sqlglot import exp

from include.segmentation.extract.rewrite.query_levels import QueryLevel
from include.segmentation.extract.rewrite.sql_nodes import find_plain_column, list_own_nodes, name_output
from include.segmentation.extract.rewrite.value_kinds import format_expression
from include.segmentation.extract.rewrite.window_functions import inline_named_windows, parse_window

_SORTED_TOGETHER = 2
"""Up to so many different windows of one SELECT MariaDB was never seen to go wrong."""


def has_shift_defaults(tree: exp.Select) -> bool:
    """Whether LAG or LEAD is given a default, which MariaDB does not know."""
    return any(node.args.get("default") for node in tree.find_all(exp.Lag, exp.Lead))


def replace_shift_defaults(tree: exp.Select) -> exp.Select:
    """A copy of a tree where a default is a CASE: there is no such row where LAG of 1 is NULL."""
    tree = tree.copy()
    for over in list(tree.find_all(exp.Window)):
        default = over.this.args.get("default") if isinstance(over.this, exp.Lag | exp.Lead) else None
        if default is None:
            continue
        value, found = over.copy(), over.copy()
        value.this.set("default", None)
        found.this.set("default", None)
        found.this.set("this", exp.Literal.number(1))
        missing = exp.Is(this=found, expression=exp.Null())
        over.replace(exp.Case(ifs=[exp.If(this=missing, true=default.copy())], default=value))
    return tree


def is_miscomputed_by_mariadb(tree: exp.Select) -> bool:
    """Whether MariaDB (10.11 was seen to) gives wrong rows for the windows of one SELECT.

    It sorts once for several windows, and goes wrong from three different ones on where all that one is divided and
    ordered by is what another begins with, but they are divided by different columns: ``OVER ()``, ``OVER (PARTITION
    BY a)`` and ``OVER (ORDER BY b)`` in one SELECT.
    """
    return any(_is_mixed_up(select) for select in tree.copy().find_all(exp.Select))


def _is_mixed_up(select: exp.Select) -> bool:
    inline_named_windows(select)
    overs = [parse_window(node) for node in list_own_nodes(select, exp.Window)]
    sorts = {(_names(over.partition), _names(over.order)) for over in overs}
    pairs = [(one, other) for one in sorts for other in sorts if one[0] != other[0]]
    return len(sorts) > _SORTED_TOGETHER and any(
        (*other[0], *other[1])[: len(one[0]) + len(one[1])] == (*one[0], *one[1]) for one, other in pairs
    )


def _names(nodes: list[exp.Expr]) -> tuple[str, ...]:
    return tuple(_name(node) for node in nodes)


def _name(node: exp.Expr) -> str:
    """What a window is divided or ordered by; of a column only its name, in whatever way it is written."""
    by = node.this if isinstance(node, exp.Ordered) else node
    written = by.name if isinstance(by, exp.Column) else by.sql("mysql")
    return str(written).lower() + " desc" * bool(node.args.get("desc"))


def find_look_ahead(query: QueryLevel, cursor: str) -> str | None:
    """The window whose value may change when a row with a later cursor comes, in words; None where there is none.

    A window looks back if it goes along the cursor, and only over rows that come before or at the same time.
    """
    return _ahead(query, {cursor})


def _ahead(level: QueryLevel, cursors: set[str]) -> str | None:
    passed = {
        column.sql()
        for item in level.select.expressions
        if name_output(item) in cursors and (column := find_plain_column(item))
    }
    for node in level.windows:
        over = parse_window(node)
        first = over.order[0] if over.order else None
        along = first is not None and not first.args.get("desc") and first.this.sql() in passed
        if not (along and over.has_only_earlier_rows):
            return format_expression(node)
    for alias, source in level.sources.items():
        if isinstance(source, QueryLevel):
            below = {exp.column(name, alias, quoted=True).sql(): name for name in source.columns}
            found = _ahead(source, {name for written, name in below.items() if written in passed})
            if found:
                return found
    return None
