"""What segments are called, and their rules as SQL and in words."""
