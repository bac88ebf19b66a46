"""What must be true before anything is published."""

from typing import Any

from include.segmentation.errors import DataError
from include.segmentation.publish.inputs import Inputs

Verdict = dict[str, Any]


def check(inputs: Inputs) -> list[Verdict]:
    """Check that the run's populations reconcile and that its labels come from its models.

    Returns:
        One verdict per gate and macro segment: name, macro_segment, verdict, found.

    Raises:
        DataError: a gate fails; the message names the macro segment and both numbers.
    """
    population, customers = inputs.one("SELECT count(*), count(DISTINCT customer_id) FROM population")
    if population == 0:
        raise DataError(f"{inputs.run.run_id}: the population is empty; nothing was published")
    if population != customers:
        raise _refusal(inputs, "population", f"has {population} rows for {customers} customers")
    verdicts = []
    for macro in inputs.models:
        verdicts.append(_populations_reconcile(inputs, macro, population))
        verdicts.append(_labels_known(inputs, macro, f"label_{macro}"))
        if inputs.run.profile.cohort_months:
            verdicts.append(_cohorts_reconcile(inputs, macro))
            verdicts.append(_labels_known(inputs, macro, f"cohort_label_{macro}"))
    return verdicts


def _populations_reconcile(inputs: Inputs, macro: str, population: int) -> Verdict:
    for part, word in ((f"measure_{macro}", "measured"), (f"label_{macro}", "labelled")):
        rows, customers = inputs.one(f"SELECT count(*), count(DISTINCT customer_id) FROM {part}")
        if rows != customers:
            raise _refusal(inputs, macro, f"{rows} rows are {word} for {customers} customers; each belongs there once")
        if customers != population:
            raise _refusal(inputs, macro, f"{customers} customers are {word} but the population has {population}")
        (strange,) = inputs.one(f"SELECT count(*) FROM {part} ANTI JOIN population USING (customer_id)")
        if strange:
            raise _refusal(
                inputs,
                macro,
                f"{strange} of {customers} {word} customers are not among the {population} of the population",
            )
    return _passed("populations_reconcile", macro, f"{population} in the population, measured and labelled")


def _labels_known(inputs: Inputs, macro: str, labels: str) -> Verdict:
    model = inputs.models[macro]
    known = {(stratum.name, segment.key) for stratum in model.strata for segment in stratum.segments}
    counts = inputs.engine.execute(f"SELECT stratum, segment_key, count(*) FROM {labels} GROUP BY ALL ORDER BY ALL")
    found = {(stratum, key): customers for stratum, key, customers in counts.fetchall()}
    for (stratum, key), customers in found.items():
        if (stratum, key) not in known:
            raise _refusal(
                inputs,
                macro,
                f"{customers} labels name segment '{key}' of stratum '{stratum}', which is none of the "
                f"{len(known)} segments of model {model.model_id}",
            )
    name = "cohort_labels_known" if labels.startswith("cohort_") else "labels_known"
    return _passed(name, macro, f"{len(found)} of the {len(known)} segments of {model.model_id} have customers")


def _cohorts_reconcile(inputs: Inputs, macro: str) -> Verdict:
    key = "cohort, month, customer_id"
    labelled, once, measured, both = inputs.one(
        f"SELECT (SELECT count(*) FROM cohort_label_{macro}), "
        f"(SELECT count(DISTINCT ({key})) FROM cohort_label_{macro}), "
        f"(SELECT count(*) FROM cohort_measure_{macro}), "
        f"(SELECT count(*) FROM cohort_label_{macro} JOIN cohort_measure_{macro} USING ({key}))"
    )
    if not labelled == once == measured == both:
        raise _refusal(
            inputs,
            macro,
            f"cohort months have {labelled} labels ({once} different) for {measured} measured customers ({both} match)",
        )
    return _passed("cohorts_reconcile", macro, f"{labelled} customer months measured and labelled")


def _passed(name: str, macro: str, found: str) -> Verdict:
    return {"name": name, "macro_segment": macro, "verdict": "pass", "found": found}


def _refusal(inputs: Inputs, macro: str, found: str) -> DataError:
    return DataError(f"{inputs.run.run_id}: macro segment '{macro}': {found}; nothing was published")
