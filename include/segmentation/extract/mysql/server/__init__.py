"""A MySQL or MariaDB server: login, connections, and limits on its load."""
