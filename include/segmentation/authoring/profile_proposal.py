"""Propose a first profile from a glance at a table: YAML with a reason for every choice, and the SQL it needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import floor, log10
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.segmentation.authoring.column_roles import can_be_read_whole, count_negatives, guess_roles, is_exact
from include.segmentation.errors import ProfileError
from include.segmentation.extract import SampledColumn, TablePreview, preview_table
from include.segmentation.profile.identifiers import NAME_PATTERN, require_sql_name
from include.segmentation.profile.loader import list_profile_dirs, list_profile_names
from include.segmentation.profile.profile import find_sql_folder

_MONEY_MACRO, _OTHER_MACRO = "rfm", "activity"
_RECENCY_BANDS, _SHORT_RECENCY_BANDS = [30, 90, 180], [7, 30, 60]
_SHORT_DAYS = 120
_STEPS = (1, 2, 5, 10)
_PLAIN_SQL = re.compile(r"[a-z_][a-z0-9_]*")


def propose_profile(name: str, connection: str, table: str, profiles_dir: Path | None = None) -> list[Path]:
    """Look at a table and write a profile that runs: ``<folder>/<name>.yaml`` and its SQL.

    Args:
        name: the profile's.
        connection: the id of a connection to MySQL or MariaDB.
        table: one of its database, with one row per customer or one per purchase or event.
        profiles_dir: where the profile goes, made where missing; the first folder that profiles are looked for in
            where absent.

    Returns:
        The files written.

    Raises:
        ProfileError: the name is not allowed or taken, or a file is there already; nothing is written.
        SourceError: the connection or the table can not be used; nothing is written.
    """
    if not NAME_PATTERN.fullmatch(name):
        allowed = "up to 50 small letters, digits and single _ between them, beginning with a letter"
        raise ProfileError(f"profile '{name}': allowed are {allowed}")
    path = list_profile_dirs(profiles_dir)[0].resolve() / f"{name}.yaml"
    sql = find_sql_folder(path) / "measure"
    _refuse_taken(path, sql, profiles_dir)
    proposal = _Proposal(name, connection, preview_table(connection, table))
    texts = {
        sql / "population.sql": proposal.render("population.sql.j2"),
        sql / f"{proposal.macro}.sql": proposal.render("measure.sql.j2"),
        path: proposal.render("profile.yaml.j2"),
    }
    sql.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():  # the YAML last: what is broken off is no profile
        file.write_text(text, encoding="utf-8")
    return list(texts)


def _refuse_taken(path: Path, sql: Path, profiles_dir: Path | None) -> None:
    files = [path, *(sql / f"{each}.sql" for each in ("population", _MONEY_MACRO, _OTHER_MACRO))]
    there = [str(each) for each in files if each.exists()]
    if path.stem in list_profile_names(profiles_dir):
        there.append(f"profile '{path.stem}'")
    if there:
        raise ProfileError(f"{there[0]} is there already; allowed is a name that is free")


@dataclass(frozen=True)
class _Rule:
    """An expectation and why it is proposed."""

    why: str
    said: dict[str, Any]


class _Proposal:
    """What the templates ask for."""

    def __init__(self, name: str, connection: str, glance: TablePreview) -> None:
        self._name, self._connection, self._glance = name, connection, glance
        self._roles = guess_roles(glance)

    @property
    def macro(self) -> str:
        """The name of the macro segment."""
        return _MONEY_MACRO if self._roles.money else _OTHER_MACRO

    def render(self, template: str) -> str:
        """A file of the profile."""
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - YAML and SQL
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters |= {"yaml": _yaml, "sql": _identifier, "comment": lambda text: " ".join(str(text).split())}
        return environment.get_template(template).render(**self._context())

    def _context(self) -> dict[str, Any]:
        roles, glance = self._roles, self._glance
        mode, cursor = self._pulled()
        start, first_fit = _days(roles.happened)
        currencies = sorted(set(roles.currency.values)) if roles.currency else []
        taken = set(roles.left_out)
        return {
            "name": self._name,
            "title": self._name.replace("_", " ").capitalize(),
            "connection": self._connection,
            "schema": _free_name(self._name, "segments"),
            "today": datetime.now(UTC).date(),
            "glance": glance,
            "roles": roles,
            "extract": self._extract,
            "macro": self.macro,
            "start": start,
            "first_fit": first_fit,
            "mode": mode,
            "cursor": cursor,
            "lag": "1d" if cursor and cursor.column.kind == "date" else "",
            "is_indexed": cursor and self._is_indexed(cursor),
            "has_zero_dates": any(value.startswith("0000") for each in _times(glance) for value in each.values),
            "columns": [each.name for each in glance.columns if each.name not in taken],
            "expectations": list(self._expectations()),
            "noun": "Purchase" if roles.money or roles.order else "Event",
            "money": roles.money is not None,
            "amount": self._amount(),
            "amount_words": self._amount_words(),
            "currencies": currencies,
            "unit": self._unit(currencies),
            "is_whole": roles.money is not None and roles.money.column.is_whole_number,
            "money_bands": [f"{edge:.12g}" for edge in self._money_bands()],
            "recency_bands": _RECENCY_BANDS if _span(roles.happened) >= _SHORT_DAYS else _SHORT_RECENCY_BANDS,
        }

    @property
    def _extract(self) -> str:
        plain = re.sub(r"[^a-z0-9]+", "_", self._glance.table.lower()).strip("_")
        plain = plain if NAME_PATTERN.fullmatch(plain) else "events"
        return _free_name(plain, "rows")

    def _pulled(self) -> tuple[str, SampledColumn | None]:
        roles = self._roles
        if roles.updated:
            return "merge", roles.updated
        if roles.is_customers and can_be_read_whole(self._glance):
            return "snapshot", None
        return "append", roles.happened

    def _is_indexed(self, cursor: SampledColumn) -> bool:
        order = list(dict.fromkeys([cursor.name, *self._roles.key]))
        return any(index.order[: len(order)] == order for index in self._glance.indexes)

    def _expectations(self) -> Iterator[_Rule]:
        roles = self._roles
        for name in roles.key:
            yield _rule(f"{name} tells rows apart.", "not_be_null", "stop", column=name)
        happened = roles.happened
        if happened.name not in roles.key:
            why = f"Without {happened.name} nobody knows when it was{_seen(happened)}."
            yield _rule(why, "not_be_null", "quarantine", column=happened.name)
        if roles.customer.name not in roles.key:
            why = f"Rows of nobody are counted as unknown{_seen(roles.customer)}."
            yield _rule(why, "not_be_null", "warn", column=roles.customer.name)
        for each in (roles.money, roles.quantity):
            if each:
                less = count_negatives(each)
                why = f"{less} of the sampled are negative: returns?" if less else "None of the sampled is negative."
                yield _rule(f"CHECK: {why}", "be_between", "warn", column=each.name, min_value=0)
        for each in roles.kinds:
            why = "CHECK: the values that were seen; does a row of each of them count?"
            yield _rule(why, "be_in_set", "warn", column=each.name, value_set=sorted(set(each.values)))

    def _amount(self) -> str:
        money, quantity = self._roles.money, self._roles.quantity
        if money is None:
            return ""
        name = f"e.{_identifier(money.name)}"
        exact = name if is_exact(money) else f"CAST({name} AS DECIMAL(24, 4))"
        if quantity is None:
            return exact
        return f"{exact if is_exact(money) else f'CAST({name} AS DECIMAL(18, 4))'} * e.{_identifier(quantity.name)}"

    def _amount_words(self) -> str:
        money, quantity = self._roles.money, self._roles.quantity
        if money is None:
            return ""
        return f"{quantity.name} x {money.name}" if quantity else money.name

    def _unit(self, currencies: list[str]) -> str:
        if len(currencies) == 1:
            return currencies[0]
        money = self._roles.money
        return "cents" if money and money.name.lower().endswith(("cents", "cent")) else "money"

    def _money_bands(self) -> list[float]:
        """Rising edges around the middle amount of a row."""
        money, quantity = self._roles.money, self._roles.quantity
        if money is None:
            return []
        amounts = [float(value) for value in money.values if float(value) > 0]
        pieces = [float(value) for value in quantity.values if float(value) > 0] if quantity else []
        middle = (median(amounts) if amounts else 10.0) * (median(pieces) if pieces else 1.0)
        return [_rounded(max(middle, 1.0) * times) for times in (1, 3, 10)]


def _rule(why: str, verb: str, severity: str, **args: Any) -> _Rule:
    return _Rule(why, {"type": f"expect_column_values_to_{verb}", "severity": severity, "args": args})


def _seen(each: SampledColumn) -> str:
    return f"; {each.nulls} of the sampled have none" if each.nulls else ""


def _times(glance: TablePreview) -> list[SampledColumn]:
    return [each for each in glance.columns if each.column.is_time]


def _days(happened: SampledColumn) -> tuple[date, date]:
    """The first day with data, and when there is enough of it to fit: the month after the last, or what is past."""
    today = datetime.now(UTC).date()
    first, last = date.fromisoformat(happened.first[:10]), date.fromisoformat(happened.last[:10])
    start = min(first, today - timedelta(days=1))
    following = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    fits = [following, today.replace(day=1), today]
    return start, next(day for day in fits if start < day <= today)


def _span(happened: SampledColumn) -> int:
    return (date.fromisoformat(happened.last[:10]) - date.fromisoformat(happened.first[:10])).days


def _rounded(value: float) -> float:
    """The nearest of 1, 2, 5, 10, 20, …: numbers that people use as edges."""
    unit = 10.0 ** floor(log10(value))
    edges = [step * unit for step in _STEPS]
    return min(edges, key=lambda edge: abs(edge - value))


def _free_name(name: str, more: str) -> str:
    """A name that no database takes for a word of SQL."""
    try:
        if name == "population":
            raise ValueError
        return require_sql_name(name)
    except ValueError:
        return f"{name[: 50 - len(more) - 1]}_{more}"


def _identifier(name: str) -> str:
    """A column in DuckDB's SQL."""
    try:
        if _PLAIN_SQL.fullmatch(name) and require_sql_name(name):
            return name
    except ValueError:
        pass
    return f'"{name}"'


def _yaml(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False)
    return text.strip().removesuffix("...").strip()
