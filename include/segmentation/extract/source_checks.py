"""Check a profile's extracts without pulling a row: does each source have what the profile asks for?"""

from collections.abc import Iterator

from include.segmentation.errors import SegmentationError
from include.segmentation.extract.source import DescribeExtract, find_reader, load_reader
from include.segmentation.profile.mistakes import Mistake
from include.segmentation.profile.profile import Profile


def check_queries(profile: Profile) -> Iterator[str]:
    """Find what is wrong in the files of queries, as far as can be seen without a server."""
    for declared in profile.extracts.values():
        path = profile.sql_dir / "extract" / declared.query_file if declared.query_file else None
        if path and path.is_file():  # a missing file is a mistake of the profile's
            yield from find_reader(declared).check_query_file(path)


def check_sources(profile: Profile, describe: DescribeExtract) -> Iterator[Mistake]:
    """Ask every source for what the profile expects of it.

    Args:
        profile: a valid profile.
        describe: called for each extract that is right.
    """
    for name, declared in profile.sources.items():
        try:
            yield from load_reader(declared).check_source(profile, name, describe)
        except SegmentationError as error:
            yield Mistake(("sources", name, "connection"), str(error))
