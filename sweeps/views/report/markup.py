"""HTML as nested calls; every text that is not `Html` already is escaped."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

_VOID = frozenset({"meta", "input", "link", "br"})


class Html(str):
    """Text that is markup already."""


Child = str | None | Iterable["Child"]


def tag(name: str, /, *children: Child, **attributes: str | bool | int | None) -> Html:
    """An element. ``class_``, ``for_`` and ``aria_label`` are ``class``, ``for`` and ``aria-label``; an attribute that
    is ``True`` has no value, one that is ``None`` or ``False`` is left out."""
    said = "".join(
        f" {_name(key)}" if value is True else f' {_name(key)}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{said}>" if name in _VOID else f"<{name}{said}>{join(children)}</{name}>")


def join(children: Child) -> Html:
    """Several, in order."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(html.escape(children, quote=False))
    return Html("".join(join(child) for child in children))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, *, numbers: Iterable[int] = ()) -> Html:
    """A table; the first cell of a row is its heading, and the columns ``numbers`` are set to the right."""
    right = set(numbers)

    def cell(place: int, text: str) -> Html:
        kind = "number" if place in right else None
        return tag("th", text, scope="row", class_=kind) if place == 0 else tag("td", text, class_=kind)

    head = [tag("th", text, scope="col", class_="number" if i in right else None) for i, text in enumerate(heads)]
    body = [tag("tr", [cell(i, text) for i, text in enumerate(row)]) for row in rows]
    inner = tag("table", tag("caption", caption), tag("thead", tag("tr", head)), tag("tbody", body))
    return tag("div", inner, class_="scroll", tabindex=0, role="region", aria_label=caption)


def data_block(id: str, value: Any) -> Html:
    """JSON for scripts; nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Browsers look for "</script" and "<!--" only, and U+2028 and U+2029 are line ends to old ones.
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return tag("script", Html(text), type="application/json", id=id)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
