"""Google Analytics 4: reports, day by day, into change logs."""
