"""The rows of table ``card_holders``, read or generated."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

TAKEN_AT = datetime(2018, 1, 31)
"""The snapshot date that the demo assumes; the file contains no date."""

MONEY = ("balance", "purchases", "oneoff_purchases", "installments_purchases", "cash_advance", "credit_limit",
         "payments", "minimum_payments")  # fmt: skip
SHARES = ("balance_frequency", "purchases_frequency", "oneoff_purchases_frequency", "purchases_installments_frequency",
          "cash_advance_frequency", "prc_full_payment")  # fmt: skip
NUMBERS = ("cash_advance_trx", "purchases_trx", "tenure")
MAY_LACK = ("credit_limit", "minimum_payments")
_DECIMALS = {"money": pa.decimal128(14, 6), "share": pa.decimal128(9, 6)}


def make_holder_table(ids: pa.Array | pa.ChunkedArray, figures: Mapping[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    """Build the table, ordered by primary key.

    Args:
        ids: the card holders' ids as text.
        figures: float64 values by column of the table; rounded to six decimals, like the original.
    """
    columns = {"taken_at": pa.array([TAKEN_AT] * len(ids), pa.timestamp("s")), "cust_id": ids}
    columns |= {name: _convert_to_decimal(figures[name], _DECIMALS["money"]) for name in MONEY}
    columns |= {name: _convert_to_decimal(figures[name], _DECIMALS["share"]) for name in SHARES}
    columns |= {name: pc.cast(figures[name], pa.int64()) for name in NUMBERS}
    return pa.table(columns).sort_by("cust_id")


def _convert_to_decimal(column: pa.Array | pa.ChunkedArray, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return pc.cast(pc.round(column, 6), kind)
