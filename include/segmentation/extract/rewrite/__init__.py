"""Understand extract queries, and write their equivalents for old MySQL servers and for DuckDB."""
