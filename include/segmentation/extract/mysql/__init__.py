"""MySQL and MariaDB, 5.0 to today: keyset pages of tables and queries into change logs."""
