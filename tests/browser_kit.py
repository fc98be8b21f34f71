"""A real browser for pages: what it complains of and asks for, pictures for CI, and contrast."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ARTIFACTS = Path(__file__).parents[1] / "artifacts"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# The least contrast of any text with what is behind it, by WCAG 2.2, and whose it is.
_CONTRAST = """() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[0-9.]+/g).map(Number);
    return { rgb: [r, g, b], a };
  };
  const light = (rgb) => {
    const linear = (one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((one) => linear(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const found = parse(getComputedStyle(one).backgroundColor);
      if (found.a > 0.5) return found.rgb;
    }
    return [255, 255, 255];
  };
  const silent = ["SCRIPT", "STYLE", "NOSCRIPT", "OPTION"];
  let worst = [99, ""];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || silent.includes(element.tagName) || !element.checkVisibility({ checkOpacity: true })) continue;
    const style = getComputedStyle(element), svg = element instanceof SVGElement;
    if (svg && element.closest(".hoverlayer, .modebar")) continue;
    const fore = light(parse(svg ? style.fill : style.color).rgb);
    const [a, b] = [fore, light(behind(svg ? element.closest("div") : element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst[0]) worst = [ratio, `${element.tagName}: ${element.textContent.slice(0, 60)}`];
  }
  return worst;
}"""


def browser_or_skip() -> str:
    """The path of the browser."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser here: none of {', '.join(_BROWSERS)} is installed")
    return found


@dataclass
class Tab:
    """A page that was opened: ``complaints`` of the console and of scripts, ``requests`` to anywhere but its file."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: Path) -> Tab:
        """Open a report, and wait until all of it is drawn."""
        self.page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda asked: self.requests.append(asked.url))
        self.page.goto(path.as_uri())
        self.drawn()
        return self

    def drawn(self) -> None:
        """Wait until all is drawn."""
        self.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)

    @property
    def outside(self) -> list[str]:
        """Requests that leave the file."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]

    def contrast(self) -> tuple[float, str]:
        """The least of any text, and which."""
        worst, where = self.page.evaluate(_CONTRAST)
        return worst, where

    def picture(self, name: str) -> None:
        """Of the whole page, kept for CI."""
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


@contextlib.contextmanager
def tab(*, width: int = 1600, scheme: str = "light") -> Iterator[Tab]:
    """An empty one."""
    from playwright.sync_api import sync_playwright

    browser = browser_or_skip()
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        try:
            yield Tab(started.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme))
        finally:
            started.close()
