"""What the report asks the warehouse."""
