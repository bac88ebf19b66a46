"""Render the template that lies beside a section's module."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.segmentation.report import formatting

_COMPONENTS = Path(__file__).parents[1] / "page"


def render_template(module_file: str, **values: Any) -> Markup:
    """Render the template that has a module's name and the ending ``.html.j2``.

    Args:
        module_file: the module's ``__file__``.
        values: what the template may use, besides the macros of ``components.html.j2``.
    """
    path = Path(module_file)
    template = _make_environment(path.parent).get_template(f"{path.stem}.html.j2")
    return Markup(template.render(**values))  # noqa: S704 - the environment escapes every value


@cache
def _make_environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, _COMPONENTS]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": formatting.format_count,
        "share": formatting.format_share,
        "fidelity": formatting.format_fidelity,
    }
    environment.globals["suppressed"] = formatting.SUPPRESSED
    return environment
