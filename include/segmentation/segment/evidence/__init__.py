"""Evidence for a number of clusters, and what it is compared with."""
