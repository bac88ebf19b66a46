"""The PostgreSQL schema of a profile: the connection, the published tables, their loading."""
