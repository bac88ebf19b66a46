"""Mistakes of a profile: each is found before anything runs, in one line with file, line and key."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.segmentation.errors import ProfileError
from include.segmentation.profile.loader import load_profile
from include.segmentation.profile.profile import SHIPPED_PROFILES

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def load_changed(tmp_path: Path) -> Callable[[Change], str]:
    """Load the learning profile after a change and return the line that refuses it."""

    def load(change: Change) -> str:
        value = yaml.safe_load((SHIPPED_PROFILES / "learning.yaml").read_text())
        change(value)
        (tmp_path / "learning.yaml").write_text(yaml.safe_dump(value, sort_keys=False))
        if not (tmp_path / "sql").exists():
            shutil.copytree(SHIPPED_PROFILES.parent / "sql" / "learning", tmp_path / "sql" / "learning")
        with pytest.raises(ProfileError) as caught:
            load_profile("learning", tmp_path)
        message = str(caught.value)
        assert re.match(rf"{tmp_path / 'learning.yaml'}:\d+: ", message)
        assert "\n" not in message
        return message

    return load


def _kpi(value: dict[str, Any], macro: str, name: str) -> dict[str, Any]:
    kpi: dict[str, Any] = value["macro_segments"][macro]["kpis"][name]
    return kpi


def _stratum(value: dict[str, Any], macro: str, name: str) -> dict[str, Any]:
    strata: list[dict[str, Any]] = value["macro_segments"][macro]["strata"]
    return next(stratum for stratum in strata if stratum["name"] == name)


def _set_cluster(value: dict[str, Any], cluster: Any) -> None:
    _stratum(value, "loyalty", "returning").update(cluster=cluster)


def _drop_stratum(value: dict[str, Any], macro: str, name: str) -> None:
    value["macro_segments"][macro]["strata"].remove(_stratum(value, macro, name))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v.update(titel="x"), "titel: unknown key"),
        (lambda v: v.pop("title"), "title: missing"),
        (lambda v: v["extracts"]["users"].update(colums=["a"]), "extracts.users.colums: unknown key"),
        (lambda v: v.update(profile="other"), "profile: found 'other'; allowed: the file's name, 'learning'"),
        (lambda v: v.update(time_zone="Mars/Base"), "time_zone 'Mars/Base' is unknown; allowed: an IANA name"),
        (lambda v: v["extracts"]["users"].update(lag="1 hour"), "found '1 hour'; allowed: a whole number and a unit"),
        (lambda v: v["extracts"]["users"].update(source="shop"), "extracts.users.source: 'shop'; allowed: platform"),
        (lambda v: v["extracts"]["users"].update(source="analytics"), "kind 'table' needs a mysql source"),
        (
            lambda v: v["extracts"]["users"].update(mode="overwrite"),
            "should be 'append', 'merge' or",
        ),
        (lambda v: v["extracts"]["users"].update(lag="999999999d"), "found '999999999d'; allowed: a whole number"),
        (lambda v: v.update(time_zone="Europe"), "time_zone 'Europe' is unknown; allowed: an IANA name"),
        (
            lambda v: v["warehouse"].update(schema="pg_catalog"),
            "found 'pg_catalog'; PostgreSQL's own schema; allowed: any other name",
        ),
        (lambda v: v["warehouse"].update(schema="a" * 64), "allowed: up to 50 lower-case letters"),
        (
            lambda v: v["extracts"].update(population=v["extracts"]["users"]),
            "extracts.population: this is the measure stage's own table; allowed: any other name",
        ),
        (lambda v: v["extracts"]["users"].update(primary_key=["a", "a"]), "a, a must be different"),
        *(
            (
                lambda v, word=word: v["macro_segments"]["value"]["kpis"].update({word: _kpi(v, "value", "revenue")}),
                f"found '{word}'; a word of SQL",
            )
            for word in ("order", "end", "left", "offset", "user", "between")
        ),
        *(
            (
                lambda v, name=name: v["macro_segments"]["value"]["kpis"].update({name: _kpi(v, "value", "revenue")}),
                f"macro_segments.value.kpis.{name}: a column of every customer; allowed: any other name",
            )
            for name in ("age_days", "customer_id", "cohort", "month", "as_of", "cadence", "run_id", "last_seen")
        ),
        (
            lambda v: v["macro_segments"]["value"]["kpis"].update(loyalty_segment=_kpi(v, "value", "revenue")),
            "macro_segments.value.kpis.loyalty_segment: a segment column of 'loyalty'; allowed: any other name",
        ),
        (
            lambda v: v["extracts"].update(table=v["extracts"]["users"]),
            "extracts.table: found 'table'; a word of SQL",
        ),
        (
            lambda v: v["macro_segments"].update(order=v["macro_segments"]["value"]),
            "macro_segments.order: found 'order'; a word of SQL",
        ),
        (lambda v: v["warehouse"].update(schema="user"), "found 'user'; a word of SQL"),
        (
            lambda v: v["extracts"].update(my__shop=v["extracts"]["users"]),
            "found 'my__shop'; allowed: up to 50 lower-case letters, digits and single _ between",
        ),
        (
            lambda v: v["extracts"].update(shop_=v["extracts"]["users"]),
            "found 'shop_'; allowed: up to 50",
        ),
        (
            lambda v: _kpi(v, "value", "revenue").update(minimum=float("inf")),
            "revenue.minimum: found inf; Input should be a finite number",
        ),
        (lambda v: v["extracts"]["users"].update(primary_key=[]), "extracts.users.primary_key: "),
        (lambda v: v["extracts"]["ages"].update(dimensions=["userAgeBracket"]), "dimensions must include 'date'"),
        (lambda v: v["sources"]["analytics"].update(property="412"), "sources.analytics.property: found '412'"),
        (lambda v: v["sources"]["platform"].update(kind="oracle"), "'mysql', 'ga4'"),
        (lambda v: v["expectations"].update(user=[]), "expectations.user: no such extract; allowed: users"),
        (
            lambda v: v["expectations"]["users"][0].update(severity="explode"),
            "found 'explode'; Input should be 'quarantine', 'stop' or 'warn'",
        ),
        (lambda v: v["schedule"].update(first_fit="2024-12-01"), "first_fit 2024-12-01 must be after start 2025-01-01"),
        (lambda v: v["schedule"].update(first_fit="2025-01-01"), "first_fit 2025-01-01 must be after start 2025-01-01"),
        (lambda v: v["schedule"].update(end="2025-01-15"), "end 2025-01-15 must not be before first_fit 2025-02-01"),
        (lambda v: v["schedule"].update(refit_every=0), "schedule.refit_every: found 0"),
        (
            lambda v: v["funnel"][1].update(when="lifetime_visits >= 1"),
            "funnel.1.when: step 'visited': 'lifetime_visits >= 1' names 'lifetime_visits'; allowed: count_of",
        ),
        (lambda v: v["funnel"][1].update(name="registered"), "funnel.1.name: 'registered' is another step's name"),
        (lambda v: v["demographics"].update(order={"label": "x"}), "demographics.order: found 'order'; a word of SQL"),
        (
            lambda v: v["personas"][0].update(when={"engagment": ["too_new"]}),
            "personas.0.when.engagment: no such macro segment; allowed: loyalty, engagement, interest, value",
        ),
        (
            lambda v: v["personas"][1]["personas"][0].update(when={"interest": ["enroling"]}),
            "personas.1.personas.0.when.interest: persona 'long_term_engaged': 'enroling' is no stratum, key or alias; "
            "allowed: never, ",
        ),
        (lambda v: v["personas"][0].update(when={}), "personas.0.when: "),
        (lambda v: v["personas"][0].update(name="buyer"), "personas: 'buyer' is another persona's name"),
        (lambda v: v["personas"][0].update(name="none"), "personas: 'none' means that no persona matches"),
        (
            lambda v: v["personas"][0].update(when={"loyalty": ["never", "once", "lapsed", "returning"]}),
            "personas: persona 'engaged' can never match: every customer it names matches an earlier one",
        ),
        (
            lambda v: v["personas"][1]["personas"][0].update(when={"engagement": ["quiet"]}),
            "personas: persona 'long_term_engaged' can never match: every customer it names is not in 'engaged', or "
            "matches an earlier one",
        ),
        (
            lambda v: v["extracts"]["visit_gaps"].update(query="gaps.sql"),
            "sql/learning/extract/gaps.sql is missing",
        ),
        (
            lambda v: v["macro_segments"].update(loyal=v["macro_segments"].pop("loyalty")),
            "measure/loyal.sql is missing",
        ),
        (
            lambda v: _kpi(v, "value", "revenue").update(window="trailing 0d"),
            "found 'trailing 0d'; a window must be longer than 0 days",
        ),
        (
            lambda v: _kpi(v, "engagement", "topics_first_week").update(window="since_registration [7d, 7d)"),
            "a window must be longer than 0 days",
        ),
        (
            lambda v: _kpi(v, "value", "revenue").update(window="trailing 999999d"),
            "found 'trailing 999999d'; allowed:",
        ),
        (
            lambda v: _kpi(v, "value", "revenue").update(window="last month"),
            "found 'last month'; allowed: 'lifetime', 'trailing 30d'",
        ),
        (lambda v: _kpi(v, "value", "revenue").update(resolution=0), "revenue.resolution: found 0"),
        (lambda v: _kpi(v, "value", "revenue").update(bands=[5, 1]), "bands [5.0, 1.0] must rise"),
        (lambda v: _kpi(v, "value", "revenue").pop("bands"), "a KPI that is clustered on needs bands"),
        (
            lambda v: _kpi(v, "value", "revenue").update(band_words=["No", "Yes"]),
            "band_words has 2 words; 4 edges need 5",
        ),
        (lambda v: _kpi(v, "value", "revenue").update(minimum=-1), "transform log1p needs a minimum of 0 or more"),
        (
            lambda v: v["macro_segments"]["value"]["kpis"].update(
                count_of_returns=_kpi(v, "loyalty", "count_of_returns") | {"unit": "times", "resolution": 2}
            ),
            "KPI 'count_of_returns' is declared in both loyalty and value, with another unit, resolution; allowed: "
            "another name, or other values of transform, scale and weight only",
        ),
        (
            lambda v: v["macro_segments"]["value"]["kpis"].update(Revenue=_kpi(v, "value", "revenue")),
            "allowed: up to 50 lower-case letters, digits and single _",
        ),
        (
            lambda v: _stratum(v, "value", "bought_once").update(when="lifetime_purchases >= 1"),
            "macro_segments.value: strata 'bought_once' and 'bought_again' overlap: both contain a customer with "
            "lifetime_intents = 0, lifetime_purchases = 2",
        ),
        (
            lambda v: _drop_stratum(v, "value", "bought_once"),
            "macro_segments.value: strata are incomplete: no stratum contains a customer with lifetime_intents = 0, "
            "lifetime_purchases = 1",
        ),
        (
            lambda v: _stratum(v, "loyalty", "once").update(name="never"),
            "strata ['never', 'never', 'lapsed', 'returning'] must have different names",
        ),
        (
            lambda v: _stratum(v, "value", "never").update(when="purchase = 0"),
            "stratum 'never': 'purchase = 0' names 'purchase'; allowed: purchases, cart_abandonments",
        ),
        (
            lambda v: _stratum(v, "value", "never").update(when="lifetime_purchases = 0 AND"),
            "stratum 'never': 'lifetime_purchases = 0 AND' is not a SQL condition",
        ),
        (
            lambda v: _stratum(v, "value", "never").update(when="sqrt(revenue) = 0"),
            "allowed: comparisons of KPIs with constants",
        ),
        (
            lambda v: _stratum(v, "value", "never").update(when="revenue = 'none'"),
            "'none' is not a number; KPIs are compared with numbers",
        ),
        (
            lambda v: _stratum(v, "value", "intent_only").update(kpis=["lifetime_intents"]),
            "stratum 'intent_only' clusters on 'lifetime_intents'; allowed: purchases, cart_abandonments",
        ),
        (
            lambda v: _stratum(v, "loyalty", "once").update(kpis=["avg_days_between_returns"], cluster="auto"),
            "stratum 'once' clusters on 'avg_days_between_returns' but contains customers for whom it is undefined",
        ),
        (
            lambda v: _kpi(v, "engagement", "topics_first_week").update(matures_after=8),
            "clusters on 'topics_first_week', which is final after 8 days, but contains younger customers",
        ),
        (
            lambda v: _kpi(v, "loyalty", "avg_days_between_returns").update(undefined_when="visits = 0"),
            "kpis.avg_days_between_returns.undefined_when: 'visits = 0' names 'visits'",
        ),
        (lambda v: _set_cluster(v, "yes"), "strata.3.cluster: found 'yes'; allowed: none, auto and a mapping"),
        (
            lambda v: _set_cluster(v, "none"),
            "stratum 'returning' has kpis but no cluster; allowed: cluster: auto, or no kpis",
        ),
        (
            lambda v: _stratum(v, "loyalty", "once").update(cluster={"k": 3}),
            "stratum 'once' has cluster but no kpis; kpis is missing",
        ),
        (
            lambda v: _stratum(v, "loyalty", "returning").update(kpis=["days_since_last_visit"] * 2),
            "strata.3.kpis: days_since_last_visit, days_since_last_visit must be different",
        ),
        (lambda v: _set_cluster(v, {"k": 1}), "cluster.k: found 1; "),
        (lambda v: _set_cluster(v, {"k": 3, "k_max": 4}), "cluster: k is 3 and k_max 4; allowed: one of them"),
        (lambda v: _set_cluster(v, {"algorithm": "dbscan"}), "found 'dbscan'; Input should be 'kmeans' or 'ward'"),
        (
            lambda v: _set_cluster(v, {"pca": 1.5}),
            "cluster.pca: found 1.5; allowed: a number of components (1 or more) and",
        ),
        (lambda v: _set_cluster(v, {"pca": True}), "cluster.pca: found True; allowed: a number of components"),
        (lambda v: _set_cluster(v, {"pca": 4}), "stratum 'returning': pca is 4; allowed: up to 3, one per KPI"),
        (
            lambda v: _set_cluster(v, {"micro": {"kpis": ["lifetime_visit_days"]}}),
            "stratum 'returning' clusters on 'lifetime_visit_days'; allowed: count_of_returns,",
        ),
        (
            lambda v: _kpi(v, "loyalty", "count_of_returns").update(scale="minmax"),
            "stratum 'returning' mixes scales (count_of_returns minmax, avg_days_between_returns standard, "
            "days_since_last_visit standard), which silently weights its KPIs; allowed: one scale, or a weight for "
            "each of them",
        ),
        (
            lambda v: _kpi(v, "value", "pricing_page_views").update(zero="none"),
            "clusters on 'pricing_page_views' but contains customers for whom it is 0, which is not a value (zero: "
            "none)",
        ),
        (
            lambda v: _kpi(v, "value", "revenue").update(weight=0),
            "revenue.weight: found 0; Input should be greater",
        ),
        (
            lambda v: v["macro_segments"]["value"].update(segments={"sg_a": {"alias": "Whales"}}),
            "segments.sg_a: alias 'Whales' needs a rule that says what it claims, such as 'recency <= 30'",
        ),
        (
            lambda v: v["macro_segments"]["value"].update(segments={"sg_a": {"rule": "revenue > 9"}}),
            "segments.sg_a: rule 'revenue > 9' belongs to an alias, which is missing",
        ),
        (
            lambda v: v["macro_segments"]["value"].update(segments={"sg_a": {"alias": "A", "rule": "recency < 9"}}),
            "macro_segments.value.segments.sg_a.rule: 'recency < 9' names 'recency'; allowed: purchases",
        ),
        (
            lambda v: v["macro_segments"]["value"].update(hysteresis={"as_ofs": 2, "margin": 0.2}),
            "macro_segments.value.hysteresis: hysteresis needs either as_ofs or margin, not both",
        ),
        (
            lambda v: v.update(gates={"populations_reconcile": "warn"}),
            "gates.populations_reconcile: found 'warn'; Input",
        ),
        (
            lambda v: v.update(gates={"names_agree": "ignore"}),
            "gates.names_agree: found 'ignore'; Input should",
        ),
        (lambda v: v.update(gates={"row_counts": {"fall": 2}}), "gates.row_counts.fall: found 2; Input should be less"),
        (lambda v: v.update(gates={"luck": "ask"}), "gates.luck: unknown key"),
    ],
)
def test_a_mistake_is_refused(load_changed: Callable[[Change], str], change: Change, words: str) -> None:
    assert words in load_changed(change)


def test_every_mistake_is_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "retail.yaml"
    text = (SHIPPED_PROFILES / "retail.yaml").read_text()
    changes = {
        "\ntitle: ": ("\ntitel: ", "titel: unknown key"),
        "\n  start: ": ("\n  begin: ", "schedule.begin: unknown key"),
        "\n  refit_every: ": ("\n  refit_every: 0 #", "schedule.refit_every: found 0"),
    }
    for old, (new, _) in changes.items():
        text = text.replace(old, new, 1)
    path.write_text(text)
    with pytest.raises(ProfileError) as caught:
        load_profile("retail", tmp_path)
    for new, words in changes.values():
        line = text[: text.index(new)].count("\n") + 2
        assert f"{path}:{line}: {words}" in str(caught.value)
    assert "retail.yaml:1: title: missing" in str(caught.value)


def test_many_kpis_with_zero_none_can_be_checked(tmp_path: Path) -> None:
    value = yaml.safe_load((SHIPPED_PROFILES / "retail.yaml").read_text())
    behaviour = value["macro_segments"]["behaviour"]
    ticket = behaviour["kpis"]["average_ticket"] | {"zero": "none", "undefined_when": None}
    behaviour["kpis"] |= {f"ticket_{number}": ticket for number in range(12)}
    (tmp_path / "retail.yaml").write_text(yaml.safe_dump(value))
    shutil.copytree(SHIPPED_PROFILES.parent / "sql" / "retail", tmp_path / "sql" / "retail")
    assert "ticket_11" in load_profile("retail", tmp_path).kpis


def test_mixed_scales_are_allowed_once_every_kpi_has_a_weight(tmp_path: Path) -> None:
    value = yaml.safe_load((SHIPPED_PROFILES / "learning.yaml").read_text())
    for kpi in _stratum(value, "loyalty", "returning")["kpis"]:
        _kpi(value, "loyalty", kpi)["weight"] = 2
    _kpi(value, "loyalty", "count_of_returns")["scale"] = "minmax"
    (tmp_path / "learning.yaml").write_text(yaml.safe_dump(value))
    shutil.copytree(SHIPPED_PROFILES.parent / "sql" / "learning", tmp_path / "sql" / "learning")
    loyalty = load_profile("learning", tmp_path).macro_segments["loyalty"]
    assert [loyalty.find_scale(kpi) for kpi in loyalty.strata[3].kpis] == ["minmax", "standard", "standard"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"tenure": 0}, "'tenure' is not clustered on or never undefined; allowed: credit_limit, minimum_payments"),
        ({"minimum_payments": -1, "credit_limit": 0}, "-1 is not a possible value of 'minimum_payments'"),
        ({"minimum_payments": 0}, "is undefined (credit_limit IS NULL, minimum_payments = 0); exclude them with NOT"),
    ],
)
def test_a_wrong_value_of_undefined_as_is_refused(tmp_path: Path, values: dict[str, float], words: str) -> None:
    value = yaml.safe_load((SHIPPED_PROFILES / "credit_card.yaml").read_text())
    _stratum(value, "overall", "everyone")["cluster"]["undefined_as"] = values
    (tmp_path / "credit_card.yaml").write_text(yaml.safe_dump(value))
    with pytest.raises(ProfileError) as caught:
        load_profile("credit_card", tmp_path)
    assert words in str(caught.value)
