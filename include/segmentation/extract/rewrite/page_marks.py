"""``page(column)`` in a query: a mark that becomes the limits of a page, or true where there are no pages."""

from collections.abc import Callable

from sqlglot import exp

from include.segmentation.extract.rewrite.sql_nodes import set_where, split_conjuncts

_MARK = "segmentation_page"


def write_page_mark(column: str) -> str:
    """The SQL that stands for ``page(column)`` until the page is known."""
    return f"{_MARK}({column})"


def find_page_marks(tree: exp.Expr) -> list[exp.Anonymous]:
    """The marks in a tree."""
    return [node for node in tree.find_all(exp.Anonymous) if node.name == _MARK]


def fill_page_marks(tree: exp.Select, limits: Callable[[str], str]) -> str:
    """The SQL of a tree for one page, with the page's limits in place of every mark."""
    tree = tree.copy()
    for mark in find_page_marks(tree):
        mark.replace(exp.Var(this=f"({limits(mark.expressions[0].sql('mysql'))})"))
    return str(tree.sql("mysql", pretty=True, comments=False))


def drop_page_marks(tree: exp.Select) -> exp.Select:
    """A copy of a tree that reads all pages."""
    tree = tree.copy()
    for mark in find_page_marks(tree):
        mark.replace(exp.true())
    for select in tree.find_all(exp.Select):
        set_where(select, [part for part in split_conjuncts(select) if part.unnest() != exp.true()])
    return tree
