"""The plugin that Airflow loads: the pages, where they show, and the timetable of the fit.

Addresses are relative: Airflow's UI resolves them below its own base URL, which may have a path.
"""

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from segmentation_airflow.schedules import EveryMonths


class SegmentationPlugin(AirflowPlugin):
    """Airflow finds this class by its base class."""

    name = "segmentation"
    timetables: list[Any] = [EveryMonths]  # noqa: RUF012 - Airflow declares it so
    external_views: list[Any] = [  # noqa: RUF012
        {
            "name": "Segmentation",
            "href": "segmentation/",
            "destination": "nav",
            "category": "browse",
            "url_route": "segmentation",
        },
        {
            "name": "Segments",
            "href": "segmentation/dags/{DAG_ID}",
            "destination": "dag",
            "url_route": "segments",
        },
        {
            "name": "Report",
            "href": "segmentation/dags/{DAG_ID}/runs/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "report",
        },
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, object]]:  # type: ignore[override]
        """Import the pages only when Airflow's API server asks; other processes are spared the import."""
        from segmentation_airflow.ui_pages import URL_PREFIX, app

        return [{"app": app, "url_prefix": URL_PREFIX, "name": "segmentation"}]
