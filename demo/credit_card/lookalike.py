"""Generated card holders with the distributions of the original columns and about the same correlations.

``shape.csv`` contains each column's share of zeros and the quantiles of the other values. ``together.csv`` contains
the correlations of the columns' normal scores. Holders are drawn from a Gaussian copula of the two and then made
plausible: one-off and installment purchases add up to all purchases, months are whole numbers, and holders who paid
nothing have no minimum payment.
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import ndtr

from demo.credit_card.holders import make_holder_table

HOLDERS = 8_950
SEED = 20_180_131
_LACKS_MINIMUM = 0.0084
_HERE = Path(__file__).parent

Floats = NDArray[np.float64]


def generate_holders(size: int = HOLDERS, seed: int = SEED) -> pa.Table:
    """Generate ``size`` holders as rows of table ``card_holders``."""
    draw = np.random.default_rng(seed)
    columns = _make_plausible(_draw_columns(draw, size))
    unknown = (columns["payments"] == 0) | (draw.random(size) < _LACKS_MINIMUM)
    masks = {"minimum_payments": unknown, "credit_limit": np.arange(size) == size // 2}
    figures = {name: pa.array(values, mask=masks.get(name)) for name, values in columns.items()}
    return make_holder_table(pa.array([f"C{10_001 + number}" for number in range(size)]), figures)


def _draw_columns(draw: np.random.Generator, size: int) -> dict[str, Floats]:
    """Draw every column from its own distribution, correlated as in the original."""
    names, correlations = _read_correlations()
    scores = draw.standard_normal((size, len(names))) @ np.linalg.cholesky(correlations).T
    return {name: _map_to_quantiles(ndtr(scores[:, place]), *_read_shape()[name]) for place, name in enumerate(names)}


def _map_to_quantiles(places: Floats, zeros: float, shares: Floats, quantiles: Floats) -> Floats:
    above = (places - zeros) / (1 - zeros)
    return np.where(above < 0, 0.0, np.interp(above, shares, quantiles))


def _make_plausible(raw: dict[str, Floats]) -> dict[str, Floats]:
    """Make the figures consistent: money in cents, whole months, and no months of purchases without purchases."""
    tenure = np.round(raw["tenure"])
    months = {
        kind: _count_months(raw[kind], raw[share], tenure)
        for kind, share in {
            "oneoff_purchases": "oneoff_purchases_frequency",
            "installments_purchases": "purchases_installments_frequency",
            "cash_advance": "cash_advance_frequency",
        }.items()
    }
    once, parts, cash = months.values()
    purchases = raw["oneoff_purchases"] + raw["installments_purchases"]
    buying = np.clip(np.round(raw["purchases_frequency"] * tenure), np.maximum(once, parts), once + parts)
    buying = np.minimum(buying, tenure)
    return {
        "balance": np.round(raw["balance"], 2),
        "purchases": np.round(raw["oneoff_purchases"], 2) + np.round(raw["installments_purchases"], 2),
        "oneoff_purchases": np.round(raw["oneoff_purchases"], 2),
        "installments_purchases": np.round(raw["installments_purchases"], 2),
        "cash_advance": np.round(raw["cash_advance"], 2),
        "credit_limit": np.round(raw["credit_limit"], -2),
        "payments": np.round(raw["payments"], 2),
        "minimum_payments": np.round(raw["minimum_payments"], 2),
        "balance_frequency": np.round(raw["balance_frequency"] * tenure) / tenure,
        "purchases_frequency": buying / tenure,
        "oneoff_purchases_frequency": once / tenure,
        "purchases_installments_frequency": parts / tenure,
        "cash_advance_frequency": cash / tenure,
        "prc_full_payment": np.round(raw["prc_full_payment"] * tenure) / tenure,
        "cash_advance_trx": np.where(cash > 0, np.maximum(np.round(raw["cash_advance_trx"]), cash), 0.0),
        "purchases_trx": np.where(purchases > 0, np.maximum(np.round(raw["purchases_trx"]), buying), 0.0),
        "tenure": tenure,
    }


def _count_months(money: Floats, share: Floats, tenure: Floats) -> Floats:
    """Count whole months with such a movement: none without money, otherwise at least one."""
    return np.where(money > 0, np.clip(np.round(share * tenure), 1, tenure), 0.0)


@cache
def _read_shape() -> dict[str, tuple[float, Floats, Floats]]:
    """Read, by column, the share of zeros and the quantiles of the other values."""
    with (_HERE / "shape.csv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    shares = np.array([float(name.removeprefix("q")) for name in header[2:]])
    return {name: (float(zeros), shares, np.array(values, float)) for name, zeros, *values in rows}


@cache
def _read_correlations() -> tuple[list[str], Floats]:
    with (_HERE / "together.csv").open(encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header[1:], np.array([row[1:] for row in rows], float)
