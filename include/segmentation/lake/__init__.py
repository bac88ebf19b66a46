"""The lake: change logs, and the views that the stages read."""
