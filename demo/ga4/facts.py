"""What Google Analytics would record about the generated learners: one row per date, visitor and page.

Only learners with analytics consent are identified. Visits without a login have the id ``(not set)``.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.learning import Platform

NOT_SET = "(not set)"
LEARN, PRICING = "/learn", "/pricing"
_ENGAGED_SECONDS = 10
_PER_PAGE = 90  # seconds
_ANONYMOUS = 7  # every eighth learner also visits without logging in

DIMENSIONS = ("date", "customUser:learner_id", "pagePath", "userAgeBracket", "userGender")
METRICS = {
    "sessions": "TYPE_INTEGER",
    "engagedSessions": "TYPE_INTEGER",
    "userEngagementDuration": "TYPE_SECONDS",
    "screenPageViews": "TYPE_INTEGER",
    "activeUsers": "TYPE_INTEGER",
}


def make_facts(platform: Platform) -> pa.Table:
    """Build a table of all dimensions, the additive metrics and ``visitor`` (to count users), ordered by date."""
    visits = platform.tables["visits"]
    seconds = visits["seconds"]
    sessions = _rows(
        platform,
        user_id=visits["user_id"],
        at=visits["visited_at"],
        page=LEARN,
        sessions=np.ones(len(visits), dtype=np.int64),
        engaged=pc.greater_equal(seconds, _ENGAGED_SECONDS).cast(pa.int64()),
        duration=pc.divide(pc.multiply(seconds, 9), 10),  # a tenth of the time the tab is in the background
        views=pc.add(pc.divide(seconds, _PER_PAGE), 1),
    )
    views = platform.pricing_views
    nothing = np.zeros(len(views), dtype=np.int64)
    pricing = _rows(
        platform,
        user_id=views["user_id"],
        at=views["viewed_at"],
        page=PRICING,
        sessions=nothing,
        engaged=nothing,
        duration=nothing,
        views=np.ones(len(views), dtype=np.int64),
    )
    identified = pa.concat_tables([sessions, pricing])
    everyone = pa.concat_tables([identified, _make_anonymous(identified)])
    keys = [*DIMENSIONS, "visitor"]
    summed = everyone.group_by(keys, use_threads=False).aggregate([(name, "sum") for name in _SUMMED])
    return summed.rename_columns([*keys, *_SUMMED]).sort_by([(key, "ascending") for key in keys])


_SUMMED = tuple(name for name in METRICS if name != "activeUsers")


def _rows(
    platform: Platform, *, user_id: pa.ChunkedArray, at: pa.ChunkedArray, page: str, **metrics: pa.Array
) -> pa.Table:
    traits = platform.traits
    learner = pc.index_in(user_id, traits["user_id"])
    size = len(user_id)
    table = pa.table(
        {
            "date": pc.strftime(at, "%Y%m%d"),
            "customUser:learner_id": pc.cast(user_id, pa.string()),
            "pagePath": pa.repeat(page, size),
            "userAgeBracket": pc.take(traits["age_bracket"], learner),
            "userGender": pc.take(traits["gender"], learner),
            "visitor": pc.cast(user_id, pa.int64()),
            "sessions": metrics["sessions"],
            "engagedSessions": metrics["engaged"],
            "userEngagementDuration": metrics["duration"],
            "screenPageViews": metrics["views"],
        }
    )
    return table.filter(pc.take(traits["analytics_consent"], learner))


def _make_anonymous(identified: pa.Table) -> pa.Table:
    """Copy the visits of some learners as visits before a login, without a learner id."""
    some = identified.filter(pc.equal(pc.bit_wise_and(identified["visitor"], 7), _ANONYMOUS))
    some = some.set_column(1, "customUser:learner_id", pa.repeat(NOT_SET, len(some)))
    for trait in ("userAgeBracket", "userGender"):
        some = some.set_column(some.column_names.index(trait), trait, pa.repeat("unknown", len(some)))
    return some.set_column(some.column_names.index("visitor"), "visitor", pc.negate(some["visitor"]))
