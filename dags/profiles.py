"""No DAG: a profile that is wrong shows as this file's import error in Airflow, and costs no other profile its DAGs."""

from segmentation_airflow.schedules import check_profiles

check_profiles()
