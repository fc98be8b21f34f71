"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.harness import Driver


@pytest.fixture
def drive(tmp_path):
    started: list[Driver] = []

    def start(*arguments: str, cwd: Path | None = None) -> Driver:
        driver = Driver(*arguments, cwd=cwd or tmp_path)
        started.append(driver)
        return driver

    yield start
    for driver in started:
        driver.end()
