"""Build a warehouse by hand: the published tables, with the rows of a few small runs."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Self

import psycopg
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from include.segmentation.profile.profile import Profile
from include.segmentation.publish import tables
from include.segmentation.run import Run, parse_as_of
from include.segmentation.warehouse.published_table import discover_tables

_COPIED = {"label", "definition", "unit", "resolution", "rule_only", "undefined_when"}


@dataclass
class WarehouseBuilder:
    """One profile's warehouse, which tests fill by hand."""

    profile: Profile
    url: str

    def __post_init__(self) -> None:
        self._schema = Identifier(self.profile.warehouse.schema_name)
        self.connection = psycopg.connect(self.url, autocommit=True)
        self.connection.execute(SQL("SET search_path TO {}, public").format(self._schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()

    def create_tables(self) -> None:
        self.connection.execute(SQL("CREATE SCHEMA {}").format(self._schema))
        self.connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public")
        for table in discover_tables(tables):
            self.connection.execute(table.write_ddl())

    def run(self, as_of: str) -> Run:
        return Run(self.profile, "monthly", parse_as_of(as_of, self.profile))

    def put(self, table: str, **row: Any) -> None:
        """Insert one row; a dict or list becomes jsonb."""
        values = {name: Jsonb(value) if isinstance(value, (dict, list)) else value for name, value in row.items()}
        statement = SQL("INSERT INTO {} ({}) VALUES ({})").format(
            Identifier(table), SQL(", ").join(map(Identifier, values)), SQL(", ").join(map(Placeholder, values))
        )
        self.connection.execute(statement, values)

    def change(self, statement: str) -> None:
        self.connection.execute(statement)

    def publish(self, run: Run, customers: int, models: dict[str, str], **more: Any) -> None:
        """The run's own row."""
        kpis = {
            name: kpi.model_dump(include=_COPIED) | {"window": str(kpi.window), "macro_segment": macro}
            for macro, declared in self.profile.macro_segments.items()
            for name, kpi in declared.kpis.items()
        }
        gate = {"name": "populations_reconcile", "verdict": "pass", "found": f"{customers} in the population"}
        row = {
            "run_id": run.run_id,
            "profile": run.profile.profile,
            "cadence": run.cadence,
            "as_of": run.as_of,
            "is_primary": run.is_primary,
            "status": "published",
            "look_ahead": False,
            "customers": customers,
            "unknown_rows": 12345,
            "quarantined": 67,
            "complete_through": dict.fromkeys(self.profile.extracts, "2025-06-01T01:02:03+00:00"),
            "models": models,
            "kpis": kpis,
            "gates": [gate | {"macro_segment": macro} for macro in models],
            "versions": {"code": "0.1.0", "duckdb": "1.5.6"},
            "started_at": datetime(2025, 6, 1, tzinfo=UTC),
            "finished_at": datetime(2025, 6, 1, tzinfo=UTC),
            "seconds": 0.5,
        }
        self.put("segmentation_run", **row | more)

    def model(self, macro: str, model_id: str, cuts: list[dict[str, Any]]) -> None:
        """A model; of its JSON only what became of each stratum."""
        row = {"decided_by": "the first fit", "decided_at": datetime(2025, 2, 1, tzinfo=UTC), "customers": 1000}
        row |= {"effective_from": datetime(2025, 2, 1, tzinfo=UTC), "status": "accepted", "model": {"strata": cuts}}
        self.put("dim_model", model_id=model_id, macro_segment=macro, segments=4, **row)

    def trial(
        self, macro: str, model_id: str, stratum: str, k: int, algorithm: str = "kmeans", **metrics: float
    ) -> None:
        """The evidence for one k."""
        where = {"model_id": model_id, "macro_segment": macro, "stratum": stratum, "algorithm": algorithm, "k": k}
        for metric, value in metrics.items():
            self.put("fct_model_quality", **where, metric=metric, value=value)

    def segment(self, macro: str, key: str, name: str, stratum: str, **more: Any) -> None:
        row = {
            "segment_key": key,
            "valid_from": datetime(2025, 2, 1, tzinfo=UTC),
            "is_current": True,
            "macro_segment": macro,
            "stratum": stratum,
            "stratum_label": stratum.title(),
            "path": f"{macro}.{stratum}.01",
            "name": name,
            "description": "made by hand",
            "rule_sql": "true",
            "rule_words": f"whoever is {stratum}",
            "fidelity": 1.0,
            "recommended_action": "Write to them.",
            "owner": "marketing",
            "model_id": f"{macro}-m1",
        }
        self.put("dim_segment", **row | more)

    def size(
        self,
        run: Run,
        macro: str,
        key: str,
        customers: int,
        of: int,
        entered: int | None = None,
        left: int | None = None,
        parent_key: str | None = None,
    ) -> None:
        where = {"cadence": run.cadence, "as_of": run.as_of, "macro_segment": macro, "segment_key": key}
        row = {"model_id": f"{macro}-m1", "customers": customers, "share": customers / of, "run_id": run.run_id}
        row |= {"parent_key": parent_key, "suppressed": customers < 10}
        self.put("fct_segment_size", **where, **row, entered=entered, left=left)

    def spread(
        self, run: Run, macro: str, key: str, kpi: str, quartiles: tuple[float, float, float] | None, band: str = ""
    ) -> None:
        """A KPI's p25, p50 and p75; None where it is undefined or suppressed."""
        where = {"cadence": run.cadence, "as_of": run.as_of, "macro_segment": macro, "segment_key": key, "kpi": kpi}
        values = dict(zip(("p25", "p50", "p75"), quartiles, strict=True)) if quartiles else {}
        self.put("fct_segment_profile", **where, customers=1, **values, band=band or None)

    def move(
        self, run: Run, before: Run, macro: str, from_key: str, to_key: str, customers: int, of: int, **why: int
    ) -> None:
        where = {"cadence": run.cadence, "as_of": run.as_of, "macro_segment": macro, "previous_as_of": before.as_of}
        ends = {"from_key": from_key, "to_key": to_key}
        self.put("fct_segment_migration", **where, **ends, customers=customers, share=customers / of, **why)

    def customer(self, run: Run, customer_id: str, segments: dict[str, str], **kpis: float | None) -> None:
        """A customer in a segment of each macro segment, with KPIs."""
        where = {"cadence": run.cadence, "as_of": run.as_of, "customer_id": customer_id}
        for macro, key in segments.items():
            self.put("fct_segment_label", **where, macro_segment=macro, stratum="any", segment_key=key)
        for kpi in kpis:
            column = SQL("ALTER TABLE fct_customer_kpi ADD COLUMN IF NOT EXISTS {} decimal(18, 2)")
            self.connection.execute(column.format(Identifier(kpi)))
        self.put("fct_customer_kpi", **where, age_days=30, **kpis)

    def cohort(
        self, run: Run, macro: str, month: int, key: str, kpi: str, learners: int, of: int, ends: tuple[float, float]
    ) -> None:
        where = {"macro_segment": macro, "cohort": date(2025, 1, 1), "month": month, "segment_key": key, "kpi": kpi}
        row = {"customers": learners, "share": learners / of, "model_id": f"{macro}-m1", "as_of": run.as_of}
        if learners >= 10:
            row |= {"min": ends[0], "p25": ends[0], "p50": ends[0], "p75": ends[1], "max": ends[1]}
        self.put("fct_cohort_segment", **where, **row)
