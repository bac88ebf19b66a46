"""What the report reads from the warehouse."""
