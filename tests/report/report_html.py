"""Reads a page back as a strict reader would: every tag closed in order, with its words, resources, ids and rows."""

from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})
FETCHES = frozenset({"src", "srcset", "data", "poster", "action", "background", "xlink:href"})


class PageReader(HTMLParser):
    """Collects what the tests ask about, and complains where tags do not nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.references: list[str] = []
        self.rows: dict[str, list[list[str]]] = {}
        self.words: list[str] = []
        self.svg_words: list[str] = []
        self._table = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.fetched += [value for name, value in given.items() if name in FETCHES]
        self.references += given.get("aria-labelledby", "").split()
        if tag == "table":
            self._table = given["id"].removeprefix("table-")
            self.rows[self._table] = []
        elif tag == "tr":
            self.rows[self._table].append([])
        elif tag in ("td", "th"):
            self.rows[self._table][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> inside <{self.open[-1]}> at {self.getpos()}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] == "style":
            return
        if self.open[-1] in ("td", "th"):
            self.rows[self._table][-1][-1] += data
        if "svg" in self.open:
            self.svg_words.append(data.strip())
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read_page(content: str) -> PageReader:
    """Parse a page to its end and check that nothing was left open."""
    reader = PageReader()
    reader.feed(content)
    reader.close()
    assert reader.open == []
    return reader
