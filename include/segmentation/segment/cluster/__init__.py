"""Algorithms that cut weighted vectors into clusters."""
