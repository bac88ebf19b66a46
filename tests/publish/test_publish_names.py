"""Names and aliases are checked on every run: what no longer holds is said with what is found, not renamed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.errors import ProfileError
from include.segmentation.model.model import BandRange, KpiAxis
from include.segmentation.model.timeline import read_timeline, record_decision
from include.segmentation.publish import publish
from include.segmentation.run import Run

SHORT = BandRange(kpi="visit_gap", low_word="Very Short", high_word="Very Short", low=None, high=7)


def named_short(shop: Shop, undefined_as: float | None = None) -> None:
    """Segment w1 is called after a return interval below a week."""
    shop.accept("2025-01-01")
    lake = shop.run("2025-01-01").lake
    model = read_timeline(lake, "visiting")[-1].model
    silent, visitor = model.strata
    claimed = visitor.segments[0].model_copy(update={"name": "Visitor, Very Short Gap", "bands": [SHORT]})
    axes = [KpiAxis(kpi="visit_gap", undefined_as=undefined_as)]
    strata = [silent, visitor.model_copy(update={"segments": [claimed], "axes": axes})]
    record_decision(lake, model.model_copy(update={"strata": strata}), "accepted", "a test")


def visitors(gaps: list[float | None]) -> dict[str, Customer]:
    return {f"c{i:03}": Customer(visits=5, visit_gap=gap) for i, gap in enumerate(gaps)}


def published(shop: Shop, as_of: str, customers: dict[str, Customer]) -> Run:
    run = shop.run(as_of)
    shop.leave(run, customers)
    publish(run)
    return run


def verdicts(shop: Shop, run: Run) -> list[tuple[str, str, str]]:
    return shop.rows(
        "SELECT gate ->> 'verdict', gate ->> 'found', gate ->> 'allowed' "
        "FROM segmentation_run, jsonb_array_elements(gates) AS gate "
        "WHERE run_id = %s AND gate ->> 'name' = 'names_agree' AND gate ->> 'macro_segment' = 'visiting' ORDER BY 2",
        run.run_id,
    )


def test_very_short_in_month_one_and_ninety_to_a_hundred_and_twenty_days_in_month_four(shop: Shop) -> None:
    named_short(shop)
    first = published(shop, "2025-01-01", visitors([i % 3 for i in range(20)]))
    assert [(verdict, found) for verdict, found, _ in verdicts(shop, first)] == [
        ("pass", "all 1 claims of names and aliases hold")
    ]
    fourth = published(shop, "2025-04-01", visitors([90 + 1.5 * i for i in range(21)]))
    assert verdicts(shop, fourth) == [
        (
            "warn",
            "segment w1 'Visitor, Very Short Gap': Very Short Gap holds for 0% of its customers; their values: "
            "Gap 90 to 120 days",
            "at least 90% of them; a new fit makes new names",
        )
    ]
    name = "SELECT name FROM dim_segment WHERE segment_key = 'w1'"
    assert shop.rows(name) == [("Visitor, Very Short Gap",)]  # the key keeps its name: a refit makes another


def test_a_claim_speaks_of_the_customers_between_the_5th_and_the_95th_percentile(shop: Shop) -> None:
    """100 visitors, of whom the 5% with the longest gaps are not looked at: 86 of 95 hold, then 85."""
    named_short(shop)
    enough = published(shop, "2025-01-01", visitors([1.0] * 86 + [30.0] * 9 + [400.0] * 5))
    few = published(shop, "2025-02-01", visitors([1.0] * 85 + [30.0] * 10 + [400.0] * 5))
    assert [verdict for verdict, _, _ in verdicts(shop, enough)] == ["pass"]
    [(verdict, found, _)] = verdicts(shop, few)
    assert verdict == "warn"
    assert "holds for 89.4% of its customers; their values: Gap 1 to 400 days" in found


def test_an_undefined_value_counts_as_the_model_says(shop: Shop) -> None:
    named_short(shop, undefined_as=0.0)
    run = published(shop, "2025-01-01", visitors([None] * 19 + [90.0]))
    assert [verdict for verdict, _, _ in verdicts(shop, run)] == ["pass"]  # 19 of 20 are at 0 days


def test_a_segment_too_small_to_speak_of_is_left_out(shop: Shop) -> None:
    named_short(shop)
    run = published(shop, "2025-01-01", visitors([90.0] * 9) | {"silent": Customer()})
    assert [found for _, found, _ in verdicts(shop, run)] == [
        "all 0 claims of names and aliases hold; 1 segments of fewer than 10 customers are left out"
    ]


def test_kpis_may_be_called_as_what_a_claim_is_made_of(shop_with: Callable[[dict[str, Any]], Shop]) -> None:
    profile = copy.deepcopy(PROFILE)
    kpis = profile["macro_segments"]["visiting"]["kpis"]
    kpis |= {name: kpis["visits"] | {"undefined_when": "visits >= 0"} for name in ("value", "low", "high")}
    shop = shop_with(profile)
    named_short(shop)
    run = published(shop, "2025-01-01", visitors([1.0] * 20))
    assert [found for _, found, _ in verdicts(shop, run)] == ["all 1 claims of names and aliases hold"]


def with_segments(segments: dict[str, Any], gate: str = "warn") -> dict[str, Any]:
    profile = copy.deepcopy(PROFILE)
    profile["macro_segments"]["visiting"]["segments"] = segments
    profile["gates"] = {"names_agree": gate}
    return profile


NEW = {"w1": {"alias": "New Customers", "rule": "visit_gap <= 30 AND age_days >= 0", "recommended_action": "Greet."}}


def test_new_customers_who_last_came_long_ago_are_said_so(shop_with: Callable[[dict[str, Any]], Shop]) -> None:
    shop = shop_with(with_segments(NEW))
    shop.accept("2025-01-01")
    run = published(shop, "2025-01-01", visitors([64.0 + i for i in range(12)]))
    [(verdict, found, _)] = verdicts(shop, run)
    assert verdict == "warn"
    assert found == (
        "segment w1 'Segment \"w1\", näher': alias 'New Customers' (visit_gap <= 30 AND age_days >= 0) holds for 0% of "
        "its customers; their values: Age 30 to 30 days, Gap 64 to 75 days"
    )
    again = published(shop, "2025-02-01", visitors([5.0 + i for i in range(12)]))
    assert [(verdict, found) for verdict, found, _ in verdicts(shop, again)] == [
        ("pass", "all 1 claims of names and aliases hold")
    ]


def test_an_alias_stands_where_people_look_and_its_action_beats_the_stratums(
    shop_with: Callable[[dict[str, Any]], Shop],
) -> None:
    owned = NEW | {"w0": {"owner": "the desk"}}
    profile = with_segments(owned)
    profile["macro_segments"]["visiting"]["strata"][1] |= {"recommended_action": "Wait.", "owner": "sales"}
    shop = shop_with(profile)
    shop.accept("2025-01-01")
    published(shop, "2025-01-01", visitors([5.0] * 12) | {"silent": Customer()})
    assert shop.rows(
        "SELECT segment_key, name, alias, recommended_action, owner FROM dim_segment WHERE macro_segment = 'visiting' "
        "ORDER BY 1"
    ) == [
        ("w0", 'Segment "w0", näher', None, "", "the desk"),
        ("w1", 'Segment "w1", näher', "New Customers", "Greet.", "sales"),
    ]
    assert shop.rows("SELECT DISTINCT visiting_segment FROM customer_analytics_record ORDER BY 1") == [
        ("New Customers",),
        ('Segment "w0", näher',),
    ]


@pytest.mark.parametrize("gate", ["warn", "stop"])
def test_what_is_said_of_a_key_that_is_gone_is_a_warning_with_the_keys_there_are(
    shop_with: Callable[[dict[str, Any]], Shop], gate: str
) -> None:
    shop = shop_with(with_segments({"w9": {"alias": "Insiders", "rule": "visit_gap <= 3"}}, gate))
    shop.accept("2025-01-01")
    run = published(shop, "2025-01-01", visitors([5.0] * 12))
    assert verdicts(shop, run) == [
        (
            "warn",
            "segments.w9 (alias 'Insiders') is not a segment of visiting-m1",
            "w0 (visiting.silent.00), w1 (visiting.visitor.00)",
        )
    ]


def test_what_is_said_of_a_key_of_a_later_model_can_wait(shop_with: Callable[[dict[str, Any]], Shop]) -> None:
    shop = shop_with(with_segments({"w9": {"owner": "sales"}}))
    shop.accept("2025-01-01")
    lake = shop.run("2025-01-01").lake
    model = read_timeline(lake, "visiting")[-1].model
    visitor = model.strata[1].segments[0].model_copy(update={"key": "w9"})
    strata = [model.strata[0], model.strata[1].model_copy(update={"segments": [visitor]})]
    later = {"model_id": "visiting-m2", "effective_from": shop.run("2025-02-01").as_of, "strata": strata}
    record_decision(lake, model.model_copy(update=later), "candidate", "a test")
    run = published(shop, "2025-01-01", visitors([5.0] * 12))
    assert [verdict for verdict, _, _ in verdicts(shop, run)] == ["pass"]


def test_two_segments_can_not_have_one_alias(shop_with: Callable[[dict[str, Any]], Shop]) -> None:
    same = {"alias": "Guests", "rule": "visits >= 0"}
    with pytest.raises(ProfileError, match="segments 'w0' and 'w1' have the same alias 'Guests'"):
        shop_with(with_segments({"w0": same, "w1": same}))
