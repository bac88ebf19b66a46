"""A club with one macro segment in its own database, and a browser."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
import yaml
from report_warehouse import WarehouseBuilder
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from demo.servers import Server
from demo.stack import write_libpq_uri
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import Profile
from include.segmentation.report.charts import line_charts
from include.segmentation.report.sections import personas_section, tree_section

PROFILE: dict[str, Any] = {
    "profile": "club",
    "title": "A club",
    "warehouse": {"connection": "club_warehouse", "schema": "club"},
    "schedule": {"start": date(2025, 1, 1), "first_fit": date(2025, 2, 1), "primary_cadence": "monthly"},
    "sources": {"db": {"kind": "mysql", "connection": "club_db"}},
    "extracts": {
        "visits": {
            **{"kind": "table", "source": "db", "table": "visits", "mode": "append"},
            **{"cursor": "visited_at", "primary_key": ["visit_id"]},
        }
    },
    "cohort_months": 3,
    "macro_segments": {
        "loyalty": {
            "label": "Loyalty",
            "kpis": {
                "visits": {
                    **{"label": "Visits", "definition": "Days with a visit.", "unit": "days", "window": "trailing 30d"},
                    **{"transform": "log1p", "bands": [1, 5], "band_words": ["No", "Few", "Many"]},
                },
                "visit_gap": {
                    **{"label": "Gap", "definition": "Mean days between.", "unit": "days", "window": "lifetime"},
                    **{"resolution": 0.1, "bands": [7], "band_words": ["Short", "Long"]},
                    "undefined_when": "visits_ever <= 1",
                },
                "visits_ever": {
                    **{"label": "Visits ever", "definition": "All.", "unit": "days", "window": "lifetime"},
                    "rule_only": True,
                },
            },
            "strata": [
                {"name": "never", "label": "Never came", "when": "visits_ever <= 1"},
                {
                    **{"name": "coming", "label": "Coming", "when": "visits_ever >= 2"},
                    "kpis": ["visits", "visit_gap"],
                    "cluster": "auto",
                },
            ],
        }
    },
}
MODELS = {"loyalty": "loyalty-m1"}


@pytest.fixture(scope="session")
def club_template(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database that holds the club; every test gets a copy of it."""
    name = f"club_template_{uuid.uuid4().hex[:8]}"
    _execute(postgres_server, f"CREATE DATABASE {name}")
    profile = _write_profile(tmp_path_factory.mktemp("club"))
    with WarehouseBuilder(profile, write_libpq_uri(postgres_server.write_uri(name))) as builder:
        builder.create_tables()
        _fill_club(builder)
    return name


@pytest.fixture
def club(
    postgres_server: Server, club_template: str, lake_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WarehouseBuilder]:
    """Three segments on 1 March: 600 never came, 394 come often, 6 rarely; a month before 500, 490 and 0."""
    name = f"club_{uuid.uuid4().hex[:8]}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {club_template}")
    monkeypatch.setenv("AIRFLOW_CONN_CLUB_WAREHOUSE", postgres_server.write_uri(name))
    with WarehouseBuilder(_write_profile(tmp_path), write_libpq_uri(postgres_server.write_uri(name))) as builder:
        yield builder
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: Server, statement: LiteralString) -> None:
    with psycopg.connect(write_libpq_uri(server.write_uri("postgres")), autocommit=True) as connection:
        connection.execute(statement)


def _write_profile(folder: Path) -> Profile:
    (folder / "club.yaml").write_text(yaml.safe_dump(PROFILE, sort_keys=False))
    (folder / "sql" / "club" / "measure").mkdir(parents=True)
    for sql in ("population", "loyalty"):
        (folder / "sql" / "club" / "measure" / f"{sql}.sql").touch()
    return load_profile("club", folder)


def _fill_club(builder: WarehouseBuilder) -> None:
    first, second = builder.run("2025-02-01"), builder.run("2025-03-01")
    builder.publish(first, 990, MODELS)
    builder.publish(second, 1000, MODELS)
    builder.segment("loyalty", "k0", "Never came", "never", path="loyalty.never")
    builder.segment("loyalty", "k1", "Coming, Many Visits", "coming", path="loyalty.coming.01", stratum_label="Coming")
    builder.segment("loyalty", "k2", "Coming, Few Visits", "coming", path="loyalty.coming.02", stratum_label="Coming")
    for key, customers in (("k0", 500), ("k1", 490), ("k2", 0)):
        builder.size(first, "loyalty", key, customers, of=990)
    for key, customers, entered, left in (("k0", 600, 120, 20), ("k1", 394, 4, 100), ("k2", 6, 6, 0)):
        builder.size(second, "loyalty", key, customers, of=1000, entered=entered, left=left)
    why = {("k0", "k1"): {"activity": 4}, ("k0", "k2"): {"activity": 5, "late_data": 1, "boundary_noise": 2}}
    why["k1", "k0"] = {"ageing": 60, "refit": 40, "boundary_noise": 30}
    for source, target, customers, of in (
        *(("k0", "k0", 480, 500), ("k0", "k1", 4, 500), ("k0", "k2", 6, 500), ("k0", "left", 10, 500)),
        *(("k1", "k1", 390, 490), ("k1", "k0", 100, 490), ("new", "k0", 20, 20)),
    ):
        builder.move(second, first, "loyalty", source, target, customers, of, **why.get((source, target), {}))
    builder.spread(second, "loyalty", "k0", "visits", (0, 0, 1), "No To Few")
    builder.spread(second, "loyalty", "k0", "visit_gap", None)
    builder.spread(second, "loyalty", "k1", "visits", (6, 8, 1234), "Many")
    builder.spread(second, "loyalty", "k1", "visit_gap", (2.5, 3.25, 3.5), "Short")
    for key, learners, ends in (("k0", 700, (0, 2)), ("k1", 297, (3, 4)), ("k2", 3, (5, 6))):
        for kpi in ("visits", "visits_ever"):
            builder.cohort(second, "loyalty", 1, key, kpi, learners, 1000, ends)
            builder.cohort(second, "loyalty", 2, key, kpi, learners, 1000, ends)
    note = "stopped before k = 3: a cluster comes back with a Jaccard of 0.61 only; 0.75 is needed"
    cut = {"name": "coming", "label": "Coming", "kpis": ["visits"], "note": note}
    cut |= {"segments": [{"key": "k1", "name": "Coming, Many Visits"}, {"key": "k2"}]}
    cut |= {"joins": [{"left": 0, "right": 1, "height": 0.6}]}
    whole = {"name": "never", "label": "Never came", "segments": [{"key": "k0"}], "kpis": [], "note": ""}
    builder.model("loyalty", "loyalty-m1", [whole, cut])
    scores_of_k = {"smallest_share": 0.4, "largest_share": 0.6, "silhouette": 0.4321, "inertia": 9.0}
    apart = {"separated": 0, "gaussian_p": 0.01, "clusters_apart": 1}
    each = {"silhouette_cluster_1": 0.5, "silhouette_cluster_2": 0.3}
    builder.trial("loyalty", "loyalty-m1", "coming", 1, inertia=20.0, top_30_by_visits=0.828, chosen=0)
    builder.trial(
        *("loyalty", "loyalty-m1", "coming", 2),
        **{**scores_of_k, **apart, **each, "jaccard_min": 0.94, "fidelity": 0.97, "top_30_by_visits": 0.7, "chosen": 1},
    )
    builder.trial("loyalty", "loyalty-m1", "coming", 3, **scores_of_k, jaccard_min=0.61, fidelity=0.9, chosen=0)
    for algorithm, k, silhouette, largest in (("ward", 2, 0.3, 0.55), ("hdbscan", 5, 0.2, 0.7)):
        scores = {"silhouette": silhouette, "largest_share": largest}
        builder.trial("loyalty", "loyalty-m1", "coming", k, algorithm, **scores)


@pytest.fixture(scope="session")
def chart_cache() -> dict[str, str]:
    """Charts by what they draw: most tests draw the same ones, and drawing takes most of the time."""
    return {}


@pytest.fixture(autouse=True)
def _draw_each_chart_once(chart_cache: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (line_charts, "draw_trend"),
        (line_charts, "draw_evidence_curves"),
        (tree_section, "draw_dendrogram"),
        (personas_section, "draw_dendrogram"),
    ):
        monkeypatch.setattr(module, name, partial(_draw_once, chart_cache, getattr(module, name)))


def _draw_once(cache: dict[str, str], draw: Callable[..., str], *args: Any) -> str:
    key = f"{draw.__name__}{args!r}"
    if key not in cache:
        cache[key] = draw(*args)
    return cache[key]


@pytest.fixture(scope="session")
def browsers() -> Iterator[Callable[[bool], webdriver.Chrome]]:
    """Chromium with or without scripts, started once for all tests and kept off the network."""
    drivers: dict[bool, webdriver.Chrome] = {}

    def start(has_scripts: bool) -> webdriver.Chrome:
        if has_scripts not in drivers:
            drivers[has_scripts] = _start_chromium(has_scripts)
        return drivers[has_scripts]

    yield start
    for driver in drivers.values():
        driver.quit()


def _start_chromium(has_scripts: bool) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    if not has_scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.binary_location = shutil.which("chromium") or ""
    for flag in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--no-first-run"),
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, Service(shutil.which("chromedriver")))


@pytest.fixture
def chromium(browsers: Callable[[bool], webdriver.Chrome]) -> Callable[..., webdriver.Chrome]:
    """Chromium at a width, with an empty page and empty logs of its console and its requests."""

    def open_browser(width: int, scripts: bool = True) -> webdriver.Chrome:
        driver = browsers(scripts)
        driver.get("about:blank")
        driver.set_window_size(width, 900)
        for log in ("browser", "performance"):
            driver.get_log(log)
        return driver

    return open_browser
