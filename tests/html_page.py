"""A page of HTML, taken apart."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Every element with its attributes (empty without a value), and the text outside of style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.style = ""
        self._in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._in_style = tag == "style"

    def handle_endtag(self, _: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.style += data
        else:
            self.text += data

    def all(self, attribute: str) -> list[tuple[str, str]]:
        """Tag and value, wherever an element has this attribute."""
        return [(tag, a[attribute]) for tag, a in self.elements if attribute in a]
