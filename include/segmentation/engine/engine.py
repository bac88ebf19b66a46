"""What every engine can do. Callers know this protocol only, not the engine behind it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import pyarrow as pa

Parameters = Mapping[str, Any] | Sequence[Any]


class EngineError(Exception):
    """A statement failed.

    Attributes:
        is_data_error: whether the values in the data caused the failure; otherwise the SQL itself is wrong.
    """

    def __init__(self, message: str, *, is_data_error: bool) -> None:
        super().__init__(message)
        self.is_data_error = is_data_error


class QueryResult(ABC):
    """The rows that a statement returns. Read them before the engine runs the next statement."""

    @abstractmethod
    def fetch_row(self) -> tuple[Any, ...] | None:
        """Return the next row, or None if there is none."""

    @abstractmethod
    def fetch_rows(self) -> list[tuple[Any, ...]]:
        """Return all rows."""

    @abstractmethod
    def fetch_table(self) -> "pa.Table":
        """Return all rows as an Arrow table."""

    @abstractmethod
    def stream_batches(self, batch_rows: int) -> "pa.RecordBatchReader":
        """Return a reader that gives the rows in batches of at most ``batch_rows``."""


class Engine(ABC):
    """A private database that runs SQL. Nothing in it outlives it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close the engine and drop everything in it."""

    @abstractmethod
    def execute(self, sql: str, parameters: Parameters | None = None) -> QueryResult:
        """Run one statement.

        Raises:
            EngineError: the statement fails.
        """

    @abstractmethod
    def register_table(self, name: str, table: "pa.Table") -> None:
        """Make an Arrow table readable under a name."""

    @abstractmethod
    def drop_registered(self, name: str) -> None:
        """Forget a registered Arrow table."""

    @abstractmethod
    def create_view(self, name: str, select: str) -> None:
        """Create a view, or replace the one of that name."""

    @abstractmethod
    def create_table(self, name: str, select: str) -> dict[str, str]:
        """Run one SELECT into a temporary table, or replace the one of that name.

        Returns:
            The type of every column, by name, in order.

        Raises:
            EngineError: the text is not exactly one SELECT, or it fails.
        """

    @abstractmethod
    def describe_table(self, name: str) -> dict[str, str]:
        """Return the type of every column of a table or view, by name, in order."""
