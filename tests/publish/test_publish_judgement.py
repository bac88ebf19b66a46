"""Each gate fails for the mistake that it exists for; what failing means is the profile's to say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.__main__ import main
from include.segmentation.artifacts import LabelSummary, SegmentArtifacts
from include.segmentation.errors import DataError, NotApprovedError
from include.segmentation.lake.change_log import LogState
from include.segmentation.model.model import KpiAxis
from include.segmentation.model.timeline import read_timeline, record_decision
from include.segmentation.publish import find_questions, publish, reject_run
from include.segmentation.publish.gates import check_cluster_sizes
from include.segmentation.run import Run

CROWD = {f"c{i}": Customer(purchases=i % 2, revenue=i) for i in range(20)}
FEWER = {name: CROWD[name] for name in list(CROWD)[:10]}
MakeShop = Callable[[dict[str, Any]], Shop]


@pytest.fixture
def shop_of(shop_with: MakeShop) -> Callable[..., Shop]:
    """The shop with gates of its own, published in January."""

    def make(**gates: Any) -> Shop:
        shop = shop_with(PROFILE | {"gates": gates})
        shop.accept("2025-01-01")
        pull(shop, 100)
        arrive(shop, "2025-01-01", CROWD)
        publish(shop.run("2025-01-01"))
        return shop

    return make


def arrive(shop: Shop, as_of: str, customers: dict[str, Customer]) -> Run:
    run = shop.run(as_of)
    shop.leave(run, customers)
    return run


def pull(shop: Shop, rows: int, held: int = 0) -> None:
    """Orders from nowhere, whole up to now; of them the first ones held in quarantine."""
    run = shop.run("2025-01-01")
    log, quarantine = run.lake.open_log("orders"), run.lake.open_quarantine("orders")
    state = log.read_state()
    ids = pa.array(range(state.seq, state.seq + rows), pa.int64())
    through = run.as_of + timedelta(days=600)
    state = log.append(
        pa.table({"order_id": ids}), LogState(complete_through=through, seq=state.seq, version=state.version)
    )
    failed = pa.table({"source_seq": pa.array(range(1, held + 1), pa.int64())})
    before = quarantine.read_state()
    quarantine.append(failed, LogState(cursor=str(state.seq), seq=before.seq, version=before.version))


def verdicts(shop: Shop, run: Run, gate: str) -> list[tuple[str, str]]:
    rows = shop.rows("SELECT gates FROM segmentation_check WHERE run_id = %s", run.run_id)
    return [(row["verdict"], row["found"]) for row in rows[0][0] if row["name"] == gate]


def status(shop: Shop, run: Run) -> str:
    return str(shop.rows("SELECT status FROM segmentation_check WHERE run_id = %s", run.run_id)[0][0])


def test_a_question_waits_for_a_person_and_the_answer_is_kept(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of()
    run, before = arrive(shop, "2025-02-01", FEWER), shop.tables()

    with pytest.raises(NotApprovedError) as refusal:
        publish(run)
    assert str(refusal.value) == (
        "shop/monthly/2025-02-01: nothing was published; row_counts: customers went from 20 to 10 since 2025-01-01; "
        "allowed: 90% to 300% of the earlier number; review it, then publish with --approve and your name"
    )
    assert shop.tables() == before
    assert status(shop, run) == "waiting"

    assert publish(run, approved_by="mira")["customers"] == 10
    assert status(shop, run) == "published"
    ((gates,),) = shop.rows("SELECT gates FROM segmentation_run WHERE run_id = %s", run.run_id)
    assert [gate["approved_by"] for gate in gates if gate["verdict"] == "ask"] == ["mira"]
    assert {gate["approved_by"] for gate in gates if gate["verdict"] != "ask"} == {""}


def test_the_command_line_asks_too(shop_of: Callable[..., Shop], capsys: pytest.CaptureFixture[str]) -> None:
    shop = shop_of()
    run = arrive(shop, "2025-02-01", FEWER)
    folder = str(shop.profile.path.parent)
    command = ["publish", "--profile", "shop", "--profiles-dir", folder, "--as-of", "2025-02-01"]

    assert main(command) == 2
    assert "publish with --approve and your name" in capsys.readouterr().err.splitlines()[-1]
    assert main([*command, "--approve", "mira"]) == 0
    assert status(shop, run) == "published"


def test_what_stops_can_not_be_approved_and_is_kept_too(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(row_counts="stop")
    run, before = arrive(shop, "2025-02-01", FEWER), shop.tables()
    for attempt in (lambda: publish(run, "mira"), lambda: find_questions(run)):
        with pytest.raises(DataError, match=r"stopped by 1 gate verdict:\n  row_counts: customers went from 20 to 10"):
            attempt()
        assert status(shop, run) == "stopped"
    assert shop.tables() == before


def test_questions_are_put_and_turned_down(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of()
    run = arrive(shop, "2025-02-01", FEWER)
    (question,) = find_questions(run)
    assert question.startswith("row_counts: customers went from 20 to 10")
    assert status(shop, run) == "waiting"
    reject_run(run)
    assert status(shop, run) == "rejected"
    assert find_questions(arrive(shop, "2025-02-01", CROWD)) == []


def test_rows_that_went_missing(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(row_counts={"verdict": "warn", "fall": 0.2}, quarantine="warn")
    pull(shop, 0, held=30)
    run = arrive(shop, "2025-02-01", CROWD)
    publish(run)
    assert verdicts(shop, run, "row_counts") == [
        ("warn", "rows of extract 'orders' went from 100 to 70 since 2025-01-01")
    ]


@pytest.mark.parametrize(("held", "verdict"), [(20, "pass"), (21, "warn")])
def test_a_fall_of_exactly_the_limit_passes(shop_of: Callable[..., Shop], held: int, verdict: str) -> None:
    shop = shop_of(row_counts={"verdict": "warn", "fall": 0.2}, quarantine="warn")
    pull(shop, 0, held=held)
    run = arrive(shop, "2025-02-01", CROWD)
    publish(run)
    assert [each for each, _ in verdicts(shop, run, "row_counts")] == [verdict]


def test_rows_that_came_several_times(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(row_counts="warn")
    pull(shop, 400)
    run = arrive(shop, "2025-02-01", CROWD)
    publish(run)
    assert verdicts(shop, run, "row_counts") == [
        ("warn", "rows of extract 'orders' went from 100 to 500 since 2025-01-01")
    ]


def test_a_run_like_the_one_before_passes(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of()
    run = arrive(shop, "2025-02-01", CROWD | {"one": Customer(), "more": Customer()})
    publish(run)
    assert [verdict for verdict, _ in verdicts(shop, run, "row_counts")] == ["pass"]
    assert [verdict for verdict, _ in verdicts(shop, run, "quarantine")] == ["pass"]


def test_rows_held_in_quarantine(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(quarantine={"verdict": "warn", "share": 0.05})
    pull(shop, 0, held=6)
    run = arrive(shop, "2025-02-01", CROWD)
    publish(run)
    assert verdicts(shop, run, "quarantine") == [("warn", "6 rows of extract 'orders' are in quarantine, 6.0% of them")]
    ((rows,),) = shop.rows("SELECT rows FROM segmentation_run WHERE run_id = %s", run.run_id)
    assert rows == {"orders": {"accepted": 94, "quarantined": 6}}


def test_stale_data(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(freshness={"stale_after": "40d"})
    january, march = shop.run("2025-01-01"), arrive(shop, "2025-03-01", CROWD)
    publish(march)
    assert [verdict for verdict, _ in verdicts(shop, january, "freshness")] == ["pass"]
    assert verdicts(shop, march, "freshness") == [("warn", "the last customer was seen 89 days before as_of")]


def test_an_extract_that_is_not_whole(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(freshness={"verdict": "warn", "stale_after": "900d"}, row_counts="warn")
    late = arrive(shop, "2026-10-01", CROWD)
    publish(late)
    assert verdicts(shop, late, "freshness") == [("warn", "extract 'orders' is complete through 2026-08-23 23:00 UTC")]


def test_a_cluster_that_has_nearly_gone(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(row_counts="warn", smallest_sizes="ask")
    run = shop.run("2025-02-01")
    model = read_timeline(run.lake, "value")[-1].model
    cut = [s.model_copy(update={"axes": [KpiAxis(kpi="revenue")]}) if s.name == "bought" else s for s in model.strata]
    record_decision(run.lake, model.model_copy(update={"strata": cut}), "accepted", "a test")
    many = {f"n{i}": Customer(purchases=1, revenue=10.0 if i < 150 else 500.0) for i in range(249)}
    arrive(shop, "2025-02-01", many)
    assert find_questions(run) == [
        "smallest_sizes: macro segment 'value': segment value.bought.01 has 99 customers left; allowed: at least 100"
    ]


@pytest.mark.parametrize(("sizes", "small"), [([9_801, 199], ["b"]), ([9_800, 200], []), ([100, 99], ["b"])])
def test_a_cluster_needs_two_percent_and_a_hundred(sizes: list[int], small: list[str]) -> None:
    found = check_cluster_sizes("value", "bought", dict(zip("ab", sizes, strict=True)))
    assert [verdict.found.split()[1] for verdict in found if verdict.verdict != "pass"] == small


def test_two_macro_segments_of_the_same_sizes(shop_of: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the labels of one were written over those of the other: only its keys are its own."""
    shop = shop_of()
    run = arrive(shop, "2025-02-01", CROWD)
    model = read_timeline(run.lake, "visiting")[-1].model
    third = model.strata[0].segments[0].model_copy(update={"key": "w2"})
    strata = [model.strata[0].model_copy(update={"segments": [*model.strata[0].segments, third]}), model.strata[1]]
    record_decision(run.lake, model.model_copy(update={"strata": strata}), "accepted", "a test")
    keys = ["v0"] * 10 + ["v1"] * 6 + ["v2"] * 4
    names = {"v0": ("silent", "w0"), "v1": ("silent", "w2"), "v2": ("visitor", "w1")}
    for macro, labels in (("value", keys), ("visiting", [names[key][1] for key in keys])):
        name = SegmentArtifacts(run).locate_labels(macro).path
        table = run.lake.artifacts.read_table(name)
        strata_of = [("never" if k == "v0" else "bought") if macro == "value" else names[k][0] for k in keys]
        for column, values in (("segment_key", labels), ("stratum", strata_of)):
            table = table.set_column(table.schema.get_field_index(column), column, pa.array(values, pa.string()))
        run.lake.artifacts.write_table(name, table)
    with pytest.raises(
        DataError, match=r"'visiting': its segments have the same sizes as those of 'value' \(10, 6, 4\)"
    ):
        publish(run)


def drifted(shop: Shop, as_of: str, **values: float) -> Run:
    """A run whose segment stage has measured a drift of revenue."""
    run = arrive(shop, as_of, CROWD)
    rows = [
        {"metric": metric, "stratum": "" if metric == "js" else "bought", "kpi": "revenue" if metric == "psi" else ""}
        | {"value": value}
        for metric, value in values.items()
    ]
    replace(LabelSummary.read_from(run, "value"), drift=rows).write_to(run, "value")
    return run


def test_drift_asks_for_a_fit(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of()
    run = drifted(shop, "2025-02-01", psi=0.31, js=0.01, inertia_gain=0.02)
    assert publish(run)["fits_asked"] == ["value"]
    assert verdicts(shop, run, "drift") == [
        (
            "warn",
            "PSI of Revenue in 'bought' 0.31; run a fit (python -m include.segmentation fit --profile shop "
            "--as-of 2025-02-01)",
        )
    ]
    ((stored,),) = shop.rows("SELECT drift FROM segmentation_run WHERE run_id = %s", run.run_id)
    assert [(row["macro_segment"], row["metric"], row["value"]) for row in stored] == [
        ("value", "psi", 0.31), ("value", "js", 0.01), ("value", "inertia_gain", 0.02),
    ]  # fmt: skip


def test_a_profile_may_want_to_hear_of_drift_only(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(drift={"asks_for_fit": False})
    run = drifted(shop, "2025-02-01", psi=0.31)
    assert publish(run)["fits_asked"] == []
    assert verdicts(shop, run, "drift") == [("warn", "PSI of Revenue in 'bought' 0.31")]


@pytest.mark.parametrize("over", [{"psi": 0.26}, {"js": 0.06}, {"inertia_gain": 0.11}])
def test_every_measure_has_a_threshold(shop_of: Callable[..., Shop], over: dict[str, float]) -> None:
    shop = shop_of(drift={"verdict": "ask"})
    low = {"psi": 0.24, "js": 0.04, "inertia_gain": 0.09}
    assert find_questions(drifted(shop, "2025-02-01", **low)) == []
    assert len(find_questions(drifted(shop, "2025-02-01", **low | over))) == 1


def test_a_season_that_came_a_year_before_is_no_drift(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(drift={"psi": 0.3}, freshness={"stale_after": "900d"})
    publish(drifted(shop, "2025-02-01", psi=0.9))
    run = drifted(shop, "2026-02-01", psi=1.1)
    assert publish(run)["fits_asked"] == []
    assert verdicts(shop, run, "drift") == [
        ("pass", "customers resemble those of the fit: PSI of Revenue in 'bought' 1.10 (0.90 a year before)")
    ]
    assert publish(drifted(shop, "2026-02-01", psi=1.3))["fits_asked"] == ["value"]


def test_a_candidate_that_waits_is_not_asked_for_again(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of()
    run = drifted(shop, "2025-02-01", js=0.2)
    model = read_timeline(run.lake, "value")[-1].model
    newer = model.model_copy(update={"model_id": "value-m2", "effective_from": run.as_of})
    record_decision(run.lake, newer, "candidate", "fit")
    assert publish(run)["fits_asked"] == []
    ((_, said),) = verdicts(shop, run, "drift")
    assert said.endswith("model value-m2 is waiting to be accepted or rejected")


def test_drift_exactly_at_its_threshold_passes(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(drift={"psi": 0.25, "js": 0.05, "inertia_gain": 0.1, "verdict": "ask"})
    assert find_questions(drifted(shop, "2025-02-01", psi=0.25, js=0.05, inertia_gain=0.1)) == []
