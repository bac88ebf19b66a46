"""A tiny shop: a profile, models made by hand and artifacts written as the stages before publish would."""

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pyarrow as pa

from include.segmentation.artifacts import LabelSummary, MeasureArtifacts, PopulationSummary, SegmentArtifacts
from include.segmentation.model.model import Evidence, Model, SegmentDefinition, StratumModel
from include.segmentation.model.timeline import record_decision
from include.segmentation.profile.profile import Profile
from include.segmentation.run import Run, parse_as_of

PROFILE: dict[str, Any] = {
    "profile": "shop",
    "title": "A shop",
    "time_zone": "Europe/Berlin",
    "warehouse": {"connection": "shop_warehouse", "schema": "shop"},
    "schedule": {"start": date(2024, 12, 1), "first_fit": date(2025, 1, 1), "primary_cadence": "monthly"},
    "sources": {"db": {"kind": "mysql", "connection": "shop_db"}},
    "extracts": {
        "orders": {
            **{"kind": "table", "source": "db", "table": "orders", "mode": "append"},
            **{"cursor": "ordered_at", "primary_key": ["order_id"]},
        }
    },
    "gates": {"row_counts": "warn"},  # the tests' crowds come and go
    "cohort_months": 2,
    "macro_segments": {
        "value": {
            "label": "Value",
            "kpis": {
                "purchases": {
                    **{"label": "Purchases", "definition": "Orders.", "unit": "orders", "window": "lifetime"},
                    **{"bands": [1, 3], "band_words": ["No", "Some", "Many"]},
                },
                "revenue": {
                    **{"label": "Revenue", "definition": "Paid.", "unit": "EUR", "window": "trailing 30d"},
                    **{"resolution": 0.01, "bands": [10, 100], "band_words": ["Low", "Medium", "High"]},
                },
            },
            "strata": [
                {"name": "never", "label": "Never bought", "when": "purchases = 0", "recommended_action": "Invite."},
                {
                    **{"name": "bought", "label": "Bought", "when": "purchases >= 1", "owner": "sales"},
                    "kpis": ["purchases", "revenue"],
                    "cluster": {"k": 2},
                },
            ],
        },
        "visiting": {
            "label": "Visiting",
            "kpis": {
                "visits": {
                    **{"label": "Visits", "definition": "Visits.", "unit": "visits", "window": "lifetime"},
                    "rule_only": True,
                },
                "visit_gap": {
                    **{"label": "Gap", "definition": "Days.", "unit": "days", "window": "lifetime", "resolution": 0.5},
                    **{"bands": [7], "band_words": ["Short", "Long"], "undefined_when": "visits = 0"},
                },
            },
            "strata": [
                {"name": "silent", "label": "Silent", "when": "visits = 0"},
                {"name": "visitor", "label": "Visitor", "when": "visits >= 1"},
            ],
        },
    },
}


@dataclass(frozen=True)
class Customer:
    """What the artifacts say of one customer at one as_of."""

    purchases: int = 0
    revenue: float = 0.0
    visits: int = 0
    visit_gap: float | None = None
    country: str | None = "DE"
    last_seen: datetime | None = None  # first_seen where None
    value: "Value | None" = None  # instead of what follows from the KPIs


@dataclass(frozen=True)
class Value:
    """A label of macro segment ``value`` in full."""

    segment_key: str
    raw_key: str
    margin: float | None = 0.5
    held_from: datetime | None = None
    remeasured_key: str | None = None
    previous_model_key: str | None = None


def strata(macro: str, renamed: dict[str, str]) -> list[StratumModel]:
    keys = {"value": {"never": ["v0"], "bought": ["v1", "v2"]}, "visiting": {"silent": ["w0"], "visitor": ["w1"]}}
    return [
        StratumModel(
            name=name,
            label=name.title(),
            when="true",
            segments=[
                SegmentDefinition(
                    key=key,
                    path=f"{macro}.{name}.{i:02}",
                    name=renamed.get(key, f'Segment "{key}", näher'),
                    description="made by hand",
                    prototypes=[],
                    bands=[],
                    rule_sql="true",
                    rule_words="everybody",
                    customers_at_fit=1,
                )
                for i, key in enumerate(found)
            ],
        )
        for name, found in keys[macro].items()
    ]


LABEL = {field.name: pa.string() for field in fields(Value)} | {
    **{"margin": pa.float64(), "held_from": pa.timestamp("us", "UTC")},
}


def label_of(macro: str, customer: Customer) -> tuple[str, Value]:
    """The stratum and the label."""
    if macro == "value":
        key = "v0" if customer.purchases == 0 else "v1" if customer.revenue < 100 else "v2"
        found = customer.value or Value(key, key, None if key == "v0" else 0.5)
        return "never" if found.segment_key == "v0" else "bought", found
    key = "w1" if customer.visits else "w0"
    return "visitor" if customer.visits else "silent", Value(key, key, None)


@dataclass
class Shop:
    """The shop's profile and warehouse, and hands that write what the other stages would."""

    profile: Profile
    url: str
    registered: dict[str, datetime] = field(default_factory=dict)

    def run(self, as_of: str, cadence: str = "monthly") -> Run:
        return Run(self.profile, cadence, parse_as_of(as_of, self.profile))

    def accept(self, effective_from: str, model: str = "m1", **renamed: str) -> None:
        run = self.run(effective_from)
        evidence = Evidence(stratum="bought", algorithm="kmeans", k=2, metric="jaccard", value=0.9, standard_error=None)
        for macro in self.profile.macro_segments:
            made = Model(
                model_id=f"{macro}-{model}",
                profile="shop",
                macro_segment=macro,
                effective_from=run.as_of,
                seed=1,
                customers=1,
                strata=strata(macro, renamed),
                evidence=[evidence],
            )
            record_decision(run.lake, made, "accepted", "a test")

    def leave(
        self,
        run: Run,
        customers: dict[str, Customer],
        model: str = "m1",
        look_ahead: bool = False,
        follows: tuple[Run, str] | None = None,
    ) -> None:
        """Write the artifacts of measure and segment; ``follows`` is the run they were compared with, and its model."""
        for name in customers:
            self.registered.setdefault(
                name, datetime(2024, 12, 1, tzinfo=UTC) + timedelta(minutes=len(self.registered))
            )
        ids = pa.array(customers, pa.string())
        ages = pa.array([(run.as_of - self.registered[name]).days for name in customers], pa.int64())
        first_seen = pa.array([self.registered[name] for name in customers], pa.timestamp("us", "UTC"))
        last_seen = pa.array([c.last_seen or self.registered[name] for name, c in customers.items()], first_seen.type)
        population = {"customer_id": ids, "first_seen": first_seen, "last_seen": last_seen, "age_days": ages}
        population |= {
            "country": pa.array([c.country for c in customers.values()], pa.string()),
            "email_consent": pa.array([1 for _ in customers], pa.int64()),
        }
        measured, labels = MeasureArtifacts(run), SegmentArtifacts(run)
        path = measured.locate_population().write_table(pa.table(population))
        PopulationSummary(
            customers=len(customers),
            unknown_rows=7,
            attributes=["country", "email_consent"],
            customer_id_type="VARCHAR",
            path=path,
        ).write_to(run)
        for macro, declared in self.profile.macro_segments.items():
            kpis = {"customer_id": ids, "age_days": ages}
            for kpi in declared.kpis:
                kpis[kpi] = pa.array([getattr(c, kpi, None) for c in customers.values()], pa.float64())
            found = [label_of(macro, customer) for customer in customers.values()]
            labelled = {"customer_id": ids, "stratum": pa.array([stratum for stratum, _ in found], pa.string())}
            labelled |= {name: pa.array([getattr(v, name) for _, v in found], kind) for name, kind in LABEL.items()}
            for name in ("micro_key", "scores", "cell"):
                labelled[name] = pa.nulls(len(found), pa.string())
            months = {
                "cohort": pa.array([date(2024, 12, 1)] * len(customers), pa.date32()),
                "month": pa.array([1] * len(customers), pa.int64()),
            }
            cohort = {name: labelled[name] for name in ("customer_id", "stratum", "segment_key")}
            measured.locate_cohort_kpis(macro).write_table(pa.table(months | kpis))
            labels.locate_cohort_labels(macro).write_table(pa.table(months | cohort))
            measured.locate_kpis(macro).write_table(pa.table(kpis))
            labels.locate_labels(macro).write_table(pa.table(labelled))
            LabelSummary(
                model_id=f"{macro}-{model}",
                look_ahead=look_ahead,
                fingerprint="1",
                on_grid=0,
                follows={"run_id": follows[0].run_id, "model_id": f"{macro}-{follows[1]}"} if follows else {},
            ).write_to(run, macro)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, options="-c search_path=shop,public -c timezone=UTC") as connection:
            return connection.execute(query, parameters).fetchall()

    def empty(self) -> None:
        """Remove the schema and the extension."""
        with psycopg.connect(self.url) as connection:
            connection.execute("DROP SCHEMA shop CASCADE")
            connection.execute("DROP EXTENSION btree_gist")

    def forget_version(self) -> None:
        """Turn the warehouse into one of the time before migrations."""
        with psycopg.connect(self.url) as connection:
            connection.execute("DROP TABLE shop.alembic_version")
            connection.execute("ALTER TABLE shop.fct_cohort_segment RENAME COLUMN customers TO learners")

    def tables(self) -> dict[str, list[str]]:
        """Every published table's rows as sorted text, without what says when it was published and checked."""
        query = (
            "SELECT tablename FROM pg_tables WHERE schemaname = 'shop' "
            "AND tablename NOT IN ('segmentation_check', 'alembic_version') ORDER BY 1"
        )
        names = [name for (name,) in self.rows(query)]
        when = "- 'started_at' - 'finished_at' - 'seconds' - 'gates'"
        return {
            name: [row for (row,) in self.rows(f"SELECT (to_jsonb(t) {when})::text FROM {name} AS t ORDER BY 1")]
            for name in names
        }
