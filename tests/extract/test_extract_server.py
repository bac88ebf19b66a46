"""How a server is told, entered and left alone: versions, TLS, places, the watchdog, bad input."""

import pytest

from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.server import Version


@pytest.mark.parametrize(
    ("text", "flavour", "number", "windows", "ends"),
    [
        ("5.0.96-community-nt", "mysql", (5, 0, 96), False, False),
        ("5.1.73-log", "mysql", (5, 1, 73), False, False),
        ("5.5.68-MariaDB", "mariadb", (5, 5, 68), False, False),
        ("5.6.10", "mysql", (5, 6, 10), False, False),  # Aurora 1 says no more
        ("5.6.51-91.0-log", "mysql", (5, 6, 51), False, False),  # Percona
        ("5.7.44-48", "mysql", (5, 7, 44), False, True),
        ("5.7.mysql_aurora.2.11.2", "mysql", (5, 7, 0), False, False),
        ("8.0.mysql_aurora.3.04.0", "mysql", (8, 0, 0), True, True),
        ("8.4.3", "mysql", (8, 4, 3), True, True),
        ("9.1.0-commercial", "mysql", (9, 1, 0), True, True),
        ("10.0.38-MariaDB", "mariadb", (10, 0, 38), False, False),
        ("10.1.48-MariaDB", "mariadb", (10, 1, 48), False, True),
        ("5.5.5-10.2.44-MariaDB-log", "mariadb", (10, 2, 44), True, True),
        ("11.4.2-MariaDB-ubu2404", "mariadb", (11, 4, 2), True, True),
    ],
)
def test_versions_are_told_apart(text, flavour, number, windows, ends):
    version = Version.parse(text)
    assert (version.flavour, version.number) == (flavour, number)
    assert (version.has_window_functions, version.ends_statements) == (windows, ends)


@pytest.mark.parametrize("text", ["4.1.22", "", "PostgreSQL 16"])
def test_what_is_no_version_to_read_from_is_shown(text):
    with pytest.raises(SourceError, match="VERSION.. is .*allowed are MySQL and MariaDB from 5.0 on"):
        Version.parse(text)
