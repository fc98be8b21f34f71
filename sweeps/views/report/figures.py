"""The frame of every figure: what it shows in words, its controls, its place, and its data as a table."""

from __future__ import annotations

from collections.abc import Sequence

from sweeps.views.report.markup import Child, Html, tag


def section(id: str, title: str, *children: Child) -> Html:
    """A part of the page under a heading of its own."""
    return tag("section", tag("h2", title, id=f"{id}-title"), *children, id=id, aria_labelledby=f"{id}-title")


def said(sentence: str) -> Html:
    """The conclusion, above the figure."""
    return tag("p", sentence_of(sentence), class_="said")


def sentence_of(text: str) -> str:
    """With a capital, unless it begins with a name that has digits (``t0007``), and with a full stop."""
    begun = text[:1].upper() + text[1:] if text.split(" ", 1)[0].isalpha() else text
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def plot(id: str, alt: str, *, tall: str = "", kind: str = "img") -> Html:
    """Where a script draws; ``alt`` says what, and what follows from it."""
    return tag("div", id=f"plot-{id}", class_=f"plot {tall}".strip(), role=kind, aria_label=alt)


def figure(*children: Child) -> Html:
    """A figure."""
    return tag("figure", *children)


def folded(title: str, *children: Child, id: str | None = None, class_: str | None = None) -> Html:
    """What is there on demand; open on paper."""
    return tag("details", tag("summary", title), *children, id=id, class_=class_)


def later(id: str, title: str = "Data of this figure") -> Html:
    """A data table that a script fills in when it is opened."""
    return tag("details", tag("summary", title), class_="data-table", data_table=id)


def choose(id: str, label: str, options: list[tuple[str, str]], chosen: str) -> Html:
    """A labelled choice of one."""
    inner = [tag("option", text, value=value, selected=value == chosen) for value, text in options]
    return tag("span", tag("label", label, for_=id), tag("select", inner, id=id), class_="control")


def note(*children: Child) -> Html:
    """Small print."""
    return tag("p", *children, class_="note")


def caution(texts: Sequence[str]) -> Html | None:
    """What to beware of, in plain words."""
    if not texts:
        return None
    return tag("div", tag("strong", "Caution"), tag("ul", [tag("li", text) for text in texts]), class_="caution")
