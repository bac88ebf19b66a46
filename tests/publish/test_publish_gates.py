"""What does not add up is not published: the message names the macro segment and both numbers, the tables stay."""

from collections.abc import Callable
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from publish_shop import Customer, Shop

from include.segmentation.artifacts import MeasureArtifacts, SegmentArtifacts, TableArtifact
from include.segmentation.errors import DataError, ProfileError
from include.segmentation.model.timeline import read_timeline, record_decision
from include.segmentation.publish import publish
from include.segmentation.run import Run

CROWD = {f"c{i}": Customer(purchases=i % 2, revenue=i) for i in range(12)}
Break = Callable[[pa.Table], pa.Table]
Locate = Callable[[Run], TableArtifact]


@pytest.fixture
def published(shop: Shop) -> Shop:
    shop.accept("2025-01-01")
    shop.leave(shop.run("2025-01-01"), CROWD)
    publish(shop.run("2025-01-01"))
    shop.leave(shop.run("2025-02-01"), CROWD | {"late": Customer()})
    return shop


def renamed(column: str, value: str) -> Break:
    return lambda table: table.set_column(
        table.schema.get_field_index(column),
        column,
        pa.array([value, *table[column].to_pylist()[1:]], pa.string()),
    )


def population(run: Run) -> TableArtifact:
    return MeasureArtifacts(run).locate_population()


def kpis(macro: str) -> Locate:
    return lambda run: MeasureArtifacts(run).locate_kpis(macro)


def labels(macro: str) -> Locate:
    return lambda run: SegmentArtifacts(run).locate_labels(macro)


def cohort_labels(macro: str) -> Locate:
    return lambda run: SegmentArtifacts(run).locate_cohort_labels(macro)


@pytest.mark.parametrize(
    ("locate", "change", "message"),
    [
        (labels("value"), lambda t: t.slice(1), "'value': 12 customers are labelled .* population has 13"),
        (kpis("visiting"), lambda t: t.slice(2), "'visiting': 11 customers are measured .* has 13"),
        (
            *(labels("value"), lambda t: pa.concat_tables([t, t.slice(0, 1)])),
            "'value': 14 rows are labelled for 13 customers",
        ),
        (labels("value"), renamed("customer_id", "ghost"), "'value': 1 of 13 labelled customers are not"),
        (
            labels("value"),
            renamed("segment_key", "w0"),
            "'value': 1 labels name segment 'w0' .* not one of the 3",
        ),
        (
            labels("value"),
            renamed("stratum", "bought"),
            "'value': 1 labels name segment 'v0' of .* 'bought'",
        ),
        (cohort_labels("value"), lambda t: t.slice(1), "'value': cohort months have 12 labels .* for 13"),
        (population, lambda t: pa.concat_tables([t, t]), "the population has 26 rows for 13"),
        (population, lambda t: t.slice(0, 0), "the population is empty"),
    ],
)
def test_a_failing_gate_leaves_the_tables(published: Shop, locate: Locate, change: Break, message: str) -> None:
    run = published.run("2025-02-01")
    before = published.tables()
    artifact = locate(run)
    artifact.write_table(change(artifact.read_table()))

    with pytest.raises(DataError, match=message) as refusal:
        publish(run)

    assert "nothing was published" in str(refusal.value)
    assert published.tables() == before


def test_every_gate_that_stops_is_listed(published: Shop) -> None:
    run = published.run("2025-02-01")
    for macro, change in (
        ("value", renamed("customer_id", "ghost")),
        ("visiting", renamed("segment_key", "v0")),
    ):
        artifact = SegmentArtifacts(run).locate_labels(macro)
        artifact.write_table(change(artifact.read_table()))
    with pytest.raises(DataError) as refusal:
        publish(run)
    assert str(refusal.value).splitlines() == [
        "shop/monthly/2025-02-01: nothing was published; stopped by 2 gate verdicts:",
        "  populations_reconcile: macro segment 'value': 1 of 13 labelled customers are not in the population",
        "  labels_known: macro segment 'visiting': 1 labels name segment 'v0' of stratum 'silent', which is not one of "
        "the 2 segments of model visiting-m1",
    ]


def test_a_stage_that_has_not_run_is_named(published: Shop) -> None:
    with pytest.raises(DataError, match=r"population\.parquet does not exist; run the stage before this one"):
        publish(published.run("2025-03-01"))


def test_a_model_that_comes_into_use_after_labelling_stops_nothing(published: Shop) -> None:
    run = published.run("2025-02-01")
    published.accept("2025-02-01", model="m2")
    publish(run)
    assert published.rows("SELECT models ->> 'value' FROM segmentation_run WHERE as_of = %s", run.as_of) == [
        ("value-m1",)
    ]


@pytest.mark.parametrize("effective_from", [None, "2025-03-01"])
def test_labels_of_a_model_that_is_not_in_use_are_refused(published: Shop, effective_from: str | None) -> None:
    run = published.run("2025-02-01")
    if effective_from:
        published.accept(effective_from, model="m9")
    published.leave(run, CROWD | {"late": Customer()}, model="m9")
    with pytest.raises(DataError, match="labelled with model value-m9, which is not an accepted one"):
        publish(run)


def test_a_candidates_labels_are_refused(published: Shop) -> None:
    run = published.run("2025-02-01")
    record_decision(run.lake, read_timeline(run.lake, "value")[-1].model, "candidate", "a test")
    with pytest.raises(DataError, match="labelled with model value-m1, which is not an accepted one"):
        publish(run)


def test_an_attribute_may_not_share_a_kpis_name(published: Shop) -> None:
    run = published.run("2025-02-01")
    name = MeasureArtifacts(run).locate_population().path
    population: Any = run.lake.artifacts.read_table(name)
    run.lake.artifacts.write_table(name, population.append_column("visits", pc.cast(population["age_days"], "float64")))

    with pytest.raises(ProfileError, match=r"'visits' is both an attribute of population\.sql and a KPI"):
        publish(run)


def test_an_attribute_that_changes_its_type_is_refused(published: Shop) -> None:
    run = published.run("2025-02-01")
    before = published.tables()
    name = MeasureArtifacts(run).locate_population().path
    population = run.lake.artifacts.read_table(name)
    at = population.schema.get_field_index("email_consent")
    changed = population.set_column(at, "email_consent", pc.cast(population["email_consent"], "string"))
    run.lake.artifacts.write_table(name, changed)

    with pytest.raises(
        DataError, match="table customer_analytics_record: column 'email_consent': found type bigint; allowed: text"
    ):
        publish(run)

    assert published.tables() == before


def test_movement_that_does_not_add_up_with_the_run_before_is_refused(published: Shop) -> None:
    with psycopg.connect(published.url) as connection:
        connection.execute("UPDATE shop.fct_segment_size SET customers = 7 WHERE segment_key = 'v1'")
    before = published.tables()

    with pytest.raises(DataError, match=r"'value': departures from v1 add up to 6 but 7 are expected .* nothing was"):
        publish(published.run("2025-02-01"))

    assert published.tables() == before
