"""Read a table into Parquet files with one tool, in a separate process.

Usage: python ways.py <way> <uri> <table> <folder>    (prints rows, seconds, memory and versions as JSON)

Every tool is used as its documentation shows first, with Zstandard if the tool supports it. The time covers reading and
writing but not imports. The script runs in the project's environment or in that of the peers, so it imports a tool only
when it runs that tool.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from benchmarks.machine import read_peak_mb

OURS, HOOK = "this project", "MySqlHook.get_df"
CURSORS = {"visits": ("visited_at", "visit_id", "append"), "orders": ("updated_at", "order_id", "merge")}
_KPI = {"label": "N", "definition": "N.", "unit": "n", "window": "lifetime", "rule_only": True}

Read = Callable[[], int]


def read_with_project(uri: str, table: str, folder: Path) -> Read:
    """Run an extract of a minimal profile."""
    from datetime import UTC, datetime

    import yaml

    cursor, key, mode = CURSORS[table.split("_")[0]]
    extract_of = {"kind": "table", "source": "shop", "table": table, "mode": mode, "cursor": cursor}
    profile = {
        "profile": "bench",
        "title": "Bench",
        "warehouse": {"connection": "none", "schema": "bench"},
        "schedule": {"start": "2025-01-01", "first_fit": "2025-02-01"},
        "sources": {"shop": {"kind": "mysql", "connection": "bench"}},
        "extracts": {table: extract_of | {"primary_key": [key]}},
        "macro_segments": {
            "everyone": {"label": "All", "kpis": {"n": _KPI}, "strata": [{"name": "a", "label": "A", "when": "true"}]}
        },
    }
    for name in ("population", "everyone"):
        file = folder / "profiles" / "sql" / "bench" / "measure" / f"{name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (folder / "profiles" / "bench.yaml").write_text(yaml.safe_dump(profile))
    os.environ |= {"AIRFLOW_CONN_BENCH": uri, "SEGMENTATION_LAKE": str(folder / "lake")}

    from include.segmentation.extract import extract
    from include.segmentation.profile.loader import load_profile
    from include.segmentation.run import Run

    run = Run(load_profile("bench", folder / "profiles"), "monthly", datetime(2025, 6, 1, tzinfo=UTC))
    return lambda: int(extract(run, table)["rows_read"])


def read_with_hook(uri: str, table: str, folder: Path) -> Read:
    """Read with Airflow's hook and pandas."""
    home = folder / "airflow"
    os.environ |= {"AIRFLOW_CONN_BENCH": f"{uri}?charset=utf8mb4", "AIRFLOW_HOME": str(home)}
    import pandas as pd  # noqa: F401 - otherwise the hook imports it during the measurement
    from airflow.providers.mysql.hooks.mysql import MySqlHook

    def read() -> int:
        frame = MySqlHook(mysql_conn_id="bench").get_df(f"SELECT * FROM {table}")
        frame.to_parquet(folder / f"{table}.parquet", compression="zstd", index=False)
        return len(frame)

    return read


def read_with_pandas(uri: str, table: str, folder: Path) -> Read:
    """Read with pandas, SQLAlchemy and mysqlclient."""
    import pandas as pd
    import sqlalchemy

    def read() -> int:
        engine = sqlalchemy.create_engine(uri.replace("mysql://", "mysql+mysqldb://") + "?charset=utf8mb4")
        frame = pd.read_sql(f"SELECT * FROM {table}", engine)
        frame.to_parquet(folder / f"{table}.parquet", compression="zstd", index=False)
        return len(frame)

    return read


def read_with_connectorx(uri: str, table: str, folder: Path) -> Read:
    """Read with connectorx into Arrow, on one connection."""
    import connectorx as cx
    import pyarrow.parquet as pq

    def read() -> int:
        rows = cx.read_sql(uri, f"SELECT * FROM {table}", return_type="arrow")
        pq.write_table(rows, folder / f"{table}.parquet", compression="zstd")
        return int(rows.num_rows)

    return read


def read_with_dlt(uri: str, table: str, folder: Path) -> Read:
    """Read with dlt's ``sql_database`` (default backend) into Parquet files of its ``filesystem``."""
    os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": str(folder / "dlt")}
    import dlt
    from dlt.sources.sql_database import sql_database

    def read() -> int:
        source = sql_database(uri.replace("mysql://", "mysql+mysqldb://") + "?charset=utf8mb4", table_names=[table])
        target = dlt.destinations.filesystem(bucket_url=f"file://{folder}/files")
        pipeline = dlt.pipeline("bench", destination=target, dataset_name="bench", pipelines_dir=f"{folder}/pipelines")
        pipeline.run(source, loader_file_format="parquet")
        return int(pipeline.last_trace.last_normalize_info.row_counts[table])

    return read


WAYS = {
    OURS: (read_with_project, ["deltalake", "mysqlclient", "pyarrow"]),
    HOOK: (read_with_hook, ["apache-airflow-providers-mysql", "pandas"]),
    "pandas.read_sql": (read_with_pandas, ["pandas", "SQLAlchemy", "mysqlclient"]),
    "connectorx": (read_with_connectorx, ["connectorx", "pyarrow"]),
    "dlt": (read_with_dlt, ["dlt", "SQLAlchemy"]),
}
"""Tool -> its preparing function and the packages whose versions are recorded."""


if __name__ == "__main__":
    way, uri, table, folder = sys.argv[1:]
    prepare, packages = WAYS[way]
    read = prepare(uri, table, Path(folder))
    start = time.perf_counter()
    rows = read()
    seconds = time.perf_counter() - start
    versions = {name: version(name) for name in packages}
    print(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": read_peak_mb(), "versions": versions}))
