"""A row on its way: how the server writes it, and what the lake makes of it."""
