"""Lists in the warehouse: everyone is decided about once, by the first reason that holds."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from publish_crowd import CROWD
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.errors import ProfileError

REASONS: list[dict[str, Any]] = [
    {"name": "owes", "label": "Owes", "when": "revenue < 0 -- returns", "eligible": False},
    {"name": "small", "label": "Small", "when": "purchases >= 1 AND revenue < 50", "eligible": False},
    {"name": "once", "label": "Once", "when": "value_cell = 'once'", "eligible": True},
    {"name": "often", "label": "Often", "when": "visit_gap >= 3 OR value_cell IN ('small', 'large')", "eligible": True},
]
VIP = {"vip": {"label": "VIP", "description": "The best.", "owner": "sales", "reasons": REASONS}}
MACROS = deepcopy(PROFILE["macro_segments"])
MACROS["value"]["kpis"]["revenue"]["minimum"] = None
COUNTS = "SELECT reason, is_eligible, customers FROM fct_list_reason ORDER BY position"


def reason_of(customer: Customer) -> str:
    """By hand."""
    if customer.revenue < 0:
        return "owes"
    if customer.purchases and customer.revenue < 50:
        return "small"
    return {0: "none", 1: "once"}.get(customer.purchases, "often")


def test_the_first_reason_that_holds_decides_about_everyone(published: Callable[..., Shop]) -> None:
    crowd = CROWD | {"owes": Customer(purchases=4, revenue=-10.0)}
    shop = published(crowd, lists=VIP, macro_segments=MACROS)
    by_hand = {name: reason_of(customer) for name, customer in crowd.items()}
    counts = Counter(by_hand.values())
    assert shop.rows(COUNTS) == [
        ("owes", False, 1),
        ("small", False, counts["small"]),
        ("once", True, counts["once"]),
        ("often", True, 120),
        ("none", False, 20),
    ]
    members = dict(shop.rows("SELECT customer_id, reason FROM fct_list_member WHERE list = 'vip'"))
    assert members == {name: reason for name, reason in by_hand.items() if reason in ("once", "often")}


def test_reasons_say_what_their_customers_are_worth(published: Callable[..., Shop]) -> None:
    shop = published(lists=VIP, macro_segments=MACROS)
    shares = dict(shop.rows("SELECT reason, worth -> 'revenue' ->> 'share_of_total' FROM fct_list_reason"))
    whole = sum(customer.revenue for customer in CROWD.values())
    often = sum(customer.revenue for customer in CROWD.values() if customer.purchases > 1)
    assert float(shares["often"]) == pytest.approx(often / whole)
    assert sum(float(share) for share in shares.values() if share) == pytest.approx(1)
    assert shares["owes"] is None  # nobody


def test_a_worth_that_is_undefined_for_all_of_a_reason_is_not_zero(published: Callable[..., Shop]) -> None:
    gaps = {name: replace(each, visit_gap=2.0 if each.visits else None) for name, each in CROWD.items()}
    shop = published(gaps, lists=VIP, worth=["visit_gap"], macro_segments=MACROS)
    worth = dict(shop.rows("SELECT reason, worth -> 'visit_gap' FROM fct_list_reason"))
    assert worth["once"] == {"total": None, "share_of_total": None}
    assert worth["often"]["total"] == 240
    assert worth["often"]["share_of_total"] == pytest.approx(240 / 278)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"when": "revenu > 1"}, r"reasons\.2\.when: reason 'once': 'revenu > 1' names 'revenu'; .* mean 'revenue'\?"),
        ({"when": "value_cell = 'one'"}, r"value_cell is compared with 'one'; allowed: once, small, large; did you"),
        ({"when": "(value_cell) = 'one'"}, r"value_cell is compared with 'one'; allowed: once, small, large"),
        ({"when": "value_cell > 3"}, r"value_cell is compared with 3; allowed: once, small, large"),
        ({"when": "revenue = 'x'"}, r"revenue is compared with 'x'; allowed: numbers"),
        ({"name": "none"}, r"reasons\.2\.name: 'none' means that no reason is true; allowed: any other"),
        ({"name": "small"}, r"reasons\.2\.name: 'small' is also another reason's name"),
    ],
)
def test_a_reason_that_can_not_be_asked_is_refused(
    published: Callable[..., Shop], changes: dict[str, Any], message: str
) -> None:
    reasons = [*REASONS[:2], REASONS[2] | changes, REASONS[3]]
    with pytest.raises(ProfileError, match=rf"lists\.vip\..*{message}"):
        published(lists={"vip": VIP["vip"] | {"reasons": reasons}}, macro_segments=MACROS)


def test_a_list_that_nobody_can_be_on_is_refused(published: Callable[..., Shop]) -> None:
    with pytest.raises(ProfileError, match=r"lists\.vip\.reasons: none makes a customer eligible"):
        published(lists={"vip": VIP["vip"] | {"reasons": REASONS[:2]}}, macro_segments=MACROS)


def test_a_reason_that_holds_for_nobody_is_refused(published: Callable[..., Shop]) -> None:
    with pytest.raises(ProfileError, match=r"lists\.vip\.reasons\.0\.when: reason 'owes': .* can never be true"):
        published(lists=VIP)
