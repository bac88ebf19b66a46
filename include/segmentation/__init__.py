"""Customer segmentation: extract -> validate -> measure -> segment -> publish -> report.

Nothing below this package imports Airflow: the same functions serve the DAG tasks and
``python -m include.segmentation``.
"""

__version__ = "0.1.0"
