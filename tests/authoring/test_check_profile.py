"""check-profile: every mistake at once with its line, and with --connect what only a server knows."""

import re
import shutil
from pathlib import Path

import pytest
from authoring_source import run_segmentation

from include.segmentation.authoring import check_profile, propose_profile
from include.segmentation.errors import ProfileError
from include.segmentation.profile.loader import list_profile_names

LIBRARY = Path(__file__).parents[1] / "profiles"
SHIPPED = Path(__file__).parents[2] / "include"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    shutil.copytree(LIBRARY, tmp_path / "profiles")
    return tmp_path / "profiles" / "library.yaml"


@pytest.fixture
def shop(tmp_path: Path, connections: None) -> Path:
    """The profile proposed for the orders of the shop, whose tables exist."""
    propose_profile("shop", "shop_mysql", "orders", tmp_path / "profiles")
    return tmp_path / "profiles" / "shop.yaml"


def change(path: Path, **replacements: str) -> None:
    """Replace the first occurrence of each text, which must exist."""
    text = path.read_text()
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text)


def find_mistakes(path: Path, *, connect: bool = False) -> list[str]:
    mistakes = check_profile(path.stem, path.parent, connect=connect).mistakes
    assert all("\n" not in line for line in mistakes)
    return mistakes


def has_mistake(mistakes: list[str], path: Path, line: int, words: str) -> bool:
    return any(one.startswith(f"{path}:{line}: ") and words in one for one in mistakes)


def test_every_mistake_is_reported_at_once_with_its_line_and_a_suggestion(library: Path) -> None:
    lines = library.read_text().splitlines()
    words = ("title:", "members:", "- {t", "table: loans")
    at = {each: next(i for i, line in enumerate(lines, 1) if each in line) for each in words}
    change(library, **{"title: Town": "titel: Town", "cursor: updated_at": "curser: updated_at"})
    change(library, **{"mode: append": "mode: apend", "to_not_be_null": "to_not_be_nul", '["No", Few': "[No, Few"})
    change(library, **{"when: loans_ever = 0}": "when: lones_ever = 0}", "[7, 21, 60]": "[7, 60, 21]"})
    change(library, **{"kpis: [loans, days": "kpis: [lones, days", "  loans:\n    - {": "  loan:\n    - {"})
    change(library.parent / "sql" / "library" / "measure" / "population.sql", member_id="{{ window('a', 'b') }}")
    mistakes = find_mistakes(library)

    assert has_mistake(mistakes, library, at["title:"], "titel: unknown key; allowed: cohort_months")
    assert has_mistake(mistakes, library, at["title:"], "did you mean 'title'?")
    assert has_mistake(mistakes, library, at["members:"], "extracts.members.curser: unknown key")
    assert has_mistake(mistakes, library, at["table: loans"], "extracts.loans.mode: found 'apend'")
    assert has_mistake(
        mistakes, library, at["- {t"] - 1, "expectations.loan: no such extract; allowed: members, loans; did"
    )
    assert has_mistake(
        mistakes, library, at["- {t"], "expectations.loan.0: expect_column_values_to_not_be_nul: no such"
    )
    assert any("YAML reads Yes, No, On and Off without quotes as true and false" in one for one in mistakes)
    assert any("bands [7.0, 60.0, 21.0] must rise" in one for one in mistakes)
    assert any("strata.0.when: stratum 'never': 'lones_ever = 0' names 'lones_ever'" in one for one in mistakes)
    assert any("strata.2.kpis: stratum 'borrowing' clusters on 'lones'" in one for one in mistakes)
    assert any("population.sql: window('a', …): no such KPI" in one for one in mistakes)
    assert len(mistakes) == len(set(mistakes))


def test_a_mistake_in_one_part_causes_none_in_others(library: Path) -> None:
    change(library, **{"window: trailing 60d": "window: trailing", "mode: merge": "mode: marge"})
    assert [re.sub(r".*\d: ", "", one) for one in find_mistakes(library)] == [
        "extracts.members.mode: found 'marge'; Input should be 'append', 'merge' or 'snapshot'; did you mean 'merge'?",
        "macro_segments.reading.kpis.loans.window: found 'trailing'; allowed: 'lifetime', 'trailing 30d', "
        "'since_registration [0d, 7d)' and 'calendar month'",
    ]


def test_funnel_and_personas_are_checked_if_the_macro_segments_are_valid(library: Path) -> None:
    change(library, **{"loans_ever >= 10}": "loans_eve >= 10}", "[never, lapsed]": "[nevr, lapsed]"})
    change(library, **{"title: Town": "titel: Town"})
    relevant = [one for one in find_mistakes(library) if "funnel" in one or "personas" in one]
    assert any(
        "funnel.2.when: step 'regular': 'loans_eve >= 10' names 'loans_eve'; allowed:" in one for one in relevant
    )
    assert any("personas.1.when.reading: persona 'stranger': 'nevr' is no stratum" in one for one in relevant)
    change(library, **{"cluster: auto": "cluster: automatic"})
    assert not any("funnel.2" in one or "personas.1" in one for one in find_mistakes(library))


def test_conditions_that_can_never_be_true_are_reported(library: Path) -> None:
    change(library, **{"loans_ever >= 10}": "loans_ever < 0}", "title: Town": "titel: Town"})
    reasons = """
lists:
  evening:
    label: Evening
    reasons:
      - {name: none_left, label: None left, when: loans > 2 AND loans < 3, eligible: false}
      - {name: some_left, label: Some left, when: loans > 2 AND loans < 4, eligible: true}
"""
    library.write_text(library.read_text() + reasons)
    relevant = [one for one in find_mistakes(library) if "can never" in one]
    assert len(relevant) == 2
    assert any("funnel.2.when: step 'regular': 'loans_ever < 0' can never be true" in one for one in relevant)
    assert any(
        "reasons.0.when: reason 'none_left': 'loans > 2 AND loans < 3' can never be true" in one for one in relevant
    )
    stratum = "{name: odd, label: Odd, when: loans >= 3 AND loans < 2}"
    change(library, **{"    strata:\n": f"    strata:\n      - {stratum}\n"})
    relevant = [one for one in find_mistakes(library) if "can never" in one]
    assert len(relevant) == 1
    assert "strata.0.when: stratum 'odd': 'loans >= 3 AND loans < 2' can never match" in relevant[0]


def test_missing_indentation_is_reported_at_the_key_above(library: Path) -> None:
    change(library, **{"macro_segments:\n": "macro_segments:\n  label: Reading\n"})
    change(library, **{"funnel:\n": "funnel:\nfunnels:\n", "sources:\n": "sources: a desk\nsource:\n"})
    mistakes = find_mistakes(library)
    assert any("funnel: found nothing; allowed: a list, with more indentation" in one for one in mistakes)
    assert any("sources: found 'a desk'; allowed: keys below it" in one for one in mistakes)
    assert any("macro_segments.label: found 'Reading'; allowed: keys below it" in one for one in mistakes)


def test_a_duplicate_key_is_reported_with_the_other_mistakes(library: Path) -> None:
    change(library, **{"title: Town library": "title: Town library\ntitle: Twice\ntitel: Other"})
    mistakes = find_mistakes(library)
    assert has_mistake(mistakes, library, 4, "key 'title' appears twice")
    assert any("titel: unknown key" in one for one in mistakes)


def test_a_file_that_is_not_yaml_is_refused(library: Path) -> None:
    library.write_text("profile: [")
    with pytest.raises(ProfileError, match="not valid YAML"):
        check_profile("library", library.parent)


def test_mistakes_in_signals_are_reported(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "profiles" / "learning.yaml", tmp_path)
    shutil.copytree(SHIPPED / "sql" / "learning", tmp_path / "sql" / "learning")
    path, sql = tmp_path / "learning.yaml", tmp_path / "sql" / "learning" / "measure" / "signals.sql"
    text = path.read_text()
    change(sql, **{"p.as_of": "{{ as_of }}"})
    assert any(f"{sql}: 'as_of' is undefined; allowed: window" in one for one in find_mistakes(path))

    for right, wrong, words in (
        ("when: earned >= 1", "when: erned >= 1", "signals.labels.graduate.when: 'erned"),
        ("landmarks: [1, 7, 30]", "landmarks: [7, 1]", "signals.landmarks: [7, 1] must rise"),
    ):
        path.write_text(text.replace(right, wrong))
        mistakes = find_mistakes(path)
        assert has_mistake(mistakes, path, text[: text.index(right)].count("\n") + 1, words), mistakes


@pytest.mark.parametrize("name", list_profile_names())
def test_a_valid_profile_has_a_summary(name: str) -> None:
    checked = check_profile(name)
    assert checked.mistakes == []
    assert f"{name}__segment_monthly" in checked.summary


def test_the_command_line_gives_every_mistake_a_line_and_status_2(library: Path) -> None:
    change(library, **{"title: Town": "titel: Town", "mode: append": "mode: apend"})
    process = run_segmentation("check-profile", "library", "--profiles-dir", library.parent)
    assert (process.returncode, process.stdout) == (2, "")
    assert [line.split(": ")[0] for line in process.stderr.splitlines()] == ["error"] * 3


def test_servers_are_asked_for_every_name_in_a_profile(shop: Path) -> None:
    assert find_mistakes(shop, connect=True) == []
    change(shop, **{"cursor: ordered_at": "cursor: orderd_at", "primary_key: [order_id]": "primary_key: [order_no]"})
    change(shop, **{"column: total, min": "column: totl, min"})
    mistakes = find_mistakes(shop, connect=True)
    assert any("extracts.orders.cursor: table 'orders' has no column 'orderd_at'" in one for one in mistakes)
    assert any("did you mean 'ordered_at'?" in one for one in mistakes)
    assert any("extracts.orders.primary_key: table 'orders' has no column 'order_no'" in one for one in mistakes)
    assert len(mistakes) == 2, "expectations are compared with columns only if these are known"

    change(shop, **{"title: Shop": "titel: Shop"})
    assert len(find_mistakes(shop, connect=True)) == 4, "servers are asked although the file has mistakes"


def test_expectations_and_types_are_compared_with_the_columns(shop: Path) -> None:
    change(shop, **{"column: total, min": "column: totl, min"})
    measure = shop.parent / "sql" / "shop" / "measure"
    change(measure / "rfm.sql", **{"sum(e.total) FILTER": "any_value(e.status) FILTER", ", 0) AS": ", '') AS"})
    mistakes = find_mistakes(shop, connect=True)
    assert any("no column 'totl'; allowed: order_id" in one and "did you mean 'total'?" in one for one in mistakes)
    assert any("rfm.sql: KPI 'monetary' is VARCHAR; allowed: numbers" in one for one in mistakes)

    change(measure / "population.sql", **{"e.country": "e.county"})
    assert any("population.sql: " in one and "county" in one for one in find_mistakes(shop, connect=True))


def test_unusable_connections_are_reported(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SHOP_MYSQL")
    monkeypatch.setenv("AIRFLOW_CONN_SEGMENTATION_WAREHOUSE", "postgres://nobody@127.0.0.1:1/none")
    mistakes = find_mistakes(shop, connect=True)
    assert any("sources.database.connection: connection 'shop_mysql' is not defined" in one for one in mistakes)
    assert any("warehouse.connection: warehouse connection 'segmentation_warehouse'" in one for one in mistakes)


def test_a_cursor_without_an_order_is_reported(shop: Path) -> None:
    change(shop, **{"cursor: ordered_at": "cursor: total"})
    (mistake,) = find_mistakes(shop, connect=True)
    assert "extracts.orders: cursor 'total' is of type decimal(10,2); allowed: dates, times" in mistake
