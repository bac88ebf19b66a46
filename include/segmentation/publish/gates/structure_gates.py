"""Gates that always stop: every customer is measured and labelled once, by the model of the run."""

from include.segmentation.publish.gates.gate_verdict import GateVerdict
from include.segmentation.publish.gates.size_gates import check_size_totals
from include.segmentation.publish.publish_inputs import PublishInputs


def check_populations(inputs: PublishInputs) -> list[GateVerdict]:
    """Check that population, measured and labelled customers are the same, each once, also in cohort months."""
    rows, population = inputs.fetch_one("SELECT count(*), count(DISTINCT customer_id) FROM population")
    problems = [] if population else ["the population is empty"]
    if rows != population:
        problems.append(f"the population has {rows} rows for {population} customers")
    verdicts = [_make_verdict("", problems, f"the population has {population} customers, each once")]
    verdicts += check_size_totals(population, inputs.sizes)
    for macro in inputs.models:
        problems = _find_missing(inputs, f"measure_{macro}", population)
        for part, word in ((f"measure_{macro}", "measured"), (f"label_{macro}", "labelled")):
            problems += _find_duplicates(inputs, part, word) or _find_strangers(inputs, part, word)
        verdicts.append(_make_verdict(macro, problems, f"the same {population} customers are measured and labelled"))
        if inputs.run.profile.cohort_months:
            verdicts.append(_check_cohorts(inputs, macro))
    return verdicts


def check_shared_kpis(inputs: PublishInputs) -> list[GateVerdict]:
    """Check that a KPI of several macro segments has one value per customer."""
    homes, verdicts = inputs.run.profile.kpi_macro_segments, []
    for macro in inputs.models:
        kpis = inputs.run.profile.macro_segments[macro].kpis
        shared = [name for name in kpis if homes[name] != macro]
        differences = [(name, _count_differences(inputs, name, homes[name], macro)) for name in shared]
        wrong = [f"'{name}' differs from that of '{homes[name]}' for {n} customers" for name, n in differences if n]
        if wrong:
            verdicts.append(GateVerdict("shared_kpis_agree", macro, "stop", "; ".join(wrong)))
        elif shared:
            right = f"the {len(shared)} KPIs that it shares with other macro segments have one value per customer"
            verdicts.append(GateVerdict.make_pass("shared_kpis_agree", macro, right))
    return verdicts


def check_labels(inputs: PublishInputs) -> list[GateVerdict]:
    """Check that every label names a stratum and a segment of the model."""
    cohorts = ["cohort_label"] if inputs.run.profile.cohort_months else []
    return [_check_known_labels(inputs, macro, kind) for macro in inputs.models for kind in ["label", *cohorts]]


def _count_differences(inputs: PublishInputs, kpi: str, home: str, macro: str) -> int:
    (customers,) = inputs.fetch_one(
        f"SELECT count(*) FROM measure_{home} AS a JOIN measure_{macro} AS b USING (customer_id) "
        f'WHERE a."{kpi}" IS DISTINCT FROM b."{kpi}"'
    )
    return int(customers)


def _find_missing(inputs: PublishInputs, measured: str, population: int) -> list[str]:
    (customers,) = inputs.fetch_one(f"SELECT count(DISTINCT customer_id) FROM {measured}")
    return (
        [f"{customers} customers are measured but the population has {population}"] if customers != population else []
    )


def _find_duplicates(inputs: PublishInputs, part: str, word: str) -> list[str]:
    rows, customers = inputs.fetch_one(f"SELECT count(*), count(DISTINCT customer_id) FROM {part}")
    return [f"{rows} rows are {word} for {customers} customers; allowed: one row each"] if rows != customers else []


def _find_strangers(inputs: PublishInputs, part: str, word: str) -> list[str]:
    strange, customers = inputs.fetch_one(
        f"SELECT (SELECT count(*) FROM {part} ANTI JOIN population USING (customer_id)), (SELECT count(*) FROM {part})"
    )
    return [f"{strange} of {customers} {word} customers are not in the population"] if strange else []


def _check_cohorts(inputs: PublishInputs, macro: str) -> GateVerdict:
    key = "cohort, month, customer_id"
    labelled, once, measured, both = inputs.fetch_one(
        f"SELECT (SELECT count(*) FROM cohort_label_{macro}), "
        f"(SELECT count(DISTINCT ({key})) FROM cohort_label_{macro}), "
        f"(SELECT count(*) FROM cohort_measure_{macro}), "
        f"(SELECT count(*) FROM cohort_label_{macro} JOIN cohort_measure_{macro} USING ({key}))"
    )
    problems = []
    if not labelled == once == measured == both:
        problems.append(
            f"cohort months have {labelled} labels ({once} different) for {measured} measured customers ({both} match)"
        )
    return _make_verdict(macro, problems, f"{labelled} customer months measured and labelled")


def _check_known_labels(inputs: PublishInputs, macro: str, kind: str) -> GateVerdict:
    model = inputs.models[macro]
    segments = {(stratum.name, segment.key) for stratum in model.strata for segment in stratum.segments}
    query = f"SELECT stratum, segment_key, count(*) FROM {kind}_{macro} GROUP BY ALL ORDER BY ALL"
    labels = {(stratum, key): n for stratum, key, n in inputs.engine.execute(query).fetch_rows()}
    for (stratum, key), customers in labels.items():
        if (stratum, key) not in segments:
            wrong = (
                f"{customers} labels name segment '{key}' of stratum '{stratum}', which is not one of the "
                f"{len(segments)} segments of model {model.model_id}"
            )
            return GateVerdict("labels_known", macro, "stop", wrong)
    of_months = " in cohort months" if kind == "cohort_label" else ""
    right = f"{len(labels)} of the {len(segments)} segments of model {model.model_id} have customers{of_months}"
    return GateVerdict.make_pass("labels_known", macro, right)


def _make_verdict(macro: str, problems: list[str], right: str) -> GateVerdict:
    if problems:
        return GateVerdict("populations_reconcile", macro, "stop", "; ".join(problems))
    return GateVerdict.make_pass("populations_reconcile", macro, right)
