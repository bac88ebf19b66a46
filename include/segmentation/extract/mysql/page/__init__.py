"""Pages: short statements, each going on behind the last row of the one before."""
