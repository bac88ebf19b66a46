"""What the DAGs and the command line share."""
