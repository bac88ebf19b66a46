"""What the DAGs are made of: the schedule, the stage operator, the wait, the notifier, the page in Airflow's UI."""
