"""Signals: whom they ask, that nothing later is seen, and that they find what is there and nothing else."""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml

from include.segmentation.artifacts import MeasureArtifacts, SignalSummary
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.measure import list_targets, measure
from include.segmentation.measure.signals.rule_lift import compute_lift, compute_ratio_interval
from include.segmentation.profile.loader import load_profile
from include.segmentation.run import Run

pytestmark = pytest.mark.slow

COLUMNS = {"event_id": "int64", "person": "int64", "day": "timestamp", "kind": "string"}
POPULATION = (
    "SELECT person AS customer_id, min(day) FILTER (WHERE kind = 'join') AS first_seen, max(day) AS last_seen, "
    "count(*) AS source_rows FROM events GROUP BY person"
)
COUNT = (
    "SELECT p.customer_id{counts} "
    "FROM population AS p LEFT JOIN events AS e ON e.person = p.customer_id GROUP BY p.customer_id"
)
SIGNALS = {
    "landmarks": [7],
    "horizon": 30,
    "holdout": 0.3,
    "counts": {"bought": {"label": "Bought", "definition": "Things bought.", "unit": "things"}},
    "labels": {"buyer": {"label": "Buyer", "definition": "Buys.", "when": "bought >= 1"}},
}
AS_OF = "2025-06-01"


def _counts(*kinds: str) -> str:
    return COUNT.format(
        counts="".join(
            f", count(*) FILTER (WHERE e.kind = '{kind}' AND {{{{ window('{kind}', 'e.day') }}}}) AS {kind}"
            for kind in kinds
        )
    )


def _club(kpis: Iterable[str], signals: dict[str, Any]) -> dict[str, Any]:
    kpi = {"definition": "How often.", "window": "lifetime", "bands": [1], "band_words": ["No", "Some"]}
    extract = {"kind": "table", "source": "db", "mode": "append", "cursor": "day", "primary_key": ["event_id"]}
    return {
        "profile": "club",
        "title": "A club",
        "warehouse": {"connection": "w", "schema": "club"},
        "schedule": {"start": "2024-01-01", "first_fit": "2025-01-01", "primary_cadence": "monthly"},
        "sources": {"db": {"kind": "mysql", "connection": "club_mysql"}},
        "extracts": {"events": extract | {"table": "events"}},
        "macro_segments": {
            "activity": {
                "label": "Activity",
                "kpis": {name: kpi | {"label": name.title(), "unit": "times"} for name in kpis},
                "strata": [{"name": "all", "label": "All", "when": "age_days >= 0"}],
            }
        },
        "signals": signals,
    }


class Club:
    """People who join and do things, and what comes of asking."""

    def __init__(self, folder: Path, run_at: Callable[..., Run], table: Callable[..., pa.Table], accept: Any) -> None:
        self._folder, self._run_at, self._table, self._accept = folder, run_at, table, accept
        self._events: list[dict[str, Any]] = []

    def joins(self, person: int, at: datetime, **when: list[float]) -> None:
        """Someone who does things so many days after joining."""
        for kind, days in ({"join": [0.0]} | when).items():
            for day in days:
                moment = (at + timedelta(days=day)).replace(tzinfo=None).isoformat(sep=" ")
                row = {"event_id": len(self._events), "person": person, "day": moment, "kind": kind}
                self._events.append(row)

    def run(self, *kpis: str, sql: str | None = None, **signals: Any) -> Run:
        folder = self._folder / "sql" / "club" / "measure"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "population.sql").write_text(POPULATION)
        (folder / "activity.sql").write_text(_counts(*kpis))
        (folder / "signals.sql").write_text(sql or _counts(*(SIGNALS | signals)["counts"]))
        (self._folder / "club.yaml").write_text(yaml.safe_dump(_club(kpis, SIGNALS | signals)))
        run = self._run_at(load_profile("club", self._folder), AS_OF)
        self._accept(run, "events", self._table(self._events, COLUMNS))
        measure(run, "population")
        return run

    def ask(self, *kpis: str, **signals: Any) -> tuple[Run, dict[tuple[str, str], dict[str, Any]]]:
        """The findings by label and KPI, of a club with one landmark."""
        run = self.run(*kpis, **signals)
        measure(run, "signals")
        found = MeasureArtifacts(run).locate_signals().read_table().to_pylist()
        return run, {(row["label"], row["kpi"]): row for row in found}

    def shuffle(self) -> None:
        random.Random(1).shuffle(self._events)


@pytest.fixture
def club(
    tmp_path: Path, run_at: Callable[..., Run], table: Callable[..., pa.Table], accept: Callable[..., None]
) -> Club:
    return Club(tmp_path, run_at, table, accept)


def _asked(run: Run, landmark: int = 7) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = MeasureArtifacts(run).locate_landmark(landmark).read_table().to_pylist()
    return found


def _crowd(club: Club, chance: random.Random, buys: Callable[[int], float], people: int = 2000) -> None:
    """People of eight weeks with 0 to 5 visits and as many games in their first week."""
    for person in range(people):
        visits, games = chance.randrange(6), chance.randrange(6)
        club.joins(
            person,
            datetime(2025, 1, 6, tzinfo=UTC) + timedelta(days=chance.randrange(56), hours=chance.randrange(24)),
            visits=[chance.uniform(0, 6.9) for _ in range(visits)],
            games=[chance.uniform(0, 6.9) for _ in range(games)],
            bought=[chance.uniform(7.1, 36)] if chance.random() < buys(visits) else [],
        )


def test_a_planted_signal_is_found_and_its_figures_are_those_of_later_cohorts(club: Club) -> None:
    _crowd(club, random.Random(3), lambda visits: 0.5 if visits >= 4 else 0.1)
    run, found = club.ask("visits", "games")

    alone, noise, together = (found["buyer", kpi] for kpi in ("visits", "games", "*"))
    assert (alone["rule"], alone["direction"]) == ("Visits 4 times or more", "more")
    assert alone["q"] < 0.001
    assert noise["q"] > 0.05
    assert noise["lift_low"] < 1 < noise["lift_high"]
    assert together["rule"].startswith("Visits 4 times or more")

    people = [row for row in _asked(run) if not row["buyer before"]]
    later = [row for row in people if row["cohort"] >= alone["holdout_from"]]
    assert {row["cohort"] for row in later}.isdisjoint(row["cohort"] for row in people if row not in later)
    assert len(later) <= 0.3 * len(people)
    taken = [row for row in later if row["visits"] >= 4]
    hits, labelled = (sum(row["buyer after"] for row in rows) for rows in (taken, later))
    counted = ("learned_from", "customers", "labelled", "taken", "taken_labelled")
    assert [alone[name] for name in counted] == [len(people) - len(later), len(later), labelled, len(taken), hits]
    assert alone["precision"] == pytest.approx(hits / len(taken))
    assert alone["recall"] == pytest.approx(hits / labelled)
    assert alone["lift"] == pytest.approx(alone["precision"] / (labelled / len(later)))
    truth = 0.5 / (0.5 / 3 + 0.1 * 2 / 3)
    assert 1 < alone["lift_low"] < truth < alone["lift_high"]


def test_pure_noise_is_no_signal(club: Club) -> None:
    """Some of thirty KPIs look like signals by themselves, none once it counts how many were asked."""
    chance = random.Random(5)
    kpis = [f"game_{i}" for i in range(30)]
    for person in range(1500):
        club.joins(
            person,
            datetime(2025, 1, 6, tzinfo=UTC) + timedelta(days=chance.randrange(56)),
            bought=[10] if chance.random() < 0.3 else [],
            **{kpi: [1.0] * chance.randrange(5) for kpi in kpis},
        )
    _, found = club.ask(*kpis)
    measured = [row for row in found.values() if row["outcome"] == "measured"]
    assert len(measured) >= 30
    assert min(row["p"] for row in measured) < 0.05
    assert min(row["q"] for row in measured) > 0.05
    assert all(row["q"] >= row["p"] for row in measured)


def test_whom_is_asked_and_when_things_count(club: Club) -> None:
    """[0, 7) goes before, [7, 37) after; whoever had the label, or was not followed for 37 days, is not asked."""
    joined = datetime(2025, 1, 1, 12, tzinfo=UTC)
    second = 1 / 86400
    in_time = datetime(2025, 6, 1, tzinfo=UTC) - timedelta(days=37)
    club.joins(1, joined, visits=[0, 7 - second, 7], bought=[7])
    club.joins(2, joined, visits=[7], bought=[37 - second])
    club.joins(3, joined, bought=[37])
    club.joins(4, joined, bought=[7 - second, 8])
    club.joins(5, in_time)
    club.joins(6, in_time + timedelta(seconds=1), bought=[8])
    run, _ = club.ask("visits")
    found = {row["customer_id"]: (row["visits"], row["buyer before"], row["buyer after"]) for row in _asked(run)}
    assert found == {
        "1": (2, False, True),
        "2": (0, False, True),
        "3": (0, False, False),
        "4": (0, True, True),
        "5": (0, False, False),
    }


def test_days_are_those_of_the_profiles_zone(club: Club) -> None:
    """A week that loses an hour still ends at the same time of the day."""
    club.joins(1, datetime(2025, 3, 26, 11, tzinfo=UTC), visits=[6.97], bought=[6.97])  # noon in Berlin, then 12:17
    run = club.run("visits")
    profile = run.profile.model_copy(update={"time_zone": "Europe/Berlin"})
    there = Run(profile, run.cadence, run.as_of)
    measure(there, "population")
    measure(there, "signals")
    assert [(row["visits"], row["buyer before"], row["buyer after"]) for row in _asked(there)] == [(0, False, True)]


@pytest.mark.parametrize(
    ("days", "bought", "outcome"),
    [
        (range(40), lambda person: [], "never"),
        (range(40), lambda person: [8], "always"),
        (range(40), lambda person: [8] if person % 40 < 20 else [], "never"),  # not in the later cohorts
        (range(40), lambda person: [1], "already"),
        (range(40), lambda person: [1] if person % 40 >= 20 else [8] * (person % 2), "already"),
        ([0], lambda person: [8] * (person % 2), "one_cohort"),
        (range(125, 140), lambda person: [8] * (person % 2), "nobody"),
        (range(40), lambda person: [8] * (person % 2), "no_rule"),
    ],
)
def test_what_can_not_be_told_is_recorded(
    club: Club, days: Iterable[int], bought: Callable[[int], list[float]], outcome: str
) -> None:
    days = list(days)
    for person in range(800):
        joined = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=days[person % len(days)])
        club.joins(person, joined, bought=bought(person))
    run, found = club.ask("visits")
    assert {row["outcome"] for row in found.values()} == {outcome}
    assert {kpi for _, kpi in found} == {"visits", "*"}
    for row in found.values():
        assert (row["rule"], row["lift"], row["p"], row["q"], row["precision"]) == (None,) * 5
    assert SignalSummary.read_from(run).outcomes == {outcome: 2}


def test_too_few_of_the_holdout_are_not_told(club: Club) -> None:
    for person in range(1000):
        early = person < 800
        visits = [1.0, 2.0] if person % 4 == 0 and (early or person == 996) else []
        joined = datetime(2025, 1, 1 if early else 20, tzinfo=UTC) + timedelta(days=person % 3)
        club.joins(person, joined, visits=visits, bought=[8] if visits or person % 10 == 0 else [])
    _, found = club.ask("visits")
    row = found["buyer", "visits"]
    assert (row["outcome"], row["rule"]) == ("too_few", "Visits 2 times or more")
    assert (row["taken"], row["precision"], row["lift"]) == (None, None, None)


def test_a_rule_that_leaves_out_too_few_of_the_holdout_is_not_told(club: Club) -> None:
    for person in range(1000):
        early = person < 800
        visits = [1.0, 2.0] if (person % 4 if early else person != 996) else []
        joined = datetime(2025, 1, 1 if early else 20, tzinfo=UTC) + timedelta(days=person % 3)
        club.joins(person, joined, visits=visits, bought=[8] if visits or person % 10 == 0 else [])
    _, findings = club.ask("visits")
    row = findings["buyer", "visits"]
    assert (row["outcome"], row["rule"]) == ("too_few", "Visits 2 times or more")
    assert (row["taken"], row["precision"], row["lift"]) == (None, None, None)


def test_the_order_of_rows_changes_nothing(club: Club, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _crowd(club, random.Random(7), lambda visits: visits / 10, people=600)
    _, first = club.ask("visits", "games")
    club.shuffle()
    monkeypatch.setenv("SEGMENTATION_LAKE", str(tmp_path / "another"))
    _, second = club.ask("visits", "games")
    assert first == second


def test_a_rule_over_all_may_ask_what_a_kpi_of_some_is(club: Club, tmp_path: Path) -> None:
    """Those whom a KPI is undefined for are learned from, and no rule on it takes them."""
    chance = random.Random(11)
    for person in range(1500):
        visits = [chance.uniform(0, 6) for _ in range(person % 3)]
        buys = bool(visits) and chance.random() < 0.6
        joined = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(40))
        club.joins(person, joined, visits=visits, bought=[9] if buys else [])
    club.run("visits", "games")
    profile = yaml.safe_load((tmp_path / "club.yaml").read_text())
    kpi = profile["macro_segments"]["activity"]["kpis"].pop("visits") | {"undefined_when": "last IS NULL"}
    profile["macro_segments"]["activity"]["kpis"]["last"] = kpi | {"label": "Last Visit", "unit": "days"}
    (tmp_path / "club.yaml").write_text(yaml.safe_dump(profile))
    last = "max(e.day) FILTER (WHERE e.kind = 'visits' AND {{ window('last', 'e.day') }})"
    activity = tmp_path / "sql" / "club" / "measure" / "activity.sql"
    games = "count(*) FILTER (WHERE e.kind = 'games' AND {{ window('games', 'e.day') }}) AS games"
    activity.write_text(COUNT.format(counts=f", whole_days({last}, any_value(p.as_of)) AS last, {games}"))
    run = Run(load_profile("club", tmp_path), "monthly", datetime(2025, 6, 1, tzinfo=UTC))
    measure(run, "signals")
    rows = MeasureArtifacts(run).locate_signals().read_table().to_pylist()
    together = next(row for row in rows if row["kpi"] == "*")
    assert together["rule"] == "Last Visit 1 or more"
    assert together["recall"] == 1
    later = [row for row in _asked(run) if row["cohort"] >= together["holdout_from"]]
    assert together["taken"] == sum(row["last"] is not None for row in later)


def test_the_past_of_a_sample_is_as_good_as_all(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.segmentation.measure.signals.landmarks.MOST_CUSTOMERS", 50)
    _crowd(club, random.Random(13), lambda visits: 0.5, people=300)
    run, _ = club.ask("visits")
    sample = _asked(run)
    assert len(sample) == 50
    measure(run, "signals")
    assert _asked(run) == sample


def test_only_the_primary_cadence_asks(club: Club) -> None:
    club.joins(1, datetime(2025, 1, 1, tzinfo=UTC))
    run = club.run("visits")
    assert list_targets(run) == ["population", "activity", "signals"]
    assert list_targets(Run(run.profile, "weekly", run.as_of)) == ["population", "activity"]


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        ({"landmarks": [7, 1]}, r"signals\.landmarks.*\[7, 1\] must rise"),
        ({"landmarks": []}, r"signals\.landmarks"),
        ({"horizon": 0}, r"signals\.horizon"),
        ({"holdout": 1}, r"signals\.holdout"),
        (
            {"labels": {"buyer": {"label": "Buyer", "definition": "Buys.", "when": "boughtt >= 1"}}},
            r"signals\.labels\.buyer\.when.*boughtt.*bought",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(club: Club, signals: dict[str, Any], words: str) -> None:
    with pytest.raises(ProfileError, match=words):
        club.run("visits", **signals)


def test_signals_need_a_kpi_that_may_go_before(club: Club) -> None:
    kpi = {"label": "N", "definition": "N.", "unit": "times", "window": "lifetime", "rule_only": True}
    club.joins(1, datetime(2025, 1, 1, tzinfo=UTC))
    run = club.run("visits")
    value = yaml.safe_load(run.profile.path.read_text())
    value["macro_segments"]["activity"]["kpis"] = {"visits": kpi}
    run.profile.path.write_text(yaml.safe_dump(value))
    with pytest.raises(ProfileError, match=r"signals: every KPI is rule_only; allowed: at least one that is not"):
        load_profile("club", run.profile.path.parent)


def test_wrong_sql_says_what_is_wrong(club: Club) -> None:
    club.joins(1, datetime(2025, 1, 1, tzinfo=UTC))
    run = club.run("visits", sql=_counts("bought").replace("AS bought", "AS bougt"))
    with pytest.raises(ProfileError, match=r"signals\.sql: column bought is missing"):
        measure(run, "signals")
    club.joins(2, datetime(2025, 1, 1, tzinfo=UTC), bought=[1])
    run = club.run("visits", sql=_counts("bought").replace("count(*)", "-count(*)"))
    with pytest.raises(DataError, match=r"signals\.sql: .*bought.* below its minimum 0"):
        measure(run, "signals")
    assert SignalSummary.read_from(run) is None


def test_the_interval_of_a_ratio_is_koopmans() -> None:
    """The example of the paper: 36 of 40 against 16 of 80."""
    assert compute_ratio_interval(36, 40, 16, 80) == pytest.approx((2.94, 7.15), abs=0.005)
    assert compute_ratio_interval(0, 40, 16, 80)[0] == 0
    assert compute_ratio_interval(10, 40, 0, 80)[1] == np.inf


@pytest.mark.parametrize(("taken", "share", "others", "base"), [(60, 0.3, 240, 0.1), (15, 0.2, 200, 0.05)])
def test_intervals_hold_the_true_lift_as_often_as_they_say(taken: int, share: float, others: int, base: float) -> None:
    draws = np.random.default_rng(17)
    customers, true = taken + others, share / ((taken * share + others * base) / (taken + others))
    held = []
    for _ in range(400):
        hits, rest = int(draws.binomial(taken, share)), int(draws.binomial(others, base))
        if hits + rest:
            lift = compute_lift(taken, hits, customers, hits + rest)
            assert lift.low <= lift.ratio <= lift.high
            held.append(lift.low <= true <= lift.high)
    assert 0.92 <= np.mean(held) <= 0.99
