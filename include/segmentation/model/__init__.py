"""The frozen model of a macro segment, and the timeline of models."""
