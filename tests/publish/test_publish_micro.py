"""Micro segments in the warehouse: beside their segments, never added to them."""

import pyarrow as pa
from publish_shop import Customer, Shop

from include.segmentation.artifacts import SegmentArtifacts
from include.segmentation.model.model import Division, KpiAxis
from include.segmentation.model.timeline import read_timeline, record_decision
from include.segmentation.publish import publish
from include.segmentation.run import Run


def cut_once_more(shop: Shop) -> None:
    """Segment v1 has the micro segments m1 and m2."""
    shop.accept("2025-01-01")
    lake = shop.run("2025-01-01").lake
    model = read_timeline(lake, "value")[-1].model
    never, bought = model.strata
    first, second = bought.segments
    parts = [
        first.model_copy(update={"key": key, "path": f"{first.path}.{n:02}", "name": f"{first.name}: {word}"})
        for n, (key, word) in enumerate({"m1": "Few", "m2": "Many"}.items(), start=1)
    ]
    micro = Division(axes=[KpiAxis(kpi="purchases")], segments=parts)
    cut = bought.model_copy(update={"segments": [first.model_copy(update={"micro": micro}), second]})
    record_decision(lake, model.model_copy(update={"strata": [never, cut]}), "accepted", "a test")


def leave(shop: Shop, run: Run, customers: dict[str, Customer], micro: dict[str, str]) -> None:
    """The artifacts of the stages before, with the micro key of each customer who has one."""
    shop.leave(run, customers)
    labels = SegmentArtifacts(run).locate_labels("value").read_table()
    keys = pa.array([micro.get(name) for name in customers], pa.string())
    labels = labels.set_column(labels.column_names.index("micro_key"), "micro_key", keys)
    SegmentArtifacts(run).locate_labels("value").write_table(labels)


CUSTOMERS = {f"c{i:02}": Customer(purchases=1 + i % 2, revenue=50 + i) for i in range(24)} | {
    "rich": Customer(purchases=9, revenue=900.0),
    "held": Customer(purchases=1, revenue=20.0),
    "never": Customer(),
}
MICRO = {f"c{i:02}": "m1" if i < 12 else "m2" for i in range(24)}


def test_micro_segments_have_rows_of_their_own_and_segments_still_add_up(shop: Shop) -> None:
    cut_once_more(shop)
    run = shop.run("2025-01-01")
    leave(shop, run, CUSTOMERS, MICRO)
    publish(run)

    assert shop.rows(
        "SELECT segment_key, parent_key, path, name FROM dim_segment WHERE stratum = 'bought' ORDER BY path"
    ) == [
        ("v1", None, "value.bought.00", 'Segment "v1", näher'),
        ("m1", "v1", "value.bought.00.01", 'Segment "v1", näher: Few'),
        ("m2", "v1", "value.bought.00.02", 'Segment "v1", näher: Many'),
        ("v2", None, "value.bought.01", 'Segment "v2", näher'),
    ]
    sizes = "SELECT segment_key, parent_key, customers FROM fct_segment_size WHERE macro_segment = 'value' ORDER BY 1"
    assert shop.rows(sizes) == [
        *(("m1", "v1", 12), ("m2", "v1", 12)),
        *(("v0", None, 1), ("v1", None, 25), ("v2", None, 1)),
    ]
    shares = (
        "SELECT segment_key, parent_key, total, round(share_of_total::numeric, 4) FROM fct_segment_profile "
        "WHERE kpi = 'revenue' AND customers >= 10 ORDER BY 1"
    )
    of_all = sum(customer.revenue for customer in CUSTOMERS.values())
    of_few, of_many = (sum(50 + i for i in numbers) for numbers in (range(12), range(12, 24)))
    assert [(key, parent, float(total), float(share)) for key, parent, total, share in shop.rows(shares)] == [
        ("m1", "v1", of_few, round(of_few / of_all, 4)),
        ("m2", "v1", of_many, round(of_many / of_all, 4)),
        ("v1", None, of_few + of_many + 20, round((of_few + of_many + 20) / of_all, 4)),
    ]
    assert dict(shop.rows("SELECT customer_id, value_micro_key FROM customer_analytics_record")) == dict.fromkeys(
        CUSTOMERS
    ) | (MICRO)


def test_a_move_between_micro_segments_is_a_stay_of_its_own_but_no_migration(shop: Shop) -> None:
    cut_once_more(shop)
    for as_of, micro in {"2025-01-01": MICRO, "2025-02-01": MICRO | {"c00": "m2"}}.items():
        run = shop.run(as_of)
        leave(shop, run, CUSTOMERS, micro)
        publish(run)
    assert shop.rows(
        "SELECT segment_key, micro_key, valid_to IS NULL FROM fct_segment_membership "
        "WHERE customer_id = 'c00' AND macro_segment = 'value' ORDER BY valid_from"
    ) == [("v1", "m1", False), ("v1", "m2", True)]
    assert shop.rows("SELECT count(*) FROM fct_segment_migration WHERE from_key <> to_key") == [(0,)]
    assert shop.rows(
        "SELECT customers, entered, \"left\" FROM fct_segment_size WHERE segment_key = 'm2' ORDER BY as_of"
    ) == [(12, None, None), (13, None, None)]
    assert shop.rows(
        "SELECT DISTINCT entered FROM fct_segment_size WHERE parent_key IS NULL AND as_of > '2025-01-15'"
    ) == [(0,)]


def test_a_move_between_micro_segments_keeps_its_reason_at_later_runs(shop: Shop) -> None:
    cut_once_more(shop)
    reasons = (
        "SELECT micro_key, entered_reason FROM fct_segment_membership "
        "WHERE customer_id = 'c00' AND macro_segment = 'value' ORDER BY valid_from"
    )
    for as_of, micro in (("2025-01-01", "m1"), ("2025-02-01", "m2"), ("2025-03-01", "m2")):
        run = shop.run(as_of)
        leave(shop, run, CUSTOMERS, MICRO | {"c00": micro})
        publish(run)
        if as_of == "2025-02-01":
            february = shop.rows(reasons)
    assert february == [("m1", "new"), ("m2", "ageing")]
    assert shop.rows(reasons) == february
