"""The cleaning steps that a sweep file can name: what each does to one text, or to the rows of a split."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from trainer.errors import ConfigError, suggest

# Up to white space, without the punctuation that closes the sentence or the bracket it stands in.
_URL = re.compile(r"""(?<!\w)(?:https?://|www\.)\S*[^\s.,;:!?)\]}"'>]""", re.IGNORECASE)
_FORMS = ("NFC", "NFKC", "NFD", "NFKD")
_UNSHOWN = ("script", "style")
# Tags that browsers begin a new line at: without a space there the words beside them would become one.
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav "
        "ol p pre section table td th tr ul",
    )
)

DROPPING = ("drop_empty", "drop_duplicates", "drop_test_overlap", "drop_validation_overlap")
"""Steps that leave rows out: of those given as train, never of what is measured."""


@dataclass(frozen=True)
class Step:
    """One step: its name, and what it does to a text; ``None`` where it leaves out rows instead."""

    name: str
    change: Callable[[str], str] | None = None


def strip_urls(text: str) -> str:
    """Without ``http://...``, ``https://...`` and ``www....``, each up to white space."""
    return _URL.sub("", text)


def strip_html(text: str) -> str:
    """The text of HTML as Python's ``html.parser`` reads it: no tags, comments, scripts and styles; ``&amp;`` is ``&``.

    A tag that begins a new line in a browser (``<br>``, ``<p>``, ...) leaves a space.
    """
    if "<" not in text and "&" not in text:
        return text
    parser = _Shown()
    parser.feed(text)
    parser.close()
    return "".join(parser.pieces)


def whitespace(text: str) -> str:
    """Any run of white space as one space, none at the ends."""
    return " ".join(text.split())


_TEXT_STEPS: Mapping[str, Callable[[str], str]] = {
    "strip_urls": strip_urls,
    "strip_html": strip_html,
    "lower": str.lower,
    "whitespace": whitespace,
}
NAMES = (*_TEXT_STEPS, "unicode", *DROPPING)


def parse(named: Iterable[object]) -> tuple[Step, ...]:
    """The steps by the names of a sweep file; ``unicode`` is NFC, ``{unicode: NFKC}`` another of Unicode's forms.

    Raises:
        ConfigError: a step that there is not, or one twice.
    """
    steps = tuple(_step(one) for one in named)
    names = [step.name for step in steps]
    twice = next((name for name in names if names.count(name) > 1 and name in DROPPING), None)
    if twice:
        raise ConfigError("data.clean", f"{twice} stands there twice", "once is enough")
    return steps


def text_function(named: Iterable[object]) -> Callable[[str], str]:
    """All that these steps do to one text, for texts at prediction."""
    changes = [step.change for step in parse(named) if step.change is not None]

    def clean(text: str) -> str:
        for change in changes:
            text = change(text)
        return text

    return clean


def _step(named: object) -> Step:
    name, argument = next(iter(named.items())) if isinstance(named, Mapping) and len(named) == 1 else (named, None)
    if name not in NAMES:
        raise ConfigError("data.clean", f"there is no cleaning step {name!r}", suggest(name, NAMES, always=True))
    if name == "unicode":
        form = "NFC" if argument is None else str(argument)
        if form not in _FORMS:
            raise ConfigError("data.clean", f"Unicode has no form {form!r}", suggest(form, _FORMS))
        return Step("unicode", lambda text: unicodedata.normalize(form, text))  # type: ignore[arg-type]
    if argument is not None:
        raise ConfigError("data.clean", f"{name} takes nothing, got {argument!r}", f"write {name} alone")
    return Step(str(name), _TEXT_STEPS.get(str(name)))


class _Shown(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unshown = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._unshown += tag in _UNSHOWN
        if tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._unshown = max(0, self._unshown - (tag in _UNSHOWN))
        if tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._unshown:
            self.pieces.append(data)
