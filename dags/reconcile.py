"""``<profile>__reconcile``: every week, compare the lake with its MySQL sources and tidy its change logs."""

from typing import Any

from airflow.sdk import DAG, TaskGroup

from segmentation_airflow.operators import DEFAULT_ARGS, MaintainOperator, ReconcileOperator, WaitOperator, make_asset
from segmentation_airflow.schedules import load_dag_profiles, make_dag_arguments

DOC = """
### {title}: reconcile
A pull sees only the rows that its cursor shows. So this DAG compares each MySQL extract with its source ({cadence},
after the extraction of the last day has ended). It finds deleted rows, and rows that were changed or added without a
newer cursor. It compares checksums and fetches only the rows that differ. Then it compacts the change logs.

**Writes** corrections into the lake's {extracts}. The next extraction validates them and the next runs measure them.
Each task's log ends with a table of the corrections.

**Repeat and backfill:** it always compares the current lake with the current source, so one run makes up for all missed
runs, and a second one finds nothing. It waits up to 10 minutes for a pull of the same extract, and a pull waits as long
for it; after that the task that waits is retried.

**Needs** one Airflow pool per source, named after its connection: {pools}.
"""

for profile in load_dag_profiles():
    reconciled = [name for name, declared in profile.extracts.items() if declared.can_be_reconciled]
    pools = {name: profile.sources[profile.extracts[name].source].connection for name in reconciled}
    with DAG(
        dag_id=f"{profile.profile}__reconcile",
        **make_dag_arguments(profile, profile.schedule.reconcile),
        default_args=DEFAULT_ARGS,
        doc_md=DOC.format(
            title=profile.title,
            cadence=profile.schedule.reconcile,
            extracts=", ".join(f"`{name}`" for name in reconciled) or "nothing: no extract can be reconciled",
            pools=", ".join(f"`{pool}`" for pool in sorted(set(pools.values()))) or "none",
        ),
    ) as dag:
        common: dict[str, Any] = {"profile": profile.profile, "cadence": profile.schedule.reconcile}
        wait = WaitOperator(task_id="wait", models=False, **common)
        with TaskGroup("extract") as extract:
            maintain = MaintainOperator(task_id="maintain", **common)
            for name, pool in pools.items():
                reconcile = ReconcileOperator(
                    task_id=f"reconcile_{name}",
                    stage="reconcile",
                    purpose="reconcile",
                    target=name,
                    pool=pool,
                    outlets=[make_asset(profile.profile, "lake", name)],
                    **common,
                )
                reconcile >> maintain
        wait >> extract
    globals()[dag.dag_id] = dag
