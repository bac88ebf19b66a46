"""Clustering algorithms for weighted vectors."""
