"""Quoting of SQL identifiers and strings: the only place where it is done."""


def quote_identifier(name: str) -> str:
    """Quote a name as standard SQL, DuckDB and PostgreSQL do."""
    return '"' + name.replace('"', '""') + '"'


def quote_mysql_identifier(name: str) -> str:
    """Quote a name as MySQL does."""
    return "`" + name.replace("`", "``") + "`"


def quote_string(text: str) -> str:
    """Quote a text as a standard SQL string, with backslashes standing for themselves."""
    return "'" + text.replace("'", "''") + "'"
