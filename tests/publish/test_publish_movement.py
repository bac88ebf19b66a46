"""Why customers moved: reasons, events and the migration, from four keys kept on every label."""

import os
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from publish_shop import Customer, Shop, Value

from include.segmentation.artifacts import LabelSummary
from include.segmentation.errors import DataError
from include.segmentation.publish import publish

AS_OFS = ("2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01")
LONG_AGO, IN_JANUARY = datetime(2024, 12, 15, tzinfo=UTC), datetime(2025, 1, 9, tzinfo=UTC)
EVENTS = (
    "SELECT customer_id, from_key, to_key, reason, boundary_noise, run_id FROM fct_segment_event "
    "WHERE macro_segment = 'value' ORDER BY occurred_at, 1"
)
FLOWS = (
    "SELECT from_key, to_key, customers, activity, ageing, late_data, refit, boundary_noise FROM fct_segment_migration "
    "WHERE macro_segment = 'value' AND cadence = 'monthly' AND as_of = %s ORDER BY 1, 2"
)


def at(key: str, raw: str | None = None, seen: datetime = LONG_AGO, **more: object) -> Customer:
    """A customer by their label of ``value``."""
    return Customer(last_seen=seen, value=Value(key, raw or key, **more))


def two_months(shop: Shop, then: dict[str, Customer], now: dict[str, Customer], model: str = "m1") -> None:
    """January under m1 and February under ``model``, published."""
    shop.accept("2025-01-01")
    if model != "m1":
        shop.accept("2025-02-01", model=model)
    january, february = (shop.run(as_of) for as_of in AS_OFS[:2])
    shop.leave(january, then)
    shop.leave(february, now, model=model, follows=(january, "m1"))
    publish(january)
    publish(february)


def reasons(shop: Shop) -> dict[str, str]:
    return {row[0]: row[3] for row in shop.rows(EVENTS) if row[5].endswith("2025-02-01")}


def test_under_the_same_model_a_move_is_activity_ageing_or_late_data(shop: Shop) -> None:
    now = {
        "acts": at("v2", seen=IN_JANUARY),
        "ages": at("v2"),
        "late": at("v2", seen=IN_JANUARY, remeasured_key="v2"),
        "late_then_acts": at("v0", seen=IN_JANUARY, remeasured_key="v2"),
        "late_and_back": at("v1", remeasured_key="v2"),
        "stays": at("v1"),
    }
    two_months(shop, {name: at("v1") for name in [*now, "goes"]}, now | {"comes": at("v1")})
    assert reasons(shop) == {
        **{"acts": "activity", "ages": "ageing", "late": "late_data", "late_then_acts": "activity"},
        **{"goes": "erased", "comes": "new"},
    }
    assert shop.rows(FLOWS, shop.run("2025-02-01").as_of) == [
        ("new", "v1", 1, 0, 0, 0, 0, 0),
        ("v1", "left", 1, 0, 0, 0, 0, 0),
        ("v1", "v0", 1, 1, 0, 0, 0, 0),
        ("v1", "v1", 2, 0, 0, 0, 0, 0),
        ("v1", "v2", 3, 1, 1, 1, 0, 0),
    ]
    entered = (
        "SELECT customer_id, entered_reason FROM fct_segment_membership WHERE macro_segment = 'value' AND is_current "
    )
    assert dict(shop.rows(entered)) == {name: reasons(shop).get(name, "new") for name in [*now, "comes"]}


def test_under_a_new_model_the_old_one_tells_refit_from_what_customers_did(shop: Shop) -> None:
    now = {
        "cut_anew": at("v2", previous_model_key="v1", seen=IN_JANUARY),
        "acts": at("v2", previous_model_key="v2", seen=IN_JANUARY),
        "ages": at("v2", previous_model_key="v2"),
        "acts_and_is_cut_anew": at("v2", previous_model_key="v0", seen=IN_JANUARY),
        "can_not_be_asked": at("v2", seen=IN_JANUARY),
        "late": at("v2", previous_model_key="v2", remeasured_key="v2"),
    }
    two_months(shop, {name: at("v1") for name in now}, now, model="m2")
    assert reasons(shop) == {
        **{"cut_anew": "refit", "acts": "activity", "ages": "ageing", "acts_and_is_cut_anew": "refit"},
        **{"can_not_be_asked": "refit", "late": "late_data"},
    }


def test_a_move_that_was_held_back_is_told_by_what_happened_since(shop: Shop) -> None:
    held = {"acts": at("v1", "v2", held_from=LONG_AGO), "ages": at("v1", "v2", held_from=IN_JANUARY)}
    now = {"acts": at("v2", seen=datetime(2024, 12, 20, tzinfo=UTC)), "ages": at("v2", seen=LONG_AGO)}
    two_months(shop, held, now)
    assert reasons(shop) == {"acts": "activity", "ages": "ageing"}


@pytest.mark.parametrize(("before", "after", "near"), [(0.1, 0.9, True), (0.9, 0.19, True), (0.2, None, False)])
def test_a_move_near_a_border_is_flagged(shop: Shop, before: float, after: float | None, near: bool) -> None:
    two_months(shop, {"a": at("v1", margin=before)}, {"a": at("v2", margin=after), "new": at("v1", margin=0.0)})
    assert {row[0]: row[4] for row in shop.rows(EVENTS) if row[5].endswith("2025-02-01")} == {"a": near, "new": False}


def test_a_run_that_comes_in_between_makes_the_next_stale_until_it_is_repeated(shop: Shop) -> None:
    shop.accept("2025-01-01")
    january, february, march, _ = (shop.run(as_of) for as_of in AS_OFS)
    moved = {"a": at("v2", remeasured_key="v2")}
    shop.leave(january, {"a": at("v1")})
    shop.leave(march, moved, follows=(january, "m1"))
    publish(january)
    assert publish(march)["stale"] == []
    assert reasons_at(shop, march.run_id) == {"a": "late_data"}

    shop.leave(february, {"a": at("v1")}, follows=(january, "m1"))
    assert publish(february)["stale"] == [march.run_id]
    assert shop.rows("SELECT run_id FROM segmentation_run WHERE is_stale") == [(march.run_id,)]
    assert reasons_at(shop, march.run_id) == {"a": "ageing"}  # what came late was looked for at another as_of

    shop.leave(march, moved, follows=(february, "m1"))
    assert publish(march)["stale"] == []
    assert reasons_at(shop, march.run_id) == {"a": "late_data"}


def reasons_at(shop: Shop, run_id: str) -> dict[str, str]:
    return {row[0]: row[3] for row in shop.rows(EVENTS) if row[5] == run_id}


def test_labels_that_hysteresis_rests_on_and_that_changed_make_the_next_run_stale(shop: Shop) -> None:
    shop.accept("2025-01-01")
    january, february = (shop.run(as_of) for as_of in AS_OFS[:2])
    shop.leave(january, {"a": at("v1")})
    shop.leave(february, {"a": at("v1", "v2", held_from=january.as_of)}, follows=(january, "m1"))
    labelled = LabelSummary.read_from(february, "value")
    replace(labelled, follows=labelled.follows | {"fingerprint": "1"}).write_to(february, "value")
    publish(january)
    assert publish(february)["stale"] == []
    replace(LabelSummary.read_from(january, "value"), fingerprint="2").write_to(january, "value")
    assert publish(january)["stale"] == [february.run_id]


def test_labels_of_an_earlier_version_are_not_published(shop: Shop) -> None:
    shop.accept("2025-01-01")
    run = shop.run("2025-01-01")
    shop.leave(run, {"a": at("v1")})
    LabelSummary(model_id="value-m1", look_ahead=False).write_to(run, "value")
    with pytest.raises(DataError, match="was labelled by an earlier version; run the segment stage again"):
        publish(run)


def test_a_warehouse_of_an_older_layout_goes_on(shop: Shop) -> None:
    """January and February came from a version that knew no reasons: they are kept, and told as far as is known."""
    shop.accept("2025-01-01")
    january, february, march, _ = (shop.run(as_of) for as_of in AS_OFS)
    shop.leave(january, {"a": at("v1"), "b": at("v1")})
    shop.leave(february, {"a": at("v2"), "b": at("v1")}, follows=(january, "m1"))
    shop.leave(march, {"a": at("v2"), "b": at("v2")}, follows=(february, "m1"))
    publish(january)
    publish(february)
    gone = {
        "fct_segment_label": ("raw_key", "held_from", "remeasured_key", "previous_model_key"),
        "fct_customer_kpi": ("last_seen",),
        "fct_segment_migration": ("activity", "ageing", "late_data", "refit", "boundary_noise"),
        "segmentation_run": ("follows", "fingerprints", "is_stale"),
    }
    shop.forget_version()
    with psycopg.connect(shop.url) as connection:
        connection.execute("DROP TABLE shop.fct_segment_event")
        for table, columns in gone.items():
            connection.execute(f"ALTER TABLE shop.{table} {', '.join(f'DROP COLUMN {name}' for name in columns)}")

    assert publish(march)["stale"] == []

    assert [row[:4] for row in shop.rows(EVENTS)] == [("b", "v1", "v2", "ageing")]
    publish(january)  # again, by this version: its own events come, and those of the run after it, as far as known
    assert [row[:4] for row in shop.rows(EVENTS)] == [
        *[("a", None, "v1", "new"), ("b", None, "v1", "new")],
        *[("a", "v1", "v2", "activity"), ("b", "v1", "v2", "ageing")],
    ]


KEYS = st.sampled_from(["v0", "v1", "v2"])
SEEN = st.sampled_from([LONG_AGO, IN_JANUARY, datetime(2025, 2, 9, tzinfo=UTC)])
MARGIN = st.sampled_from([None, 0.1, 0.2, 0.9])
LABEL = st.tuples(KEYS, st.booleans(), st.none() | KEYS, st.none() | KEYS, MARGIN, SEEN)
MONTH = st.dictionaries(st.sampled_from("abcdefgh"), LABEL, min_size=1)


def history(months: list[dict], runs: list) -> list[dict[str, Customer]]:
    """Customers month by month, some held back at the segment that was published for them before."""
    found: list[dict[str, Customer]] = []
    for i, month in enumerate(months):
        found.append({})
        for name, (raw, is_held, remeasured, under_previous, margin, seen) in month.items():
            before = found[i - 1].get(name) if i else None
            key = before.value.segment_key if before and is_held else raw
            held_from = None if key == raw else before.value.held_from or runs[i - 1].as_of
            label = Value(key, raw, margin, held_from, remeasured, under_previous)
            found[i][name] = Customer(last_seen=seen, value=label)
    return found


def reason_in_words(before: Customer, now: Customer, as_of_before: datetime, same_model: bool) -> str:
    """The rule of decision 18, step by step."""
    a, d = before.value.raw_key, now.value.raw_key
    b = now.value.remeasured_key or a
    c = d if same_model else now.value.previous_model_key or b
    since = before.value.held_from or as_of_before if a == d else as_of_before
    did = "activity" if now.last_seen >= since else "ageing"
    reason = did
    for step, changed in (("late_data", a != b), (did, b != c), ("refit", c != d)):
        reason = step if changed else reason
    return reason


# Not shrunk: an example takes seconds.
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(months=st.lists(MONTH, min_size=3, max_size=3), refit=st.booleans(), data=st.data())
def test_any_history_adds_up(shop: Shop, tmp_path: Path, months: list, refit: bool, data: st.DataObject) -> None:
    os.environ["SEGMENTATION_LAKE"] = str(tmp_path / uuid.uuid4().hex)  # lake_root puts it back
    with psycopg.connect(shop.url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS shop CASCADE")
    shop.accept("2025-01-01")
    shop.accept("2025-03-01", model="m2")
    runs, models = [shop.run(as_of) for as_of in AS_OFS[:3]], ["m1", "m1", "m2" if refit else "m1"]
    people = history(months, runs)
    for i, run in enumerate(runs):
        shop.leave(run, people[i], model=models[i], follows=(runs[i - 1], models[i - 1]) if i else None)
    for run in data.draw(st.permutations(runs)):
        summary = publish(run)
    assert summary["stale"] == []

    expected = {}
    for i, run in enumerate(runs):
        before = people[i - 1] if i else {}
        for name in {*before, *people[i]}:
            old, new = (month[name].value.segment_key if name in month else None for month in (before, people[i]))
            if old is None or new is None:
                expected[run.run_id, name] = (old, new, "erased" if new is None else "new")
            elif old != new:
                same = models[i] == models[i - 1]
                why = reason_in_words(before[name], people[i][name], runs[i - 1].as_of, same)
                expected[run.run_id, name] = (old, new, why)
    events = {(row[5], row[0]): row[1:4] for row in shop.rows(EVENTS)}
    assert events == expected

    for i, run in enumerate(runs[1:], start=1):
        flows = shop.rows(FLOWS, run.as_of)
        assert margins(flows, 0, "new") == Counter(c.value.segment_key for c in people[i - 1].values())
        assert margins(flows, 1, "left") == Counter(c.value.segment_key for c in people[i].values())
        for source, target, customers, *why, near in flows:
            inside = source != target and source != "new" and target != "left"
            assert sum(why) == (customers if inside else 0)
            assert near <= sum(why)
    stays = "SELECT customer_id, segment_key, entered_reason, run_id FROM fct_segment_membership"
    starts = shop.rows(f"{stays} WHERE macro_segment = 'value'")
    arrivals = {(run, name): (new, why) for (run, name), (_, new, why) in expected.items() if new}
    assert {(run, name): (key, why) for name, key, why, run in starts} == arrivals


def margins(flows: list[tuple], end: int, outside: str) -> Counter:
    found: Counter = Counter()
    for flow in flows:
        if flow[end] != outside:
            found[flow[end]] += flow[2]
    return found
