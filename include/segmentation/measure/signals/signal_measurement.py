"""The signals of a run: all landmarks and labels, in one table."""

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from include.segmentation.artifacts import MeasureArtifacts, SignalSummary
from include.segmentation.engine.engine import Engine
from include.segmentation.measure.measured_customers import load_customers
from include.segmentation.measure.signals.label_study import KpiFinding, study_label
from include.segmentation.measure.signals.landmarks import (
    COHORT,
    collect_landmark,
    list_explaining_kpis,
    name_after_column,
    name_before_column,
)
from include.segmentation.measure.signals.rule_lift import compute_false_discovery_rates
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.signals import Signals
from include.segmentation.run import Run

_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("label", "kpi", "outcome", "rule", "direction")),
        *((name, pa.int64()) for name in ("landmark", "horizon", "learned_from", "learned_labelled", "customers")),
        *((name, pa.int64()) for name in ("labelled", "taken", "taken_labelled")),
        ("holdout_from", pa.date32()),
        *((name, pa.float64()) for name in ("lift", "lift_low", "lift_high", "p", "q", "precision", "recall")),
    ]
)


def measure_signals(run: Run, connection: Engine, signals: Signals) -> SignalSummary:
    """Measure what precedes each label.

    Writes one table with a row per label, landmark and KPI, and for each landmark the customers it comes from.

    Raises:
        ProfileError: the SQL is wrong or does not return what the profile declares.
        DataError: the data contradict the profile, or the population has not been measured.
    """
    load_customers(run, connection)
    artifacts = MeasureArtifacts(run)
    rows: list[dict[str, Any]] = []
    followed = {}
    for landmark in signals.landmarks:
        customers = collect_landmark(run, connection, signals, landmark)
        artifacts.locate_landmark(landmark).write_table(customers)
        followed[f"{landmark}d"] = customers.num_rows
        for label in signals.labels:
            findings = _study_landmark(run.profile, customers, label, signals.holdout)
            about: dict[str, Any] = {"label": label, "landmark": landmark, "horizon": signals.horizon}
            rows += [about | asdict(finding) for finding in findings]
    tested = [row for row in rows if row["p"] is not None]
    for row, q in zip(tested, compute_false_discovery_rates([row["p"] for row in tested]), strict=True):
        row["q"] = q
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    return SignalSummary(
        customers=followed,
        rows=table.num_rows,
        outcomes=dict(sorted(Counter(table["outcome"].to_pylist()).items())),
        path=artifacts.locate_signals().write_table(table),
    )


def _study_landmark(profile: Profile, customers: pa.Table, label: str, holdout: float) -> list[KpiFinding]:
    """Study one label at one landmark."""
    kpis = list_explaining_kpis(profile)
    values = np.column_stack([customers[name].to_numpy() for name in kpis])  # NULL as NaN
    cohorts, had, got = (
        customers[name].to_numpy() for name in (COHORT, name_before_column(label), name_after_column(label))
    )
    return study_label(cohorts, values, had, got, kpis, holdout)
