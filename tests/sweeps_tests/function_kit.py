"""Training functions written down in a test, as tasks for a worker."""

from __future__ import annotations

import textwrap
import threading

import pytest

from sweeps import session


@pytest.fixture
def task(tmp_path, request):
    """A task for the function ``train`` of the source given; no thread of it outlives the test."""

    def make(source: str, **settings) -> dict:
        name = f"own_{request.node.name.split('[')[0]}_{len(list(tmp_path.glob('*.py')))}"
        (tmp_path / f"{name}.py").write_text("import sweeps\n" + textwrap.dedent(source))
        return {
            "function": f"{name}:train",
            "base": str(tmp_path),
            "folder": str(tmp_path / "trial"),
            "settings": settings,
            "metric": "score",
            "goal": "maximize",
        }

    yield make
    assert session.current() is None
    for thread in threading.enumerate():
        if thread.name.startswith("train-"):  # one that ignored its stop puts its process in order when it ends
            thread.join(20)
            assert not thread.is_alive()
