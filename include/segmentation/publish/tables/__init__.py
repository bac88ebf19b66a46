"""The published tables, one module each. A new module is a new table."""
