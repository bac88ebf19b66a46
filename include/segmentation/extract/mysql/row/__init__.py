"""Rows: how the server writes them, and how they are parsed into the types of the lake."""
