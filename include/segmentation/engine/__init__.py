"""The one door to SQL: everything that runs SQL opens an engine here.

Engines run SQL in DuckDB's dialect over Arrow tables and Parquet files and return Arrow. A new engine is one module
with a subclass of `Engine` and one line in `ENGINES`.
"""

from importlib import import_module

from include.segmentation.engine.engine import Engine

ENGINES = {"duckdb": "include.segmentation.engine.duckdb_engine:DuckDBEngine"}
"""Kind of engine -> module and class, imported when it is opened."""

DEFAULT_ENGINE = "duckdb"


def open_engine(kind: str | None = None, *, time_zone: str | None = None, threads: int | None = None) -> Engine:
    """Open an empty engine. Use it as a context manager to close it.

    Args:
        kind: a key of `ENGINES`; the default engine where absent.
        time_zone: an IANA name that the engine computes dates in; the machine's where absent.
        threads: how many threads it may use. One thread adds floats in the same order every time.
    """
    module, _, name = ENGINES[kind or DEFAULT_ENGINE].partition(":")
    engine: Engine = getattr(import_module(module), name)(time_zone=time_zone, threads=threads)
    return engine
