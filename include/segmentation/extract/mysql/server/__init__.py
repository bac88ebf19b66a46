"""A MySQL or MariaDB server: logging in, asking it one thing at a time, and leaving it in peace."""
