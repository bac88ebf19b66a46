"""Check rows with Great Expectations.

Importing Great Expectations takes seconds, so functions import it when there are rows to check.
"""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from include.segmentation.errors import ProfileError, join_lines
from include.segmentation.profile.mistakes import suggest_name
from include.segmentation.profile.profile import Expectation, Profile

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # no telemetry
logging.getLogger("great_expectations").setLevel(logging.ERROR)


@dataclass(frozen=True)
class ExpectationFailure:
    """One expectation that a batch does not meet.

    Attributes:
        rows: the positions of the failing rows in the batch; empty if the expectation is about the whole batch.
        observed: the value of the batch, if the expectation is about the whole batch.
    """

    expectation: Expectation
    rows: list[int]
    observed: str = ""


class ExpectationSuites:
    """One suite per extract, and the Data Docs of what they checked."""

    def __init__(self, profile: Profile) -> None:
        """Build every suite of the profile.

        Raises:
            ProfileError: an expectation does not exist, has wrong arguments, or quarantines rows although it is about
                a whole batch.
        """
        import great_expectations as gx

        self._gx = gx
        self._profile = profile
        self._context = gx.get_context(mode="ephemeral")
        self._context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        source = self._context.data_sources.add_pandas("lake")
        self._validations = {
            extract: self._define_validation(source, extract, expectations)
            for extract, expectations in profile.expectations.items()
        }

    def check_rows(self, extract: str, rows: pa.Table) -> list[ExpectationFailure]:
        """Check one batch.

        Raises:
            ProfileError: an expectation names a missing column, or compares a column with a value of another type.
        """
        result = self._validations[extract].run(
            batch_parameters={"dataframe": _to_pandas(rows)},
            result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False},
        )
        failures = []
        for outcome in sorted(result.results, key=lambda outcome: int(outcome.expectation_config.meta["position"])):
            expectation = self._profile.expectations[extract][outcome.expectation_config.meta["position"]]
            self._require_evaluated(extract, expectation, outcome.exception_info or {}, rows.column_names)
            if not outcome.success:
                positions = sorted(outcome.result.get("unexpected_index_list") or [])
                observed = str(outcome.result.get("observed_value", ""))
                failures.append(ExpectationFailure(expectation, [int(position) for position in positions], observed))
        return failures

    def build_docs(self) -> Path:
        """Write the Data Docs of everything checked so far into a temporary folder, and return the folder."""
        (index,) = self._context.build_data_docs().values()
        folder = Path(urlsplit(index).path).parent
        for picture in (folder / "static" / "images").glob("*.gif"):
            picture.unlink()  # megabytes of instructions that our pages do not link to
        return folder

    def _define_validation(self, source: Any, extract: str, expectations: list[Expectation]) -> Any:
        gx = self._gx
        suite = gx.ExpectationSuite(name=extract)
        for position, expectation in enumerate(expectations):
            suite.add_expectation(self._build_expectation(extract, expectation, position))
        batch = source.add_dataframe_asset(extract).add_batch_definition_whole_dataframe("new rows")
        definition = gx.ValidationDefinition(name=extract, data=batch, suite=self._context.suites.add(suite))
        return self._context.validation_definitions.add(definition)

    def _build_expectation(self, extract: str, expectation: Expectation, position: int) -> Any:
        try:
            return build_expectation(expectation, position)
        except ProfileError as error:
            raise error.add_place(self._locate(extract, expectation)) from None

    def _require_evaluated(
        self, extract: str, expectation: Expectation, exceptions: dict[str, Any], columns: list[str]
    ) -> None:
        for exception in [exceptions] if "raised_exception" in exceptions else exceptions.values():
            if exception["raised_exception"]:
                reason = join_lines(exception["exception_message"])
                raise ProfileError(f"{self._locate(extract, expectation)}: {reason} (columns: {', '.join(columns)})")

    def _locate(self, extract: str, expectation: Expectation) -> str:
        return f"{self._profile.path}: expectations.{extract}: {expectation.type}"


def build_expectation(expectation: Expectation, position: int) -> Any:
    """Build an expectation of Great Expectations.

    Args:
        expectation: as the profile declares it.
        position: its position in its suite, stored in the expectation's meta data.

    Raises:
        ProfileError: it does not exist, has wrong arguments, or quarantines rows although it is about a whole batch.
    """
    import great_expectations as gx
    from great_expectations.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.expectation import (
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        MulticolumnMapExpectation,
    )
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    try:
        kind = get_expectation_impl(expectation.type)
        built = kind(**expectation.args, meta={"position": position})
    except ExpectationNotFoundError:
        near = suggest_name(expectation.type, list_registered_expectation_implementations())
        raise ProfileError(f"no such expectation in Great Expectations {gx.__version__}{near}") from None
    except (ValueError, TypeError) as error:
        raise ProfileError(f"args {expectation.args}: {' '.join(str(error).split())}") from None
    row_expectations = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
    if expectation.severity == "quarantine" and not isinstance(built, row_expectations):
        raise ProfileError("it is about a whole batch, not a row; allowed severities: stop, warn")
    return built


def _to_pandas(rows: pa.Table) -> Any:
    """Convert rows to pandas. Integers stay integers beside NULL; decimals become the nearest float.

    Great Expectations takes a millisecond per Decimal. Up to 15 digits a float sorts as the decimal does, and reasons
    show the exact value. Arrow's own cast does not give the nearest float; the cast through text does.
    """
    import pandas as pd

    for position, field in enumerate(rows.schema):
        if pa.types.is_decimal(field.type):
            rows = rows.set_column(position, field.name, rows.column(position).cast(pa.string()).cast(pa.float64()))
    return rows.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get)
