"""The rows that a window looks at, as the FROM and WHERE of a correlated subquery in MySQL 5.0's grammar."""

from dataclasses import dataclass

from sqlglot import exp

from include.segmentation.extract.rewrite.kind_rules import infer_kind
from include.segmentation.extract.rewrite.query_levels import BaseTable, QueryLevel
from include.segmentation.extract.rewrite.value_kinds import DeclinedError, format_expression
from include.segmentation.extract.rewrite.window_functions import WindowFunction, read_offset

LARGEST_PARTITION = 20_000
"""Rows: every row of a partition reads up to all the others."""


@dataclass(frozen=True)
class WindowPartition:
    """What has to be small enough, and is only known to the server: the rows of a table that are equal in columns.

    Attributes:
        index: the clause that names the index they lie together on.
    """

    table: str
    columns: tuple[str, ...]
    index: str

    def __str__(self) -> str:
        """In words."""
        whole = f"table '{self.table}'"
        return f"the largest partition of {whole} by ({', '.join(self.columns)})" if self.columns else whole

    def write_size_check(self, condition: str = "TRUE") -> str:
        """A statement in MySQL 5.0's grammar that gives a row if there is a partition beyond the limit.

        Args:
            condition: which rows' partitions are looked at.
        """
        table, columns = _name(self.table), [_name(column) for column in self.columns]
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
    """What one window needs to become a subquery.

    Attributes:
        over: the window.
        level: where it stands.
        table: the base table that it is taken over.
        conditions: the WHERE of its level, which holds before windows are taken.
        alias: the table's other name in the subquery.
    """

    over: WindowFunction
    level: QueryLevel
    table: BaseTable
    conditions: list[exp.Expr]
    alias: str

    def find_partition(self) -> WindowPartition:
        """The partition that is read for every row.

        Raises:
            Declined: it is not made of columns, or has no index.
        """
        return WindowPartition(self.table.name, self._divided(), self._index())

    def write_sql(self) -> str:
        """The subquery, or an expression of the row itself.

        Raises:
            Declined: the window's function or frame has no equivalent.
        """
        function = self.over.function
        if isinstance(function, exp.Lag | exp.Lead):
            return self._shifted(function)
        if isinstance(function, exp.FirstValue | exp.LastValue):
            return self._end(function)
        if isinstance(function, exp.RowNumber | exp.Rank):
            return self._select("COUNT(*) + 1", self._before())
        if isinstance(function, exp.DenseRank):
            return self._select(self._distinct(), self._before())
        if self.over.is_whole or (self.over.is_running and not self.over.order):
            return self._select(self._there(function))
        if self.over.is_running:
            return self._select(self._there(function), self._before(inclusive=True))
        raise DeclinedError(f"{self._said}: its frame has no equivalent")

    def _divided(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._column(node) for node in self.over.partition))

    def _index(self) -> str:
        """The index on which the partition lies together and in order; named, as old servers choose others.

        Raises:
            Declined: there is none.
        """
        partition = self._divided()
        order = [self._column(ordered.this) for ordered in self.over.order]
        order = [name for name in dict.fromkeys(order) if name not in partition]
        if len({bool(ordered.args.get("desc")) for ordered in self.over.order}) > 1:
            raise DeclinedError(f"{self._said} mixes ASC and DESC, for which old servers have no index")
        if self.table.indexes is None:
            return ""
        for name, columns in self.table.indexes.items():
            if _serves(columns, partition, order):
                return f" FORCE INDEX ({_name(name)})" if partition or order else ""
        wanted = ", ".join([*partition, *order])
        raise DeclinedError(f"no index of table '{self.table.name}' begins with ({wanted}), which {self._said} needs")

    def _shifted(self, function: exp.Lag | exp.Lead) -> str:
        steps, here = read_offset(function), function.this.sql("mysql")
        if not steps:
            return f"({here})"
        ahead = isinstance(function, exp.Lead)
        towards = self._before(reverse=ahead)
        one = f" LIMIT 1 OFFSET {steps - 1}" if steps > 1 else " LIMIT 1"
        value = self._select(self._there(function.this), towards, f"{self._order(reverse=not ahead)}{one}")
        default = function.args.get("default")
        if default is None:
            return value
        missing = self._select("1", towards, one)
        return f"CASE WHEN {missing} IS NULL THEN {default.sql('mysql')} ELSE {value} END"

    def _end(self, function: exp.FirstValue | exp.LastValue) -> str:
        is_last = isinstance(function, exp.LastValue)
        if is_last and self.over.is_running:
            return f"({function.this.sql('mysql')})"  # the order is total: the row is the last of its frame
        if not (self.over.is_running or self.over.is_whole):
            raise DeclinedError(f"{self._said}: its frame has no equivalent")
        return self._select(self._there(function.this), "", f"{self._order(reverse=is_last)} LIMIT 1")

    def _distinct(self) -> str:
        """How many different values of the order come before, NULL being one of them, and one more."""
        nodes = [ordered.this for ordered in self.over.order]
        there = [self._there(node) for node in nodes]
        if not any(self._is_nullable(node) for node in nodes):
            return f"COUNT(DISTINCT {', '.join(there)}) + 1"
        if len(nodes) > 1:
            raise DeclinedError(f"{self._said} is ordered by several columns that may be NULL")
        return f"COUNT(DISTINCT {there[0]}) + COALESCE(MAX({there[0]} IS NULL), 0) + 1"

    def _select(self, value: str, towards: str = "", order: str = "") -> str:
        condition = [
            self._there(exp.paren(part)) if isinstance(part, exp.Or) else self._there(part) for part in self.conditions
        ]
        where = " AND ".join([*self._same(), *[f"({towards})"] * bool(towards), *condition])
        table = f"{_name(self.table.name)} AS {_name(self.alias)}{self._index()}"
        return f"(SELECT {value} FROM {table} WHERE {where or 'TRUE'}{order})"

    def _same(self) -> list[str]:
        """The conditions that a row is of the current row's partition."""
        return [
            f"{self._there(node)} {'<=>' if self._is_nullable(node) else '='} {node.sql('mysql')}"
            for node in self.over.partition
        ]

    def _before(self, inclusive: bool = False, reverse: bool = False) -> str:
        """The condition that a row comes before the current one (or is equal to it), NULL being the smallest."""
        condition = ""
        for ordered in reversed(self.over.order):
            is_less = bool(ordered.args.get("desc")) == reverse
            here, there = ordered.this.sql("mysql"), self._there(ordered.this)
            nullable = self._is_nullable(ordered.this)
            strict, loose = _compared(there, here, is_less, nullable)
            last = loose if inclusive else strict
            condition = f"{loose} AND ({strict} OR ({condition}))" if condition else last
        return condition

    def _order(self, reverse: bool) -> str:
        """The index's order, the partition's columns included: without them old servers sort."""
        backwards = bool(self.over.order[0].args.get("desc")) != reverse
        names = [*self.over.partition, *(ordered.this for ordered in self.over.order)]
        ends = [f"{self._there(node)}{' DESC' * backwards}" for node in names]
        return f" ORDER BY {', '.join(ends)}"

    def _there(self, node: exp.Expr) -> str:
        """An expression of the current row as one of the other row."""
        there = exp.Paren(this=node.copy())
        for column in list(there.find_all(exp.Column)):
            if column.table in self.level.sources:
                column.set("table", exp.to_identifier(self.alias, quoted=True))
        return str(there.this.sql("mysql"))

    def _column(self, node: exp.Expr) -> str:
        if not isinstance(node, exp.Column):
            raise DeclinedError(
                f"{self._said} is ordered or divided by {format_expression(node)}, which is not a column"
            )
        return str(node.name)

    def _is_nullable(self, node: exp.Expr) -> bool:
        return infer_kind(node, self.level.find_kind).nullable

    @property
    def _said(self) -> str:
        return format_expression(self.over.node)


def _compared(there: str, here: str, is_less: bool, nullable: bool) -> tuple[str, str]:
    """The conditions there < here and there <= here, or > and >=; NULL is the smallest."""
    sign = "<" if is_less else ">"
    strict, loose = f"{there} {sign} {here}", f"{there} {sign}= {here}"
    if not nullable:
        return strict, loose
    low, high = (there, here) if is_less else (here, there)
    return f"({strict} OR ({low} IS NULL AND NOT {high} IS NULL))", f"({loose} OR {low} IS NULL)"


def _serves(index: list[str], partition: tuple[str, ...], order: list[str]) -> bool:
    size = len(partition)
    return set(index[:size]) == set(partition) and index[size : size + len(order)] == order


def _name(name: str) -> str:
    return str(exp.to_identifier(name, quoted=True).sql("mysql"))
