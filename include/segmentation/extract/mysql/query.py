"""Extracts of kind ``query``: the profile's SELECT, or its variant for servers without window functions."""

from pathlib import Path

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from include.segmentation.errors import SourceError
from include.segmentation.extract.mysql.keyset import Limits, Source
from include.segmentation.extract.mysql.server import Version

WITHOUT_WINDOWS = ".mysql5.sql"


def query_file(sql: Path, version: Version) -> Path:
    """The file that this server can run: ``x.sql``, or ``x.mysql5.sql`` where it has no window functions.

    Raises:
        SourceError: the server needs the variant and there is none.
    """
    if version.has_window_functions:
        return sql
    variant = sql.with_suffix(WITHOUT_WINDOWS)
    if not variant.is_file():
        number = ".".join(str(part) for part in version.number)
        raise SourceError(f"{version.flavour} {number} may have no window functions; {variant} is missing")
    return variant


def query_source(path: Path) -> Source:
    """A query as something to select from.

    The file may write ``{{ page("v.visited_at") }}`` where rows outside the page's range of the cursor can be left
    out early; it must give the same rows for the page without it.

    Raises:
        SourceError: the file is not a valid template.
    """
    try:
        environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        template = environment.from_string(path.read_text("utf-8"))
    except TemplateError as error:
        raise SourceError(f"{path}: not a valid template: {error}") from None

    def derived(limits: Limits) -> str:
        try:
            rendered = template.render(page=lambda cursor: f"({limits(cursor)})")
        except TemplateError as error:
            raise SourceError(f"{path}: {error}; allowed is page(column)") from None
        return f"({rendered.strip().rstrip(';')}\n) AS `rows_of_query`"

    return derived
