"""Propose a first profile from a preview of a table: YAML with a reason for every choice, and the SQL it needs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import floor, log10
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.segmentation.authoring.column_roles import can_be_read_whole, count_negatives, guess_roles, is_exact
from include.segmentation.common.sql_quoting import quote_identifier
from include.segmentation.errors import ProfileError
from include.segmentation.extract import SampledColumn, TablePreview, preview_table
from include.segmentation.profile.identifiers import ALLOWED_NAMES, NAME_PATTERN, require_sql_name
from include.segmentation.profile.loader import list_profile_dirs, list_profile_names
from include.segmentation.profile.profile import find_sql_folder
from include.segmentation.profile.yaml_file import format_flow_yaml

_MONEY_MACRO, _OTHER_MACRO = "rfm", "activity"
_RECENCY_BANDS, _SHORT_RECENCY_BANDS = [30, 90, 180], [7, 30, 60]
_SHORT_DAYS = 120
_EDGE_DIGITS = (1, 2, 5, 10)
_PLAIN_SQL = re.compile(r"[a-z_][a-z0-9_]*")


def propose_profile(name: str, connection: str, table: str, profiles_dir: Path | None = None) -> list[Path]:
    """Look at a table and write a profile that runs: ``<folder>/<name>.yaml`` and its SQL.

    Args:
        name: the name of the profile.
        connection: the id of a connection to MySQL or MariaDB.
        table: a table of its database, with one row per customer, purchase or event.
        profiles_dir: the folder for the profile, created if missing; by default the first folder that holds profiles.

    Returns:
        The files written.

    Raises:
        ProfileError: the name is not allowed or is in use, or a file exists already; nothing is written.
        SourceError: the connection or the table cannot be used; nothing is written.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise ProfileError(f"profile '{name}': {ALLOWED_NAMES}")
    path = list_profile_dirs(profiles_dir)[0].resolve() / f"{name}.yaml"
    sql = find_sql_folder(path) / "measure"
    _refuse_existing(path, sql, profiles_dir)
    proposal = _Proposal(name, connection, preview_table(connection, table))
    texts = {
        sql / "population.sql": proposal.render_template("population.sql.j2"),
        sql / f"{proposal.macro}.sql": proposal.render_template("measure.sql.j2"),
        path: proposal.render_template("profile.yaml.j2"),
    }
    sql.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():  # the YAML is last, so an interrupted proposal leaves no profile
        file.write_text(text, encoding="utf-8")
    return list(texts)


def _refuse_existing(path: Path, sql: Path, profiles_dir: Path | None) -> None:
    files = [path, *(sql / f"{each}.sql" for each in ("population", _MONEY_MACRO, _OTHER_MACRO))]
    existing = [str(each) for each in files if each.exists()]
    if path.stem in list_profile_names(profiles_dir):
        existing.append(f"profile '{path.stem}'")
    if existing:
        raise ProfileError(f"{existing[0]} exists already; allowed: a name that is free")


@dataclass(frozen=True)
class _ProposedExpectation:
    """An expectation and the reason for it."""

    reason: str
    value: dict[str, Any]


class _Proposal:
    """The values that the templates need."""

    def __init__(self, name: str, connection: str, preview: TablePreview) -> None:
        self._name, self._connection, self._preview = name, connection, preview
        self._roles = guess_roles(preview)

    @property
    def macro(self) -> str:
        """The name of the macro segment."""
        return _MONEY_MACRO if self._roles.money else _OTHER_MACRO

    def render_template(self, template: str) -> str:
        """Render a file of the profile."""
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701 - YAML and SQL
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters |= {
            "yaml": format_flow_yaml,
            "sql": _quote_column,
            "comment": lambda text: " ".join(str(text).split()),
        }
        return environment.get_template(template).render(**self._build_context())

    def _build_context(self) -> dict[str, Any]:
        roles, preview = self._roles, self._preview
        mode, cursor = self._choose_mode()
        start, first_fit = _choose_days(roles.happened)
        currencies = sorted(set(roles.currency.values)) if roles.currency else []
        times = [column for column in preview.columns if column.column.is_time]
        return {
            "name": self._name,
            "title": self._name.replace("_", " ").capitalize(),
            "connection": self._connection,
            "schema": _avoid_sql_words(self._name, "segments"),
            "today": datetime.now(UTC).date(),
            "preview": preview,
            "roles": roles,
            "extract": self._name_extract(),
            "macro": self.macro,
            "start": start,
            "first_fit": first_fit,
            "mode": mode,
            "cursor": cursor,
            "lag": "1d" if cursor and cursor.column.kind == "date" else "",
            "is_indexed": cursor and self._is_indexed(cursor),
            "has_zero_dates": any(value.startswith("0000") for time in times for value in time.values),
            "columns": [column.name for column in preview.columns if column.name not in roles.left_out],
            "expectations": list(self._propose_expectations()),
            "noun": "Purchase" if roles.money or roles.order else "Event",
            "money": roles.money is not None,
            "amount": self._write_amount_sql(),
            "amount_words": self._describe_amount(),
            "currencies": currencies,
            "unit": self._choose_unit(currencies),
            "is_whole": roles.money is not None and roles.money.column.is_whole_number,
            "money_bands": [f"{edge:.12g}" for edge in self._choose_money_bands()],
            "recency_bands": _RECENCY_BANDS if _count_days(roles.happened) >= _SHORT_DAYS else _SHORT_RECENCY_BANDS,
        }

    def _name_extract(self) -> str:
        plain = re.sub(r"[^a-z0-9]+", "_", self._preview.table.lower()).strip("_")
        return _avoid_sql_words(plain if NAME_PATTERN.fullmatch(plain) else "events", "rows")

    def _choose_mode(self) -> tuple[str, SampledColumn | None]:
        """Choose how rows are pulled: the extract's mode and its cursor."""
        roles = self._roles
        if roles.updated:
            return "merge", roles.updated
        if roles.is_customers and can_be_read_whole(self._preview):
            return "snapshot", None
        return "append", roles.happened

    def _is_indexed(self, cursor: SampledColumn) -> bool:
        order = list(dict.fromkeys([cursor.name, *self._roles.key]))
        return any(index.order[: len(order)] == order for index in self._preview.indexes)

    def _propose_expectations(self) -> Iterator[_ProposedExpectation]:
        roles = self._roles
        for name in roles.key:
            yield _build_expectation(f"{name} identifies a row.", "not_be_null", "stop", column=name)
        happened = roles.happened
        if happened.name not in roles.key:
            reason = f"Without {happened.name} the time of a row is unknown{_describe_nulls(happened)}."
            yield _build_expectation(reason, "not_be_null", "quarantine", column=happened.name)
        if roles.customer.name not in roles.key:
            reason = f"Rows without a customer are counted as unknown{_describe_nulls(roles.customer)}."
            yield _build_expectation(reason, "not_be_null", "warn", column=roles.customer.name)
        for number in (roles.money, roles.quantity):
            if number:
                negatives = count_negatives(number) or "none"
                question = "; are they returns?" if count_negatives(number) else "."
                reason = f"CHECK: of the sampled values, {negatives} are negative{question}"
                yield _build_expectation(reason, "be_between", "warn", column=number.name, min_value=0)
        for kind in roles.kinds:
            reason = "CHECK: these are the sampled values; should rows with each of them count?"
            yield _build_expectation(reason, "be_in_set", "warn", column=kind.name, value_set=sorted(set(kind.values)))

    def _write_amount_sql(self) -> str:
        money, quantity = self._roles.money, self._roles.quantity
        if money is None:
            return ""
        amount = f"e.{_quote_column(money.name)}"
        if not is_exact(money):
            amount = f"CAST({amount} AS DECIMAL({18 if quantity else 24}, 4))"
        return f"{amount} * e.{_quote_column(quantity.name)}" if quantity else amount

    def _describe_amount(self) -> str:
        money, quantity = self._roles.money, self._roles.quantity
        if money is None:
            return ""
        return f"{quantity.name} x {money.name}" if quantity else money.name

    def _choose_unit(self, currencies: list[str]) -> str:
        if len(currencies) == 1:
            return currencies[0]
        money = self._roles.money
        return "cents" if money and money.name.lower().endswith(("cents", "cent")) else "money"

    def _choose_money_bands(self) -> list[float]:
        """Choose rising edges around the median amount of a row."""
        money, quantity = self._roles.money, self._roles.quantity
        if money is None:
            return []
        middle = max(_find_median(money, 10.0) * (_find_median(quantity, 1.0) if quantity else 1.0), 1.0)
        return [_round_edge(middle * times) for times in (1, 3, 10)]


def _build_expectation(reason: str, verb: str, severity: str, **args: Any) -> _ProposedExpectation:
    value = {"type": f"expect_column_values_to_{verb}", "severity": severity, "args": args}
    return _ProposedExpectation(reason, value)


def _describe_nulls(column: SampledColumn) -> str:
    return f"; {column.nulls} sampled rows have none" if column.nulls else ""


def _find_median(column: SampledColumn, default: float) -> float:
    """Find the median of the sampled values above zero."""
    values = [float(value) for value in column.values if float(value) > 0]
    return median(values) if values else default


def _choose_days(happened: SampledColumn) -> tuple[date, date]:
    """Choose the first day with data and the first fit: the start of the month after the last day, if it is past."""
    today = datetime.now(UTC).date()
    first, last = date.fromisoformat(happened.first[:10]), date.fromisoformat(happened.last[:10])
    start = min(first, today - timedelta(days=1))
    following = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    fits = [following, today.replace(day=1), today]
    return start, next(day for day in fits if start < day <= today)


def _count_days(happened: SampledColumn) -> int:
    return (date.fromisoformat(happened.last[:10]) - date.fromisoformat(happened.first[:10])).days


def _round_edge(value: float) -> float:
    """Round to the nearest of 1, 2, 5, 10, 20, …: numbers that people use as edges."""
    unit = 10.0 ** floor(log10(value))
    return min((digit * unit for digit in _EDGE_DIGITS), key=lambda edge: abs(edge - value))


def _avoid_sql_words(name: str, suffix: str) -> str:
    """Return a name, with a suffix if SQL or the measure stage reserves it."""
    try:
        if name == "population":
            raise ValueError
        return require_sql_name(name)
    except ValueError:
        return f"{name[: 50 - len(suffix) - 1]}_{suffix}"


def _quote_column(name: str) -> str:
    """Quote a column in DuckDB's SQL if it needs quotes."""
    try:
        if _PLAIN_SQL.fullmatch(name) and require_sql_name(name):
            return name
    except ValueError:
        pass
    return quote_identifier(name)
