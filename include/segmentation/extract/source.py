"""The protocol of a source: what the extract stage needs of MySQL, Google Analytics 4, or any other kind.

``profile/sources.py`` registers the kinds. Each names its reader, which is imported when it is needed: Google's client
takes seconds to import.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from include.segmentation.errors import ProfileError
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile import Profile
from include.segmentation.profile.source_declaration import ExtractDeclaration, SourceDeclaration
from include.segmentation.profile.sources import find_source_kind
from include.segmentation.run import Run

DescribeExtract = Callable[[str, pa.Schema], None]
"""Takes the name of an extract and the columns it will have in the lake."""


class SourceReader(ABC):
    """Reads one kind of source. The declaration of an extract says whether it can be reconciled and explained."""

    @abstractmethod
    def pull_extract(self, run: Run, name: str) -> dict[str, Any]:
        """Write what is new into the extract's change log and move its state on; the caller holds the writer's lock.

        Returns:
            At least ``rows_read``, ``rows_written`` and ``pages``.
        """

    @abstractmethod
    def check_source(self, profile: Profile, source: str, describe: DescribeExtract) -> Iterator[Mistake]:
        """Ask a source for what its extracts need: the connection, columns, cursor, key.

        Args:
            profile: a valid profile.
            source: the name of one of its sources.
            describe: called for each extract of the source that is right.

        Raises:
            SegmentationError: the source cannot be reached or refuses the login.
        """

    def reconcile_extract(self, run: Run, name: str) -> dict[str, Any]:
        """Compare a change log with its source and correct the log; the caller holds the writer's lock.

        Returns:
            What ``reconcile_extract`` of the stage returns, without ``extract`` and ``seconds``.
        """
        raise NotImplementedError

    def explain_extract(self, profile: Profile, name: str) -> str:
        """Show the requests that the source gets, and why."""
        raise NotImplementedError

    def check_query_file(self, path: Path) -> Iterator[str]:  # noqa: ARG002
        """Find what is wrong in the file of a query, as far as can be seen without the source."""
        yield from ()


def load_reader(kind: SourceDeclaration | type[SourceDeclaration]) -> SourceReader:
    """Import the reader of a kind of source."""
    module, _, name = kind.reader.partition(":")
    reader: SourceReader = getattr(import_module(module), name)()
    return reader


def find_reader(extract: ExtractDeclaration) -> SourceReader:
    """Import the reader of a kind of extract."""
    return load_reader(find_source_kind(extract.kind))


def require_extract(
    profile: Profile, name: str, is_allowed: Callable[[ExtractDeclaration], bool]
) -> ExtractDeclaration:
    """Return the declaration of an extract.

    Raises:
        ProfileError: the profile has no such extract, or it is not allowed here.
    """
    allowed = {each: declared for each, declared in profile.extracts.items() if is_allowed(declared)}
    if name not in allowed:
        raise ProfileError(f"{profile.path}: extract '{name}'; allowed: {', '.join(allowed) or 'none'}")
    return allowed[name]


def explain_extract(profile: Profile, name: str) -> str:
    """Show the requests that an extract's source gets, and why.

    Raises:
        ProfileError: the profile has no such extract, or its source has nothing to show.
        SourceError: the source or a file does not have what the profile asks for.
    """
    declared = require_extract(profile, name, lambda extract: extract.can_be_explained)
    return find_reader(declared).explain_extract(profile, name)
