"""``page(column)`` in a query: a mark until the page is known, and true where there are no pages."""

from collections.abc import Callable

from sqlglot import exp

from include.segmentation.extract.rewrite.sql_nodes import set_where, split_conjuncts

_PAGE = "segmentation_page"


def write_page_mark(column: str) -> str:
    """What stands in the text of a query for ``page(column)``."""
    return f"{_PAGE}({column})"


def find_page_marks(tree: exp.Expr) -> list[exp.Anonymous]:
    """The marks in a tree."""
    return [node for node in tree.find_all(exp.Anonymous) if node.name == _PAGE]


def fill_page_marks(tree: exp.Select, limits: Callable[[str], str]) -> str:
    """The text of a tree for one page: every mark becomes the page's limits."""
    tree = tree.copy()
    for mark in find_page_marks(tree):
        mark.replace(exp.Var(this=f"({limits(mark.expressions[0].sql('mysql'))})"))
    return str(tree.sql("mysql", pretty=True, comments=False))


def drop_page_marks(tree: exp.Select) -> exp.Select:
    """A copy of a tree where ``page()`` leaves nothing out."""
    tree = tree.copy()
    for mark in find_page_marks(tree):
        mark.replace(exp.true())
    for select in tree.find_all(exp.Select):
        kept = [condition for condition in split_conjuncts(select) if condition.unnest() != exp.true()]
        set_where(select, kept)
    return tree
