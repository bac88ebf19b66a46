"""Extract queries understood: what MySQL makes of them, and their equivalents for old servers and for DuckDB."""
