"""``<profile>__fit``: fit the models that the segment DAGs score with."""

from typing import Any

from airflow.sdk import DAG, TaskGroup

from include.segmentation.connections import find_tracking_server
from segmentation_airflow.approvals import DecideOperator, FitOperator
from segmentation_airflow.operators import DEFAULT_ARGS, StageOperator, ValidateOperator, WaitOperator, make_asset
from segmentation_airflow.schedules import load_dag_profiles, make_fit_dag_arguments

DOC = """
### {title}: fit
At {first} and every {months} months after it, each macro segment is clustered stratum by stratum and frozen as a model
with `effective_from` = as_of. The first model is accepted automatically, and so is a model that changes no segment. Any
other model is a candidate, and `segment.decide` asks which candidates to accept. Drift can request a fit in between.

**Writes** the model timeline in the lake; the next segment run publishes it as `dim_model` and `dim_segment`. If
`MLFLOW_TRACKING_URI` is set, group `track` logs models and decisions there; nothing waits for it.

**Repeat and backfill:** the same as_of gives the same model. A trigger with a logical date L fits at the last scheduled
as_of up to L. A trigger through the REST API with its own data interval fits at the end of that interval. A trigger
without a logical date fits at `as_of` of its configuration, and only the `macro_segments` named there.
"""

for profile in load_dag_profiles():
    with DAG(
        dag_id=f"{profile.profile}__fit",
        **make_fit_dag_arguments(profile),
        default_args=DEFAULT_ARGS,
        doc_md=DOC.format(
            title=profile.title,
            dag_id=f"{profile.profile}__fit",
            first=profile.schedule.first_fit,
            months=profile.schedule.refit_every,
        ),
    ) as dag:
        common: dict[str, Any] = {"profile": profile.profile, "cadence": profile.schedule.primary_cadence}
        wait = WaitOperator(task_id="wait", models=False, **common)
        common["purpose"] = "fit"
        with TaskGroup("validate") as validate:
            ValidateOperator(task_id="new_rows", stage="validate", **common)
        with TaskGroup("measure") as measure:
            population = StageOperator(task_id="population", stage="measure", target="population", **common)
            measured = {
                macro: StageOperator(task_id=macro, stage="measure", target=macro, **common)
                for macro in profile.macro_segments
            }
            population >> list(measured.values())
        with TaskGroup("segment"):
            decide = DecideOperator(
                task_id="decide",
                profile=profile.profile,
                cadence=common["cadence"],
                macro_segments=list(profile.macro_segments),
                trigger_rule="none_failed_min_one_success",
            )
            for macro in profile.macro_segments:
                outlets = [make_asset(profile.profile, "models", macro)]
                fit = FitOperator(task_id=f"fit_{macro}", stage="fit", target=macro, outlets=outlets, **common)
                measured[macro] >> fit >> decide
        if find_tracking_server():
            with TaskGroup("track"):
                fitted = StageOperator(task_id="fitted", stage="track", trigger_rule=decide.trigger_rule, **common)
                decided = StageOperator(task_id="decided", stage="track", **common)
            fitted.set_upstream(list(decide.upstream_list))
            [fitted, decide] >> decided
        wait >> validate >> measure
    globals()[dag.dag_id] = dag
