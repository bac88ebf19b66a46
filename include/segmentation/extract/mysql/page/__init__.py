"""Pages: short statements, each of which continues after the last row of the page before."""
