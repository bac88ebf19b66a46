"""Check all profiles: Airflow shows their mistakes as this file's import error, and other profiles keep their DAGs."""

from segmentation_airflow.schedules import check_profiles

check_profiles()
