"""What every kind of source declares in a profile: its connection, its extracts, and how their rows lie in the lake."""

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
    """How the rows in an extract's change log belong together.

    Attributes:
        key: the columns that identify a row; for ``batches``, within one batch.
        kind: ``events`` never change: a correction is a deletion and a new row. Of ``versions``, the newest row of a
            key counts. ``batches`` are rewritten whole: of each ``batch_column``, the newest batch counts.
        time_column: when a row happened, if a column says so.
        batch_column: the column whose rows are written together.
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
        """How the rows of its change log belong together."""
        raise NotImplementedError

    @property
    def summary(self) -> str:
        """One phrase that describes it, such as ``table users of shop, merge by updated_at, key id``."""
        raise NotImplementedError

    @property
    def can_be_reconciled(self) -> bool:
        """Whether it can be compared with its source later, to find what the pulls missed."""
        return False

    @property
    def has_customers(self) -> bool:
        """Whether its rows are about single customers, so that SQL about customers may see them."""
        return True

    @property
    def settling_time(self) -> timedelta:
        """How long after a moment the source has everything that happened before it."""
        return timedelta(0)

    @property
    def query_file(self) -> str | None:
        """The file in ``sql/<profile>/extract`` that it needs."""
        return None

    def find_mistakes(self, extracts: Mapping[str, "ExtractDeclaration"]) -> Iterator[Mistake]:  # noqa: ARG002
        """Find what does not fit the profile's other extracts."""
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
            raise ValueError(f"cursor '{self.cursor}': mode snapshot reads everything every time; allowed is none")
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
