"""What servers with window functions compute differently, and which windows depend on later rows."""

from sqlglot import exp

from include.segmentation.extract.rewrite.query_levels import QueryLevel
from include.segmentation.extract.rewrite.sql_nodes import find_plain_column, list_own_nodes, name_output
from include.segmentation.extract.rewrite.value_kinds import format_expression
from include.segmentation.extract.rewrite.window_functions import inline_named_windows, parse_window

_SAFE_WINDOWS = 2
"""MariaDB was never seen to miscompute a SELECT with this many different windows."""


def has_shift_defaults(tree: exp.Select) -> bool:
    """Whether a LAG or LEAD has a default, which MariaDB does not support."""
    return any(node.args.get("default") for node in tree.find_all(exp.Lag, exp.Lead))


def replace_shift_defaults(tree: exp.Select) -> exp.Select:
    """A copy of a tree with CASE instead of defaults: LAG of the literal 1 is NULL where there is no such row."""
    tree = tree.copy()
    for window in list(tree.find_all(exp.Window)):
        default = window.this.args.get("default") if isinstance(window.this, exp.Lag | exp.Lead) else None
        if default is None:
            continue
        value, probe = window.copy(), window.copy()
        value.this.set("default", None)
        probe.this.set("default", None)
        probe.this.set("this", exp.Literal.number(1))
        has_no_row = exp.Is(this=probe, expression=exp.Null())
        window.replace(exp.Case(ifs=[exp.If(this=has_no_row, true=default.copy())], default=value))
    return tree


def is_miscomputed_by_mariadb(tree: exp.Select) -> bool:
    """Whether MariaDB may return wrong rows for the windows of a SELECT (seen on 10.11).

    MariaDB sorts once for several windows. With three or more different windows it fails where the partition and order
    of one window are the beginning of another's, but their partitions differ: ``OVER ()``, ``OVER (PARTITION BY a)``
    and ``OVER (ORDER BY b)`` in one SELECT.
    """
    return any(_has_mixed_windows(select) for select in tree.copy().find_all(exp.Select))


def _has_mixed_windows(select: exp.Select) -> bool:
    inline_named_windows(select)
    windows = [parse_window(node) for node in list_own_nodes(select, exp.Window)]
    sorts = {(_name_sort_keys(window.partition), _name_sort_keys(window.order)) for window in windows}
    pairs = [(one, other) for one in sorts for other in sorts if one[0] != other[0]]
    return len(sorts) > _SAFE_WINDOWS and any(
        (*other[0], *other[1])[: len(one[0]) + len(one[1])] == (*one[0], *one[1]) for one, other in pairs
    )


def _name_sort_keys(nodes: list[exp.Expr]) -> tuple[str, ...]:
    return tuple(_name_sort_key(node) for node in nodes)


def _name_sort_key(node: exp.Expr) -> str:
    """One text for every spelling of the same column or expression."""
    value = node.this if isinstance(node, exp.Ordered) else node
    sql = value.name if isinstance(value, exp.Column) else value.sql("mysql")
    return str(sql).lower() + " desc" * bool(node.args.get("desc"))


def find_look_ahead(query: QueryLevel, cursor: str) -> str | None:
    """The window whose value may change when a row with a later cursor arrives, as text, or None.

    A window looks back if it is ordered by the cursor, ascending, and covers only rows that come before or at the same
    time.
    """
    return _find_look_ahead_in(query, {cursor})


def _find_look_ahead_in(level: QueryLevel, cursors: set[str]) -> str | None:
    cursor_columns = {
        column.sql()
        for item in level.select.expressions
        if name_output(item) in cursors and (column := find_plain_column(item))
    }
    for node in level.windows:
        window = parse_window(node)
        first = window.order[0] if window.order else None
        follows_cursor = first is not None and not first.args.get("desc") and first.this.sql() in cursor_columns
        if not (follows_cursor and window.has_only_earlier_rows):
            return format_expression(node)
    for alias, source in level.sources.items():
        if isinstance(source, QueryLevel):
            names = {exp.column(name, alias, quoted=True).sql(): name for name in source.columns}
            window_text = _find_look_ahead_in(source, {name for sql, name in names.items() if sql in cursor_columns})
            if window_text:
                return window_text
    return None
