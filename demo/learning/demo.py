"""The platform's demo: its MySQL tables, the stand-in for its web analytics, and the runs."""

from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

from demo import claims, stack
from demo.business import ProfileDemo, ShowProgress, SourceTable, TablesByName
from demo.files import DataFileError
from demo.learning.platform import LEARNERS, SEED, generate_platform

_TABLES = {
    "users": SourceTable(
        """user_id BIGINT UNSIGNED NOT NULL PRIMARY KEY, email VARCHAR(120) NOT NULL, registered_at DATETIME NOT NULL,
        country CHAR(2) NULL, email_consent TINYINT(1) NOT NULL, analytics_consent TINYINT(1) NOT NULL,
        updated_at DATETIME NOT NULL""",
        ("updated_at, user_id",),
    ),
    "courses": SourceTable(
        """course_id INT NOT NULL PRIMARY KEY, title VARCHAR(120) NOT NULL, category VARCHAR(60) NOT NULL,
        course_type ENUM('certificate', 'diploma') NOT NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, course_id",),
    ),
    "visits": SourceTable(
        """visit_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, visited_at DATETIME NOT NULL,
        seconds INT NOT NULL""",
        ("visited_at, visit_id", "user_id, visited_at, visit_id"),
    ),
    "topic_views": SourceTable(
        """topic_view_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, course_id INT NOT NULL,
        topic_id INT NOT NULL, viewed_at DATETIME NOT NULL, seconds INT NOT NULL""",
        ("viewed_at, topic_view_id",),
    ),
    "enrolments": SourceTable(
        """enrolment_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, course_id INT NOT NULL,
        enrolled_at DATETIME NOT NULL, completed_at DATETIME NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, enrolment_id",),
    ),
    "carts": SourceTable(
        """cart_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, created_at DATETIME NOT NULL,
        status ENUM('open', 'abandoned', 'ordered') NOT NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, cart_id",),
    ),
    "orders": SourceTable(
        """order_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, cart_id BIGINT NULL,
        ordered_at DATETIME NOT NULL, amount DECIMAL(10,2) NOT NULL, currency CHAR(3) NOT NULL,
        refunded_at DATETIME NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, order_id",),
    ),
}


def _read(data: Path | None, size: int | None, say: ShowProgress) -> TablesByName:
    if data is not None:
        raise DataFileError(f"{data}: profile learning uses generated data; allowed: SIZE without DATA")
    learners = size or LEARNERS
    say(f"Generating {learners:,} learners")
    return generate_platform(SEED, learners).tables


def _run_analytics(size: int | None) -> AbstractContextManager[dict[str, str]]:
    return stack.run_analytics(size or LEARNERS)


DEMO = ProfileDemo(
    tables=_TABLES,
    read=_read,
    counts="SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {name}) AS {name}" for name in _TABLES),
    runs=[
        ("extract", date(2025, 6, 1)),
        ("reconcile", date(2025, 5, 26)),
        ("fit", date(2025, 2, 1)),
        *[("segment_monthly", date(2025, month, 1)) for month in (2, 3, 4, 5)],
        ("segment_weekly", date(2025, 5, 26)),
        ("segment_daily", date(2025, 6, 1)),
    ],
    claims=claims.check_learning_claims,
    services=_run_analytics,
)
