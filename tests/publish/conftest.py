"""Fixtures of the publish tests: a shop that is really fitted and published."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import publish_fixtures
import pytest
from publish_crowd import CROWD, GRID, STRATA
from publish_shop import PROFILE, Customer, Shop

from include.segmentation.publish import publish
from include.segmentation.segment import fit, segment

template, database = publish_fixtures.template, publish_fixtures.database
shop, shop_with = publish_fixtures.shop, publish_fixtures.shop_with


@pytest.fixture
def published(shop_with: Callable[[dict[str, Any]], Shop]) -> Callable[..., Shop]:
    """The shop with a grid, its crowd measured, really fitted, labelled and published."""

    def make(crowd: dict[str, Customer] = CROWD, **more: Any) -> Shop:
        profile = deepcopy(PROFILE) | {"worth": ["revenue"], "cohort_months": 0} | more
        profile["macro_segments"]["value"] |= {"grid": GRID, "strata": STRATA}
        shop = shop_with(profile)
        run = shop.run("2025-02-01")
        shop.leave(run, crowd)
        for macro in profile["macro_segments"]:
            fit(run, macro)
            segment(run, macro)
        publish(run)
        return shop

    return make
