"""The platform's MySQL: its tables, and loading them."""

from collections.abc import Callable

from demo.learning.platform import LEARNERS, SEED, generate
from demo.mysql import database, replace_table

_TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "users": (
        """user_id BIGINT UNSIGNED NOT NULL PRIMARY KEY, email VARCHAR(120) NOT NULL, registered_at DATETIME NOT NULL,
        country CHAR(2) NULL, email_consent TINYINT(1) NOT NULL, analytics_consent TINYINT(1) NOT NULL,
        updated_at DATETIME NOT NULL""",
        ("updated_at, user_id",),
    ),
    "courses": (
        """course_id INT NOT NULL PRIMARY KEY, title VARCHAR(120) NOT NULL, category VARCHAR(60) NOT NULL,
        course_type ENUM('certificate', 'diploma') NOT NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, course_id",),
    ),
    "visits": (
        """visit_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, visited_at DATETIME NOT NULL,
        seconds INT NOT NULL""",
        ("visited_at, visit_id", "user_id, visited_at, visit_id"),
    ),
    "topic_views": (
        """topic_view_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, course_id INT NOT NULL,
        topic_id INT NOT NULL, viewed_at DATETIME NOT NULL, seconds INT NOT NULL""",
        ("viewed_at, topic_view_id",),
    ),
    "enrolments": (
        """enrolment_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, course_id INT NOT NULL,
        enrolled_at DATETIME NOT NULL, completed_at DATETIME NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, enrolment_id",),
    ),
    "carts": (
        """cart_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, created_at DATETIME NOT NULL,
        status ENUM('open', 'abandoned', 'ordered') NOT NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, cart_id",),
    ),
    "orders": (
        """order_id BIGINT NOT NULL PRIMARY KEY, user_id BIGINT UNSIGNED NOT NULL, cart_id BIGINT NULL,
        ordered_at DATETIME NOT NULL, amount DECIMAL(10,2) NOT NULL, currency CHAR(3) NOT NULL,
        refunded_at DATETIME NULL, updated_at DATETIME NOT NULL""",
        ("updated_at, order_id",),
    ),
}


def fill(
    uri: str, *, learners: int = LEARNERS, seed: int = SEED, progress: Callable[[str], object] = lambda _: None
) -> dict[str, int]:
    """Generate the platform and load it; tables of an earlier filling are replaced.

    Args:
        uri: ``mysql://user:password@host:port/database``; the database is made when missing.
        learners: how many register.
        seed: of all chance.
        progress: told what is being done.

    Returns:
        Rows per table, as the server counted them.

    Raises:
        FillError: the server did not take every row as it was given.
    """
    progress(f"Generating {learners:,} learners")
    platform = generate(seed, learners)
    counts = {}
    with database(uri) as connection:
        for name, (columns, indexes) in _TABLES.items():
            rows = platform.tables[name]
            progress(f"Loading {rows.num_rows:,} {name}")
            counts[name] = replace_table(connection, name, columns, rows, indexes)
    return counts
