"""``<profile>__segment_daily|weekly|monthly``: measure, label, publish and report at the end of each interval."""

from typing import Any

from airflow.sdk import DAG, TaskGroup

from include.segmentation.profile.schedule import CADENCES
from segmentation_airflow.approvals import GatesOperator, PublishOperator, RequestFitOperator
from segmentation_airflow.operators import (
    DEFAULT_ARGS,
    ReportOperator,
    StageOperator,
    ValidateOperator,
    WaitOperator,
    make_asset,
)
from segmentation_airflow.schedules import load_dag_profiles, make_dag_arguments

DOC = """
### {title}: segment, {cadence}
1. Waits until every extract is complete through as_of (the end of the interval), a model exists, and no fit that is due
   by then is under way.
2. Measures every KPI at as_of and labels every customer with the model that is effective then.
3. Checks the gates, and asks a person if a gate says so.
4. Publishes all tables in one transaction. Requests a fit if customers have drifted.
5. Writes an HTML report.

**Writes** schema `{schema}` of connection `{warehouse}`{primary}.

**Repeat and backfill:** a repeated run leaves identical tables.
`airflow backfill create --dag-id {dag_id} --from-date D --to-date D` runs past intervals, from {start} on.
"""
PRIMARY = "; only this cadence, the primary one, feeds `customer_analytics_record` and membership"

for profile in load_dag_profiles():
    macros = list(profile.macro_segments)
    for cadence in CADENCES:
        dag_id = f"{profile.profile}__segment_{cadence}"
        with DAG(
            dag_id=dag_id,
            **make_dag_arguments(profile, cadence),
            default_args=DEFAULT_ARGS,
            doc_md=DOC.format(
                title=profile.title,
                cadence=cadence,
                dag_id=dag_id,
                schema=profile.warehouse.schema_name,
                warehouse=profile.warehouse.connection,
                start=profile.schedule.start,
                primary=PRIMARY if cadence == profile.schedule.primary_cadence else "",
            ),
        ) as dag:
            common: dict[str, Any] = {"profile": profile.profile, "cadence": cadence}
            wait = WaitOperator(task_id="wait", models=True, **common)
            with TaskGroup("validate") as validate:
                ValidateOperator(task_id="new_rows", stage="validate", **common)
            with TaskGroup("measure") as measure:
                population = StageOperator(task_id="population", stage="measure", target="population", **common)
                kpis = [StageOperator(task_id=m, stage="measure", target=m, **common) for m in macros]
                targets = ["signals"] if profile.signals and cadence == profile.schedule.primary_cadence else []
                targets += ["figures"] if profile.figures else []
                extras = [StageOperator(task_id=target, stage="measure", target=target, **common) for target in targets]
                population >> [*kpis, *extras]
            with TaskGroup("segment") as segment:
                labels = [StageOperator(task_id=m, stage="segment", target=m, **common) for m in macros]
            for measure_task, label_task in zip(kpis, labels, strict=True):
                measure_task >> label_task
            with TaskGroup("publish"):
                outlets = [make_asset(profile.profile, "segments", macro) for macro in macros]
                gates = GatesOperator(task_id="gates", within=profile.gates.answer_within, **common)
                tables = PublishOperator(task_id="tables", stage="publish", outlets=outlets, **common)
                [gates, *extras] >> tables
                if cadence == profile.schedule.primary_cadence and profile.gates.drift.asks_for_fit:
                    tables >> RequestFitOperator(task_id="ask_for_fit", profile=profile.profile)
            with TaskGroup("report") as report:
                ReportOperator(task_id="html", stage="report", **common)
            wait >> validate >> measure
            segment >> gates
            tables >> report
        globals()[dag.dag_id] = dag
