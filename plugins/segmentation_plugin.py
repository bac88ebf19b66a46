"""What Airflow itself must know: the page and where it shows, and the timetable of the fit."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from segmentation_airflow.schedules import EveryMonths


class SegmentationPlugin(AirflowPlugin):
    """Registered by being here."""

    name = "segmentation"
    timetables: ClassVar = [EveryMonths]
    external_views: ClassVar = [
        {
            "name": "Segmentation",
            "href": "/segmentation/",
            "destination": "nav",
            "category": "browse",
            "url_route": "segmentation",
        },
        {
            "name": "Segments",
            "href": "/segmentation/dags/{DAG_ID}",
            "destination": "dag",
            "url_route": "segments",
        },
        {
            "name": "Report",
            "href": "/segmentation/dags/{DAG_ID}/runs/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "report",
        },
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, object]]:
        """Only the API server asks, so no other process pays for what the page imports."""
        from segmentation_airflow.page import ROOT, app

        return [{"app": app, "url_prefix": ROOT, "name": "segmentation"}]
