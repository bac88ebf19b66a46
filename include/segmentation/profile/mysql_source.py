"""MySQL servers in a profile, and the tables and queries that are read from them."""

from typing import ClassVar, Literal

from pydantic import Field

from include.segmentation.profile.profile_part import DayHours, ProfilePart
from include.segmentation.profile.source_declaration import KeyedExtract, SourceDeclaration


class ReadPace(ProfilePart):
    """How gently a server is read.

    Attributes:
        page_seconds: the time that one page should take; the page size adapts to it.
        statement_seconds: a statement that runs longer is killed on the server.
        connections: the largest number of simultaneous connections of this user to the server.
        busy_threads: extraction pauses while more threads than this run on the server.
        first_load: the hours in which a first load may run, in the profile's time zone; by default all.
    """

    page_seconds: float = Field(default=1.5, gt=0, le=60)
    statement_seconds: int = Field(default=60, ge=1, le=3600)
    connections: int = Field(default=8, ge=2)
    busy_threads: int = Field(default=64, ge=1)
    first_load: DayHours | None = None


class _MySQLExtract(KeyedExtract):
    can_be_explained: ClassVar = True

    @property
    def can_be_reconciled(self) -> bool:
        """Whether it is read by a cursor; a snapshot is compared whole at every pull."""
        return self.mode != "snapshot"


class TableExtract(_MySQLExtract):
    """One MySQL table.

    Attributes:
        columns: the columns to read; by default all.
        mojibake: latin1 text columns that hold UTF-8 bytes, which are decoded as UTF-8.
    """

    kind: Literal["table"]
    table: str
    columns: list[str] | None = None
    mojibake: list[str] = Field(default_factory=list)

    @property
    def _subject(self) -> str:
        return f"table {self.table}"


class QueryExtract(_MySQLExtract):
    """One SELECT in ``sql/<profile>/extract/<query>``, written with window functions."""

    kind: Literal["query"]
    query: str

    @property
    def query_file(self) -> str:
        """The SELECT."""
        return self.query

    @property
    def _subject(self) -> str:
        return f"query {self.query}"


class MySQLSource(SourceDeclaration):
    """A MySQL or MariaDB server, from version 5.0 on.

    Attributes:
        zero_dates: what to do with 0000-00-00, 2025-02-30 and the like: ``stop`` the extract, or ``flag``: read NULL
            and keep the original text in the row's ``_zero_dates``.
    """

    extracts: ClassVar = (TableExtract, QueryExtract)
    reader: ClassVar = "include.segmentation.extract.mysql.mysql_reader:MySQLReader"

    kind: Literal["mysql"]
    zero_dates: Literal["stop", "flag"] = "stop"
    pace: ReadPace = ReadPace()
