"""Read a page as a person would: its tables by caption, its text without markup."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Tables as lists of rows of text (every dash and minus as -), and everything readable as one text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.links: list[str] = []
        self.ids: list[str] = []
        self.styles: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self._caption: str | None = None
        self._rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self._silent = 0
        self.feed(page)

    def table(self, caption: str) -> list[list[str]]:
        (table,) = [rows for name, rows in self.tables.items() if caption in name]
        return table

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            {"href": self.links, "src": self.links, "xlink:href": self.links, "id": self.ids, "style": self.styles}.get(
                name, []
            ).append(value or "")
        if tag in ("style", "script"):
            self._silent += 1
        if tag == "caption":
            self._caption, self._rows = "", []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._cell = []
        elif tag in ("small", "li", "br", "dd", "p"):
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._silent -= 1
        if tag == "caption" and self._caption is not None:
            self.tables[self._caption], self._caption = self._rows, None
        elif tag in ("td", "th") and self._cell is not None:
            text = " ".join("".join(self._cell).split())
            self._rows[-1].append(text.replace("\N{EN DASH}", "-").replace("\N{MINUS SIGN}", "-"))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        self.text += data
        if self._caption is not None:
            self._caption += data
        if self._cell is not None:
            self._cell.append(data)
