"""A window as a correlated subquery in MySQL 5.0's grammar."""

from dataclasses import dataclass

from sqlglot import exp

from include.segmentation.extract.rewrite.kind_rules import infer_kind
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel
from include.segmentation.extract.rewrite.value_kinds import UnsupportedSqlError, format_expression
from include.segmentation.extract.rewrite.window_functions import WindowFunction, read_offset

LARGEST_PARTITION = 20_000
"""Rows. A rewritten window reads up to the whole partition for every row of it."""


@dataclass(frozen=True)
class WindowPartition:
    """The partitions of a window over a base table, whose size only the server knows.

    Attributes:
        columns: PARTITION BY; empty if the whole table is one partition.
        index: the FORCE INDEX clause of the index that keeps a partition together.
    """

    table: str
    columns: tuple[str, ...]
    index: str

    def __str__(self) -> str:
        """The partition as messages name it."""
        table = f"table '{self.table}'"
        return f"the largest partition of {table} by ({', '.join(self.columns)})" if self.columns else table

    def write_size_check(self, condition: str = "TRUE") -> str:
        """A statement in MySQL 5.0's grammar that returns a row if a partition is larger than the limit.

        Args:
            condition: selects the rows whose partitions are checked.
        """
        table, columns = _quote(self.table), [_quote(column) for column in self.columns]
        if not columns:
            return f"SELECT 1 FROM {table} LIMIT 1 OFFSET {LARGEST_PARTITION}"
        chosen = f"(SELECT DISTINCT {', '.join(columns)} FROM {table} WHERE {condition}) AS `chosen`"
        same = " AND ".join(f"`whole`.{column} <=> `chosen`.{column}" for column in columns)
        groups = ", ".join(f"`whole`.{column}" for column in columns)
        return (
            f"SELECT 1 FROM {chosen} STRAIGHT_JOIN {table} AS `whole`{self.index} ON {same} "
            f"GROUP BY {groups} HAVING COUNT(*) > {LARGEST_PARTITION} LIMIT 1"
        )


@dataclass(frozen=True)
class WindowRows:
    """One window to be written as a subquery.

    Attributes:
        window: the window.
        level: the SELECT that contains it.
        table: the base table that the SELECT reads.
        conditions: the WHERE of the SELECT, which applies before windows.
        alias: the alias of the table in the subquery.
    """

    window: WindowFunction
    level: QueryLevel
    table: BaseTable
    conditions: list[exp.Expr]
    alias: str

    def find_partition(self) -> WindowPartition:
        """The partition that the subquery reads for every row.

        Raises:
            UnsupportedSqlError: it is not made of columns, or no index serves it.
        """
        return WindowPartition(self.table.name, self._list_partition_columns(), self._write_index_hint())

    def write_sql(self) -> str:
        """Write the subquery, or an expression of the current row where that is enough.

        Raises:
            UnsupportedSqlError: the window's function or frame has no equivalent.
        """
        function = self.window.function
        if isinstance(function, exp.Lag | exp.Lead):
            return self._write_shift(function)
        if isinstance(function, exp.FirstValue | exp.LastValue):
            return self._write_frame_edge(function)
        if isinstance(function, exp.RowNumber | exp.Rank):
            return self._write_subquery("COUNT(*) + 1", self._write_before())
        if isinstance(function, exp.DenseRank):
            return self._write_subquery(self._count_distinct(), self._write_before())
        if self.window.is_whole or (self.window.is_running and not self.window.order):
            return self._write_subquery(self._write_for_other_row(function))
        if self.window.is_running:
            return self._write_subquery(self._write_for_other_row(function), self._write_before(inclusive=True))
        raise UnsupportedSqlError(f"{self._text}: its frame has no equivalent")

    def _list_partition_columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._name_column(node) for node in self.window.partition))

    def _write_index_hint(self) -> str:
        """Name the index that keeps the partition together and in order; old servers would choose another.

        Raises:
            UnsupportedSqlError: the table has no such index.
        """
        partition = self._list_partition_columns()
        order = [self._name_column(ordered.this) for ordered in self.window.order]
        order = [name for name in dict.fromkeys(order) if name not in partition]
        if len({bool(ordered.args.get("desc")) for ordered in self.window.order}) > 1:
            raise UnsupportedSqlError(f"{self._text} mixes ASC and DESC, for which old servers have no index")
        if self.table.indexes is None:
            return ""
        for name, columns in self.table.indexes.items():
            if _can_serve(columns, partition, order):
                return f" FORCE INDEX ({_quote(name)})" if partition or order else ""
        beginning = ", ".join([*partition, *order])
        raise UnsupportedSqlError(
            f"no index of table '{self.table.name}' begins with ({beginning}), which {self._text} needs"
        )

    def _write_shift(self, function: exp.Lag | exp.Lead) -> str:
        steps, here = read_offset(function), function.this.sql("mysql")
        if not steps:
            return f"({here})"
        is_lead = isinstance(function, exp.Lead)
        direction = self._write_before(reverse=is_lead)
        limit = f" LIMIT 1 OFFSET {steps - 1}" if steps > 1 else " LIMIT 1"
        order = self._write_order(reverse=not is_lead)
        value = self._write_subquery(self._write_for_other_row(function.this), direction, f"{order}{limit}")
        default = function.args.get("default")
        if default is None:
            return value
        probe = self._write_subquery("1", direction, limit)
        return f"CASE WHEN {probe} IS NULL THEN {default.sql('mysql')} ELSE {value} END"

    def _write_frame_edge(self, function: exp.FirstValue | exp.LastValue) -> str:
        is_last = isinstance(function, exp.LastValue)
        if is_last and self.window.is_running:
            return f"({function.this.sql('mysql')})"  # the order is total: the row is the last of its frame
        if not (self.window.is_running or self.window.is_whole):
            raise UnsupportedSqlError(f"{self._text}: its frame has no equivalent")
        order = f"{self._write_order(reverse=is_last)} LIMIT 1"
        return self._write_subquery(self._write_for_other_row(function.this), order=order)

    def _count_distinct(self) -> str:
        """One more than the number of different order values that come before, counting NULL as a value."""
        nodes = [ordered.this for ordered in self.window.order]
        values = [self._write_for_other_row(node) for node in nodes]
        if not any(self._is_nullable(node) for node in nodes):
            return f"COUNT(DISTINCT {', '.join(values)}) + 1"
        if len(nodes) > 1:
            raise UnsupportedSqlError(f"{self._text} is ordered by several columns that may be NULL")
        return f"COUNT(DISTINCT {values[0]}) + COALESCE(MAX({values[0]} IS NULL), 0) + 1"

    def _write_subquery(self, value: str, earlier: str = "", order: str = "") -> str:
        conditions = [
            self._write_for_other_row(exp.paren(part) if isinstance(part, exp.Or) else part) for part in self.conditions
        ]
        where = " AND ".join([*self._write_partition_conditions(), *[f"({earlier})"] * bool(earlier), *conditions])
        table = f"{_quote(self.table.name)} AS {_quote(self.alias)}{self._write_index_hint()}"
        return f"(SELECT {value} FROM {table} WHERE {where or 'TRUE'}{order})"

    def _write_partition_conditions(self) -> list[str]:
        """The conditions that a row belongs to the partition of the current row."""
        return [
            f"{self._write_for_other_row(node)} {'<=>' if self._is_nullable(node) else '='} {node.sql('mysql')}"
            for node in self.window.partition
        ]

    def _write_before(self, inclusive: bool = False, reverse: bool = False) -> str:
        """The condition that a row comes before the current one (or is equal to it); NULL sorts first."""
        condition = ""
        for ordered in reversed(self.window.order):
            is_less = bool(ordered.args.get("desc")) == reverse
            here, there = ordered.this.sql("mysql"), self._write_for_other_row(ordered.this)
            strict, loose = _write_comparisons(there, here, is_less, self._is_nullable(ordered.this))
            last = loose if inclusive else strict
            condition = f"{loose} AND ({strict} OR ({condition}))" if condition else last
        return condition

    def _write_order(self, reverse: bool) -> str:
        """ORDER BY the whole index, the partition's columns included; without them old servers sort."""
        backwards = bool(self.window.order[0].args.get("desc")) != reverse
        names = [*self.window.partition, *(ordered.this for ordered in self.window.order)]
        keys = [f"{self._write_for_other_row(node)}{' DESC' * backwards}" for node in names]
        return f" ORDER BY {', '.join(keys)}"

    def _write_for_other_row(self, node: exp.Expr) -> str:
        """Write an expression of the current row for the row in the subquery."""
        copy = exp.Paren(this=node.copy())
        for column in list(copy.find_all(exp.Column)):
            if column.table in self.level.sources:
                column.set("table", exp.to_identifier(self.alias, quoted=True))
        return str(copy.this.sql("mysql"))

    def _name_column(self, node: exp.Expr) -> str:
        if not isinstance(node, exp.Column):
            raise UnsupportedSqlError(
                f"{self._text} is ordered or divided by {format_expression(node)}, which is not a column"
            )
        return str(node.name)

    def _is_nullable(self, node: exp.Expr) -> bool:
        return infer_kind(node, self.level.find_kind).nullable

    @property
    def _text(self) -> str:
        return format_expression(self.window.node)


def _write_comparisons(there: str, here: str, is_less: bool, nullable: bool) -> tuple[str, str]:
    """The conditions there < here and there <= here, or > and >=; NULL sorts first."""
    sign = "<" if is_less else ">"
    strict, loose = f"{there} {sign} {here}", f"{there} {sign}= {here}"
    if not nullable:
        return strict, loose
    low, high = (there, here) if is_less else (here, there)
    return f"({strict} OR ({low} IS NULL AND NOT {high} IS NULL))", f"({loose} OR {low} IS NULL)"


def _can_serve(index: list[str], partition: tuple[str, ...], order: list[str]) -> bool:
    size = len(partition)
    return set(index[:size]) == set(partition) and index[size : size + len(order)] == order


def _quote(name: str) -> str:
    return str(exp.to_identifier(name, quoted=True).sql("mysql"))
