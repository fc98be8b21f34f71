"""A sweep's live table in a notebook, by IPython's own display handles."""

from __future__ import annotations

import sys
from html import escape
from typing import Any

from sweeps.views.html import TEXT, live_html
from sweeps.views.standing import Standing


def in_notebook() -> bool:
    """Whether this runs in an IPython kernel: a shell in a terminal has none, and whoever imports IPython neither."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class NotebookScreen:
    """One output of the cell that is replaced as the sweep goes on; notes stand above it."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._notes: list[str] = []
        self._drawn = ""

    def start(self) -> None:
        """The output is made, still empty."""
        from IPython.display import HTML, display

        self._handle = display(HTML(""), display_id=True)

    def live(self, standing: Standing) -> str:
        """What is drawn."""
        return live_html(standing)

    def draw(self, view: str) -> None:
        """Replaces the output, if it is another one."""
        from IPython.display import HTML

        notes = "".join(f'<div style="{TEXT} opacity: .65;">{escape(note)}</div>' for note in self._notes)
        if self._handle is not None and notes + view != self._drawn:
            self._drawn = notes + view
            self._handle.update(HTML(self._drawn))

    def above(self, text: str) -> None:
        """A line that stays; drawn with what comes next."""
        self._notes.append(text)

    def close(self) -> None:
        """The output stays as it is."""
