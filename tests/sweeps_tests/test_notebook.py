"""A sweep in a notebook: the live table changes in place, and results draw themselves."""

import os
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sweeps.api import BestTrial, open_sweep
from sweeps.records.best import Best
from sweeps.records.record import ReportRecord, State, SweepRecord, TrialRecord
from sweeps.views.best_line import best_line
from sweeps.views.html import live_html, record_html
from sweeps.views.notebook import in_notebook
from sweeps.views.sparkline import PLAIN, Sparkline, heights
from sweeps.views.standing import Standing
from tests.sweeps_tests.study_kit import run, sweep_config

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs/examples/notebook/digits.ipynb"


class Page(HTMLParser):
    """Tags that are opened and closed in order, and the text between them."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "path":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag == "path" or self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def rows(self):
        return sum(tag == "tr" for tag, _ in self.tags)


@pytest.fixture
def result(tmp_path):
    run(sweep_config(tmp_path, trials=14), tmp_path / "toy")
    return open_sweep(tmp_path / "toy")


def test_a_result_draws_its_best_trials_and_how_it_came_to_the_best(result):
    page = Page(result._repr_html_())
    text = " ".join(page.texts)
    assert page.texts[0] == "toy: finished, maximize score"
    for part in ("14 of 14 done", "14 finished", result.best.trial, "and 4 more", "best so far: from"):
        assert part in text
    assert any(tag == "svg" for tag, _ in page.tags)
    assert page.rows == 1 + 10 + sum(name in page.texts for name in ("trials", "best", "slots", "workers"))
    assert not any(tag in {"script", "style", "link", "img"} for tag, _ in page.tags)
    best = Page(result.best._repr_html_())
    assert best.texts[0] == f"{result.best.trial}: score={result.best.value:.6g}"
    assert repr(result.best.params["x"]) in best.texts
    assert isinstance(result.trials, tuple)


def test_a_moved_folder_still_draws_what_was_read(result, tmp_path):
    (tmp_path / "toy").rename(tmp_path / "other")
    assert "14 of 14 done" in result._repr_html_()


def test_whatever_a_sweep_holds_is_text():
    evil = "<script>alert('x')</script>&"
    trial = TrialRecord("t0001", {evil: evil}, State.RUNNING, None, (ReportRecord(1, {evil: 0.5}, 1, 0.0),))
    record = SweepRecord(evil, evil, "maximize", "running", (trial,))
    pages = [
        record_html(record, Standing.read(record)),
        live_html(Standing.read(record)),
        BestTrial(Path(), Best("t0001", {evil: evil}, evil, "maximize", 0.5, 1, evil, State.RUNNING))._repr_html_(),
    ]
    for html in pages:
        page = Page(html)
        assert not any(tag == "script" for tag, _ in page.tags)
        assert evil in " ".join(page.texts)


def test_colours_are_those_of_the_page(result):
    html = result._repr_html_() + result.best._repr_html_()
    assert "currentColor" in html
    for word in ("black", "#fff", "#000", "rgb(", "background-color"):
        assert word not in html


def test_the_line_goes_where_the_values_go():
    assert best_line([(0.0, 1.0)], 10.0) == ""
    drawn = best_line([(0.0, 0.5), (5.0, 0.75), (10.0, 1.0)], 20.0)
    assert 'd="M4.0 86.0H107.0 V45.0H210.0 V4.0H416"' in drawn
    assert "from 0.5 to 1 in 20 s" in drawn


def test_blocks_rise_and_fall_with_the_values():
    up = Sparkline([(0, 0.0), (10, 0.5), (20, 1.0)], 40)
    assert up.blocks(4)[0] < up.blocks(4)[-1]
    assert up.blocks(4)[-1] == "█"
    down = Sparkline([(0, 3.0), (10, 2.0), (30, 0.1)], 40).blocks(8)
    assert list(down) == sorted(down, reverse=True)
    assert set(up.blocks(6, plain=True)) <= set(PLAIN)
    assert heights([1e-6, 1e-3, 1.0]) == [0, 4, 7]  # so far apart that it is their logarithms
    assert heights([None, 2.0, 2.0]) == [None, 4, 4]


def test_only_a_kernel_is_a_notebook():
    assert not in_notebook()


@pytest.mark.ray
@pytest.mark.slow
def test_a_notebook_is_executed_and_its_output_kept(tmp_path, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("SWEEPWRIGHT_ARCHIVE", str(tmp_path / "archive"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "examples are kept without outputs"
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
    updates = []
    shown = client.process_message
    client.process_message = lambda message, *rest: updates.append(message["msg_type"]) or shown(message, *rest)
    client.execute()
    kept = ROOT / "artifacts"
    kept.mkdir(exist_ok=True)
    nbformat.write(notebook, kept / "notebook.ipynb")

    run_cell, result_cell, best_cell, frame_cell = (cell for cell in notebook.cells if cell.cell_type == "code")
    tables = [output.data["text/html"] for output in run_cell.outputs if "text/html" in output.get("data", {})]
    assert len(tables) == 1  # one output, changed in place
    assert updates.count("update_display_data") > 2
    assert "8 of 8 done" in " ".join(Page(tables[0]).texts)
    assert "notebook: finished, maximize accuracy" in result_cell.outputs[0].data["text/html"]
    assert "accuracy=" in best_cell.outputs[0].data["text/html"]
    assert "params.learning_rate" in frame_cell.outputs[0].data["text/html"]
    assert "Traceback" not in str(notebook.cells)
