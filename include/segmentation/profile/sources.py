"""The contract of sources and extracts: where a profile's data come from, and how they are pulled."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from include.segmentation.profile.ga4_reports import GA4Extract as GA4Extract
from include.segmentation.profile.identifiers import DifferentNames
from include.segmentation.profile.profile_part import DayHours, Duration, ProfilePart


class ReadPace(ProfilePart):
    """How gently a server is read.

    Attributes:
        page_seconds: what one page should take; pages grow and shrink towards it.
        statement_seconds: a statement that runs for longer is ended on the server.
        connections: how many connections this user may hold on the server at once.
        busy_threads: pause while more threads than that run on the server.
        first_load: the hours in which a first load may run, in the profile's time zone; always where absent.
    """

    page_seconds: float = Field(default=1.5, gt=0, le=60)
    statement_seconds: int = Field(default=60, ge=1, le=3600)
    connections: int = Field(default=8, ge=2)
    busy_threads: int = Field(default=64, ge=1)
    first_load: DayHours | None = None


class MySQLSource(ProfilePart):
    """A MySQL or MariaDB server (5.0 to today), read through an Airflow connection id.

    Attributes:
        zero_dates: what to do with 0000-00-00, 2025-02-30 and the like: ``stop`` the extract, or ``flag``: NULL, with
            the text that stood there in the row's ``_zero_dates``.
    """

    kind: Literal["mysql"]
    connection: str
    zero_dates: Literal["stop", "flag"] = "stop"
    pace: ReadPace = ReadPace()


class GA4Source(ProfilePart):
    """A Google Analytics 4 property, read through an Airflow connection id."""

    kind: Literal["ga4"]
    connection: str
    property: str = Field(pattern=r"^properties/\d+$")


Source = Annotated[MySQLSource | GA4Source, Field(discriminator="kind")]


class _RowsExtract(ProfilePart):
    source: str
    mode: Literal["append", "merge", "snapshot"]
    cursor: str | None = None
    primary_key: DifferentNames
    lag: Duration = timedelta(hours=1)

    @model_validator(mode="after")
    def _cursor_where_needed(self) -> Self:
        if self.mode == "snapshot" and self.cursor:
            raise ValueError(f"cursor '{self.cursor}': mode snapshot reads everything every time; allowed is none")
        if self.mode != "snapshot" and not self.cursor:
            raise ValueError(f"cursor: missing; mode {self.mode} needs one")
        return self


class TableExtract(_RowsExtract):
    """One MySQL table.

    Attributes:
        mode: ``append`` for immutable events, ``merge`` for rows that change (their cursor moves when they do),
            ``snapshot`` for small tables, read whole every time.
        cursor: the column that grows with every insert (and, for ``merge``, every update); none in a snapshot.
        lag: how far back to look again at every pull.
        columns: the columns to read; all where absent.
        mojibake: text columns in latin1 that hold UTF-8 bytes, read as what they mean.
    """

    kind: Literal["table"]
    table: str
    columns: list[str] | None = None
    mojibake: list[str] = Field(default_factory=list)


class QueryExtract(_RowsExtract):
    """One SELECT in ``sql/<profile>/extract/<query>``, written with window functions."""

    kind: Literal["query"]
    query: str


Extract = Annotated[TableExtract | QueryExtract | GA4Extract, Field(discriminator="kind")]


def can_be_reconciled(extract: Extract) -> bool:
    """Whether pulls of it can miss what a later comparison with its source finds: whatever is read by a cursor."""
    return isinstance(extract, TableExtract | QueryExtract) and extract.mode != "snapshot"
