"""The change log's own columns, beside those of the extract."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

SEQ, OBSERVED_AT, DELETED = "_seq", "_observed_at", "_deleted"
BATCH = "_batch"
"""Only in logs that are written in batches: the number of the batch. The highest number of a batch's key counts."""
CRC_COLUMN, ZERO_DATES, UNREADABLE = "_crc", "_zero_dates", "_unreadable"
"""Only from MySQL: the server's checksum of a row; a JSON object of column -> text for invalid dates that were read as
NULL; and another one for values that could not be read (validate holds such rows in quarantine)."""
LOG_COLUMNS = (SEQ, OBSERVED_AT, DELETED, CRC_COLUMN, ZERO_DATES, UNREADABLE)

_TIMESTAMP = pa.timestamp("us", "UTC")


def number_rows(rows: pa.Table, first: int, deleted: bool | list[bool]) -> pa.Table:
    """Add the log's own columns to rows."""
    count = rows.num_rows
    now = np.datetime64(datetime.now(UTC).replace(tzinfo=None), "us").astype(np.int64)
    flags = np.packbits(np.broadcast_to(np.array(deleted, bool), count), bitorder="little")
    for name, kind, data in [
        (SEQ, pa.int64(), np.arange(first, first + count)),
        (OBSERVED_AT, _TIMESTAMP, np.full(count, now)),
        (DELETED, pa.bool_(), flags),
    ]:
        # pa.array would import pandas first, which costs half a second and 50 MB.
        rows = rows.append_column(name, pa.Array.from_buffers(kind, count, [None, pa.py_buffer(data)]))
    return rows
