"""``<profile>__segment_daily|weekly|monthly``: measure, label, publish and report at the end of each interval."""

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
from segmentation_airflow.schedules import load_dag_profiles, make_schedule

DOC = """
### {title}: segment, {cadence}
Waits until every extract is complete through as_of, the end of the interval, a model exists and no fit that is due by
then is under way; measures every KPI cut there; labels every customer with the model effective then; asks the gates,
and a person where a gate says so; publishes all tables in one transaction; asks for a fit where customers have drifted;
writes an HTML report.

**Writes** schema `{schema}` of connection `{warehouse}`{primary}.

**Again, or for the past:** a repeated run leaves identical tables.
`airflow backfill create --dag-id {dag_id} --from-date D --to-date D` runs any past interval, from {start} on.
"""
PRIMARY = "; this is the primary cadence, which alone feeds `customer_analytics_record` and membership"

for profile in load_dag_profiles():
    macros = list(profile.macro_segments)
    for cadence in CADENCES:
        with DAG(
            dag_id=f"{profile.profile}__segment_{cadence}",
            **make_schedule(profile, cadence),
            max_active_runs=1,
            default_args=DEFAULT_ARGS,
            tags=["segmentation", profile.profile],
            doc_md=DOC.format(
                title=profile.title,
                cadence=cadence,
                dag_id=f"{profile.profile}__segment_{cadence}",
                schema=profile.warehouse.schema_name,
                warehouse=profile.warehouse.connection,
                start=profile.schedule.start,
                primary=PRIMARY if cadence == profile.schedule.primary_cadence else "",
            ),
        ) as dag:
            common = {"profile": profile.profile, "cadence": cadence}
            wait = WaitOperator(task_id="wait", models=True, **common)
            with TaskGroup("validate") as validate:
                ValidateOperator(task_id="new_rows", stage="validate", **common)
            with TaskGroup("measure") as measure:
                population = StageOperator(task_id="population", stage="measure", target="population", **common)
                measured = [StageOperator(task_id=m, stage="measure", target=m, **common) for m in macros]
                asked = ["signals"] if profile.signals and cadence == profile.schedule.primary_cadence else []
                asked += ["figures"] if profile.figures else []
                beside = [StageOperator(task_id=each, stage="measure", target=each, **common) for each in asked]
                population >> [*measured, *beside]
            with TaskGroup("segment") as segment:
                labelled = [StageOperator(task_id=m, stage="segment", target=m, **common) for m in macros]
            for one, then in zip(measured, labelled, strict=True):
                one >> then
            with TaskGroup("publish"):
                outlets = [make_asset(profile.profile, "segments", macro) for macro in macros]
                gates = GatesOperator(task_id="gates", within=profile.gates.answer_within, **common)
                tables = PublishOperator(task_id="tables", stage="publish", outlets=outlets, **common)
                [gates, *beside] >> tables
                if cadence == profile.schedule.primary_cadence and profile.gates.drift.asks_for_fit:
                    tables >> RequestFitOperator(task_id="ask_for_fit", profile=profile.profile)
            with TaskGroup("report") as report:
                ReportOperator(task_id="html", stage="report", **common)
            wait >> validate >> measure
            segment >> gates
            tables >> report
        globals()[dag.dag_id] = dag
