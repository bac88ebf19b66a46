"""The words that MySQL and MariaDB have had since which version: enough to judge every statement of an extract.

A word that is not in the table is unknown to the judge, and a statement with an unknown word is refused: whoever sends
something new looks up in both manuals since when it exists, and writes it down here.
"""

import re
from typing import Any

import sqlglot
from sqlglot import exp

Since = tuple[int, ...] | None
"""The first version that has it; None: none has."""

ALWAYS = set(
    re.findall(
        r"\S+",
        """
        SELECT FROM WHERE AND OR NOT IN IS NULL LIKE RLIKE BETWEEN EXISTS AS ON JOIN LEFT INNER CROSS STRAIGHT_JOIN
        FORCE INDEX ORDER BY ASC DESC GROUP HAVING LIMIT OFFSET DISTINCT ALL UNION CASE WHEN THEN ELSE END INTERVAL
        SECOND DATE TRUE FALSE BINARY CHAR USING SIGNED UNSIGNED DECIMAL DATETIME SET SESSION GLOBAL NAMES UTF8
        TRANSACTION ISOLATION LEVEL REPEATABLE READ START WITH CONSISTENT SNAPSHOT SHOW STATUS PROCESSLIST KILL QUERY
        DO EXPLAIN VARIABLES SLAVE SQL_MODE TIME_ZONE WAIT_TIMEOUT DIV_PRECISION_INCREMENT
        VERSION CONNECTION_ID DATABASE UTC_TIMESTAMP NOW TIMESTAMPDIFF GREATEST LEAST IF IFNULL COALESCE NULLIF COUNT
        SUM MIN MAX AVG CONCAT REPLACE CAST CONVERT HEX CRC32 BIT_XOR MOD FLOOR
        INFORMATION_SCHEMA.COLUMNS COLUMN_NAME DATA_TYPE COLUMN_TYPE IS_NULLABLE NUMERIC_PRECISION NUMERIC_SCALE
        CHARACTER_SET_NAME COLLATION_NAME ORDINAL_POSITION
        INFORMATION_SCHEMA.TABLES TABLE_SCHEMA TABLE_NAME TABLE_TYPE ENGINE TABLE_ROWS
        INFORMATION_SCHEMA.STATISTICS INDEX_NAME NON_UNIQUE NULLABLE SUB_PART INDEX_TYPE COLLATION SEQ_IN_INDEX
        """,
    )
)
"""What MySQL 5.0 has, and every version since."""
SINCE: dict[str, tuple[Since, Since]] = {
    # word: MySQL, MariaDB
    "INFORMATION_SCHEMA.PROCESSLIST": ((5, 1, 7), (5, 1)),
    **dict.fromkeys(["COMMAND", "STATE", "TIME", "INFO"], ((5, 1, 7), (5, 1))),
    "INFORMATION_SCHEMA.INNODB_TRX": ((5, 1, 38), (5, 1)),  # of InnoDB's plugin; built in since 5.5
    **dict.fromkeys(["TRX_MYSQL_THREAD_ID", "TRX_STARTED"], ((5, 1, 38), (5, 1))),
    "TRX_IS_READ_ONLY": ((5, 6, 4), (10, 0)),
    "DATETIME_PRECISION": ((5, 6, 4), (5, 3)),
    "UTF8MB4": ((5, 5, 3), (5, 5)),
    "LOCK_WAIT_TIMEOUT": ((5, 5, 3), (5, 5)),
    "ONLY": ((5, 6, 5), (10, 0)),  # SET TRANSACTION READ ONLY
    "REPLICA": ((8, 0, 22), (10, 5, 1)),
    "SLAVES": (None, (10, 0)),
    "MAX_EXECUTION_TIME": ((5, 7, 8), None),
    "MAX_STATEMENT_TIME": (None, (10, 1, 1)),
    **dict.fromkeys(["OVER", "PARTITION", "LAG", "LEAD", "ROW_NUMBER", "RANK", "DENSE_RANK"], ((8, 0, 2), (10, 2))),
    **dict.fromkeys(["FIRST_VALUE", "LAST_VALUE", "WINDOW", "ROWS"], ((8, 0, 2), (10, 2))),
}
GONE: dict[str, tuple[Since, Since]] = {"SLAVE": ((8, 4), None)}
"""Word: the first version of MySQL, of MariaDB, that has it no more."""
_TOKEN = re.compile(
    r"""/\*.*?\*/ | --[ ].*?$ | '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*`
    | (?P<word>information_schema\s*\.\s*\w+|[a-z_]\w*) | \d+(?:\.\d+)?(?:e\d+)? | \s+ | [-+*/%=<>!(),.;|&^~]""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_PARSED = ("SELECT", "WITH", "EXPLAIN SELECT")


def words(sql: str) -> set[str]:
    """The bare words of a statement, in upper case: whatever is not quoted."""
    names, at = set(), 0
    while at < len(sql):
        token = _TOKEN.match(sql, at)
        if not token:
            raise AssertionError(f"unreadable from {sql[at : at + 40]!r} in {sql}")
        if token["word"]:
            names.add(re.sub(r"\s", "", token["word"]).upper())
        at = token.end()
    return names


def lacking(sql: str, flavour: str, number: tuple[int, ...], names: set[str]) -> set[str]:
    """The words of a statement that a version lacks, or that the table above does not know.

    Args:
        names: tables and columns that were made for the test.
    """
    side = 0 if flavour == "mysql" else 1
    return {
        word
        for word in words(sql) - {name.upper() for name in names | _aliases(sql)}
        if (word not in ALWAYS and not _has(SINCE.get(word, (None, None))[side], number))
        or _has(GONE.get(word, (None, None))[side], number)
    }


def unlawful(sql: str) -> list[str]:
    """What no version allows, or none before windows, in a SELECT; words alone do not show it."""
    tree = _parsed(sql)
    if tree is None:
        return []
    flaws = [f"not parsed: {tree.sql()}"] if not isinstance(tree, exp.Query) else []
    flaws += [
        "LIMIT inside IN (1235)" for one in tree.find_all(exp.In) if (one.args.get("query") or exp.In()).find(exp.Limit)
    ]
    flaws += ["a derived table without a name" for one in tree.find_all(exp.From) if _is_nameless(one.this)]
    return flaws


def needs_windows(sql: str) -> bool:
    """Whether a SELECT has a CTE or a window."""
    tree = _parsed(sql)
    return tree is not None and tree.find(exp.With, exp.Window) is not None


class Recorder:
    """A connection that records its statements; those that the real server is too old for return nothing."""

    def __init__(self, raw: Any, real: tuple[str, tuple[int, ...]], statements: list[str]) -> None:
        self._raw, self._real, self._statements = raw, real, statements

    def query(self, sql: bytes) -> None:
        text = sql.decode()
        self._statements.append(text)
        is_too_new = text.startswith("SET ") and lacking(text, *self._real, set())
        self._raw.query(b"DO 0" if is_too_new else sql)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _parsed(sql: str) -> exp.Expression | None:
    return sqlglot.parse_one(sql.removeprefix("EXPLAIN "), dialect="mysql") if sql.startswith(_PARSED) else None


def _aliases(sql: str) -> set[str]:
    tree = _parsed(sql)
    return {node.alias for node in tree.find_all(exp.Alias, exp.Table, exp.Subquery)} if tree else set()


def _has(since: Since, number: tuple[int, ...]) -> bool:
    return since is not None and number >= since


def _is_nameless(source: exp.Expression) -> bool:
    return isinstance(source, exp.Subquery) and not source.alias
