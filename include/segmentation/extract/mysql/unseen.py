"""Which of the rows that were read again does a change log not hold yet?"""

import pyarrow as pa

from include.segmentation.changelog import DELETED, SEQ
from include.segmentation.lake import Lake
from include.segmentation.parquet import quoted
from include.segmentation.sources import QueryExtract, TableExtract


def unseen(lake: Lake, extract: str, declared: TableExtract | QueryExtract, rows: pa.Table) -> pa.Table:
    """Leave out of a page what is already in the log.

    Returns:
        In ``append`` mode the rows whose key is not in the log; in ``merge`` mode those that differ from the newest
        version of their key. In the order they came in.
    """
    if not rows.num_rows or lake.log(extract).table() is None:
        return rows
    key = ", ".join(quoted(column) for column in declared.primary_key)
    compared = declared.primary_key if declared.mode == "append" else rows.column_names
    same = " AND ".join(f"page.{quoted(name)} IS NOT DISTINCT FROM held.{quoted(name)}" for name in compared)
    with lake.engine() as engine:
        engine.register("page", rows.append_column("_row", pa.array(range(rows.num_rows), pa.int64())))
        lake.view_log(engine, extract)
        new = engine.execute(
            f"""
            WITH held AS (
                SELECT * FROM {quoted(extract)} SEMI JOIN page USING ({key})
                QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {SEQ} DESC) = 1
            )
            SELECT _row FROM page ANTI JOIN held ON {same} AND NOT held.{DELETED} ORDER BY _row
            """
        ).to_arrow_table()
    return rows.take(new["_row"])
