"""``<profile>__reconcile``: every week, compare the lake with its MySQL sources and tidy its change logs."""

from airflow.sdk import DAG, TaskGroup

from segmentation_airflow.operators import DEFAULT_ARGS, MaintainOperator, ReconcileOperator, WaitOperator, make_asset
from segmentation_airflow.schedules import load_dag_profiles, make_schedule

DOC = """
### {title}: reconcile
Pulls see what their cursors show. So once a {cadence} interval, after the extraction of its last day has ended, each
MySQL extract is compared with its source: deleted rows, rows that changed or came without their cursor's saying so. By
checksums, only what differs is fetched. Then the change logs are tidied: small files folded, the past removed.

**Writes** corrections into the lake's {extracts}; the next extraction validates them, the next runs measure them. Each
task's log ends with a table of what was found.

**Again, or for the past:** it always compares the lake as it is with the source as it is, so one run replaces all that
were missed, and a second one finds nothing. It waits for a pull of the same extract, and a pull for it, up to 10
minutes; then the later one is tried again.

**Needs** one Airflow pool per source, named after its connection: {pools}.
"""

for profile in load_dag_profiles():
    reconciled = [name for name, declared in profile.extracts.items() if declared.can_be_reconciled]
    pools = {name: profile.sources[profile.extracts[name].source].connection for name in reconciled}
    with DAG(
        dag_id=f"{profile.profile}__reconcile",
        **make_schedule(profile, profile.schedule.reconcile),
        max_active_runs=1,
        default_args=DEFAULT_ARGS,
        tags=["segmentation", profile.profile],
        doc_md=DOC.format(
            title=profile.title,
            cadence=profile.schedule.reconcile,
            extracts=", ".join(f"`{name}`" for name in reconciled) or "nothing: there is no such extract",
            pools=", ".join(f"`{pool}`" for pool in sorted(set(pools.values()))) or "none",
        ),
    ) as dag:
        common = {"profile": profile.profile, "cadence": profile.schedule.reconcile}
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
