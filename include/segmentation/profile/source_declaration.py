"""The declarations shared by all kinds of source: connection, extracts, and the layout of rows in the lake."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from include.segmentation.profile.identifiers import DifferentNames
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile_part import Duration, ProfilePart


@dataclass(frozen=True)
class LogLayout:
    """How the rows of an extract's change log relate to each other.

    Attributes:
        key: the columns that identify a row; for ``batches``, within one batch.
        kind: ``events`` never change, so a correction is a deletion and a new row. For ``versions``, the newest row of
            a key is valid. ``batches`` are rewritten as a whole: for each value of ``batch_column``, the newest batch
            is valid.
        time_column: the column with the time at which a row's event happened, if there is one.
        batch_column: the column whose value identifies a batch.
    """

    key: list[str]
    kind: Literal["events", "versions", "batches"]
    time_column: str | None = None
    batch_column: str = ""


class ExtractDeclaration(ProfilePart):
    """One table, query, report or file that is pulled into a change log of its own.

    Attributes:
        can_be_explained: whether its reader can show the requests that the source gets.
    """

    can_be_explained: ClassVar[bool] = False

    kind: str
    source: str

    @property
    def log_layout(self) -> LogLayout:
        """How the rows of its change log relate to each other."""
        raise NotImplementedError

    @property
    def summary(self) -> str:
        """One phrase that describes it, such as ``table users of shop, merge by updated_at, key id``."""
        raise NotImplementedError

    @property
    def can_be_reconciled(self) -> bool:
        """Whether a later comparison with its source can find rows that the pulls missed."""
        return False

    @property
    def has_customers(self) -> bool:
        """Whether its rows are about single customers, so that SQL about customers may read them."""
        return True

    @property
    def settling_time(self) -> timedelta:
        """How long the source may take until it has everything that happened before a moment."""
        return timedelta(0)

    @property
    def query_file(self) -> str | None:
        """The file in ``sql/<profile>/extract`` that it needs."""
        return None

    def find_mistakes(self, extracts: Mapping[str, "ExtractDeclaration"]) -> Iterator[Mistake]:  # noqa: ARG002
        """Find what does not fit the other extracts of the profile."""
        yield from ()


class KeyedExtract(ExtractDeclaration):
    """Rows with a primary key.

    Attributes:
        mode: ``append`` for events that never change, ``merge`` for rows that change (their cursor moves when they
            do), ``snapshot`` for small tables that are read whole at every pull.
        cursor: the column that grows with every insert and, for ``merge``, every update; none for a snapshot.
        lag: how far back every pull reads again.
    """

    mode: Literal["append", "merge", "snapshot"]
    cursor: str | None = None
    primary_key: DifferentNames
    lag: Duration = timedelta(hours=1)

    @model_validator(mode="after")
    def _require_cursor(self) -> Self:
        if self.mode == "snapshot" and self.cursor:
            raise ValueError(f"cursor '{self.cursor}': mode snapshot reads all rows every time; allowed: no cursor")
        if self.mode != "snapshot" and not self.cursor:
            raise ValueError(f"cursor: missing; mode {self.mode} needs one")
        return self

    @property
    def log_layout(self) -> LogLayout:
        """Events in mode ``append``, versions in the others."""
        return LogLayout(self.primary_key, "events" if self.mode == "append" else "versions", self.cursor)

    @property
    def settling_time(self) -> timedelta:
        """The lag."""
        return self.lag

    @property
    def summary(self) -> str:
        """Its source, mode, cursor and key."""
        how = f"{self.mode} by {self.cursor}" if self.cursor else self.mode
        return f"{self._subject} of {self.source}, {how}, key {', '.join(self.primary_key)}"

    @property
    def _subject(self) -> str:
        return self.kind


class SourceDeclaration(ProfilePart):
    """A server, property or folder, read through an Airflow connection id.

    Attributes:
        extracts: the kinds of extract that it has.
        reader: ``module:class`` of the ``SourceReader`` that reads it, imported when it is needed.
    """

    extracts: ClassVar[tuple[type[ExtractDeclaration], ...]]
    reader: ClassVar[str]

    kind: str
    connection: str


def read_kind(declaration: type[ProfilePart]) -> str:
    """Return the value of ``kind`` that selects a declaration."""
    kind: Any = declaration.model_fields["kind"].annotation
    return str(kind.__args__[0])
