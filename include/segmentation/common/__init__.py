"""Helpers that several rooms share, each with one meaning."""
