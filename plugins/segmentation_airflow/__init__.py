"""What the DAGs are made of: schedules, operators, the wait for data, notifiers, and the pages in Airflow's UI."""
