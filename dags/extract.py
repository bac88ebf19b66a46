"""``<profile>__extract``: every day, pull new rows into the lake and validate them."""

from typing import Any

from airflow.sdk import DAG, TaskGroup

from segmentation_airflow.operators import DEFAULT_ARGS, SettleOperator, StageOperator, ValidateOperator, make_asset
from segmentation_airflow.schedules import load_dag_profiles, make_dag_arguments

DOC = """
### {title}: extract
Every day after midnight ({zone}), once the longest lag has passed, each extract pulls the new rows of its source into
an append-only change log in the lake. Then the new rows are validated; rows that fail go into quarantine.

**Writes** the lake's {extracts}.

**Repeat and backfill:** an extract continues from its own cursor. So a cleared or repeated run changes nothing, and one
run catches up after any pause. `airflow backfill create --dag-id {dag_id} --from-date D --to-date D` runs given
intervals.

**Needs** one Airflow pool per source, named after its connection: {pools}.
"""

for profile in load_dag_profiles():
    with DAG(
        dag_id=f"{profile.profile}__extract",
        **make_dag_arguments(profile, "daily"),
        default_args=DEFAULT_ARGS,
        doc_md=DOC.format(
            title=profile.title,
            zone=profile.time_zone,
            dag_id=f"{profile.profile}__extract",
            extracts=", ".join(f"`{name}`" for name in profile.extracts),
            pools=", ".join(f"`{source.connection}`" for source in profile.sources.values()),
        ),
    ) as dag:
        common: dict[str, Any] = {"profile": profile.profile, "cadence": "daily", "purpose": "extract"}
        lag = max(declared.settling_time for declared in profile.extracts.values())
        settle = SettleOperator(task_id="settle", lag=lag)
        with TaskGroup("extract") as extract:
            for name, declared in profile.extracts.items():
                StageOperator(
                    task_id=name,
                    stage="extract",
                    target=name,
                    pool=profile.sources[declared.source].connection,
                    outlets=[make_asset(profile.profile, "lake", name)],
                    **common,
                )
        with TaskGroup("validate") as validate:
            ValidateOperator(task_id="new_rows", stage="validate", **common)
        settle >> extract >> validate
    globals()[dag.dag_id] = dag
