"""`sweeps report`: the page of every kind of sweep, Markdown, CSV, and a file that is written again."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from sweeps.api import open_sweep
from sweeps.errors import InputError
from sweeps.records.confirmation import Candidate, Comparison, Confirmation, Look, Repeat
from sweeps.records.ledger import Ledger
from sweeps.take_home.report import report_text, watch_report, write_report
from tests.sweeps_tests.extension_kit import ended, extend, first
from tests.sweeps_tests.report_kit import ASHA, recorded, told

NASTY = "<script>alert(1)</script>"
HEADINGS = [
    "The answer",
    "Best score over budget",
    "Learning curves",
    "Parallel coordinates",
    "Importance of each parameter",
    "Slices",
    "Contours",
    "Cost",
    "Pareto front",
    "All trials",
    "Data",
    "Environment",
]


class Page(HTMLParser):
    """Headings in order, ids, what refers to them, and the elements without a name for those who cannot see them."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.ids, self.refers, self.nameless, self.landmarks, self.outside = [], [], [], [], [], []
        self._heading = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in {"h1", "h2", "h3"}:
            self._heading = [tag, ""]
        if "id" in found:
            self.ids.append(found["id"])
        self.refers += [found[name].lstrip("#") for name in ("aria-labelledby", "for") if name in found]
        if found.get("href", "").startswith("#"):
            self.refers.append(found["href"][1:])
        if found.get("role") in {"img", "region", "group", "search"} and not found.get("aria-label"):
            self.nameless.append(found)
        if tag in {"header", "nav", "main", "footer"}:
            self.landmarks.append(tag)
        self.outside += [found[name] for name in ("src", "href") if found.get(name, "#")[0] != "#"]

    def handle_endtag(self, tag):
        if self._heading and tag == self._heading[0]:
            self.headings.append(tuple(self._heading))
            self._heading = None

    def handle_data(self, text):
        if self._heading:
            self._heading[1] += text


def without_library(page):
    return re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "", page, flags=re.S)


def checked(folder):
    """The page of a sweep, after the checks that every page passes."""
    text = report_text(folder)
    assert len(text) < 6_000_000
    own = without_library(text)
    assert len(own) < len(text) - 3_000_000, "the library is in the file"
    page = Page(own)
    assert [tag for tag, _ in page.headings].count("h1") == 1
    levels = [int(tag[1]) for tag, _ in page.headings]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), "a level is left out"
    assert len(page.ids) == len(set(page.ids))
    assert set(page.refers) <= set(page.ids)
    assert page.nameless == []
    assert page.outside == []
    assert page.landmarks == ["header", "nav", "main", "footer"]
    assert "nan" not in re.findall(r'id="payload">(.*?)</script>', own, re.S)[0].lower()
    return own, page


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return told(tmp_path_factory.mktemp("asha"), lambda p, n: p["x"] * (1 - 0.5**n), early_stopping=ASHA, trials=16)


def test_the_page_answers_in_this_order(folder):
    own, page = checked(folder)
    assert [text for tag, text in page.headings if tag == "h2"] == HEADINGS
    best = open_sweep(folder).best
    assert f"{best.value:.6g}" in own
    assert f'href="#trial-{best.trial}"' in own
    assert 'http-equiv="refresh"' not in own


def test_every_figure_is_described_and_has_its_data_as_a_table(folder):
    own, _ = checked(folder)
    plots = re.findall(r'<div id="plot-([^"]+)"[^>]*aria-label="([^"]+)"', own)
    drawn = "course curves parallel importance slice-0 slice-1 contour cost front-seconds front-trainable"
    assert [id for id, _ in plots] == drawn.split()
    assert all(re.search(r"\d", text) for _, text in plots), "each says what comes out"
    for section in re.findall(r"<section .*?</section>", own, re.S):
        if 'class="plot' in section:
            assert "Data of this figure" in section


def test_nothing_that_people_named_is_markup(tmp_path):
    settings = {
        "parameters": {"x": {"min": 0, "max": 1}, "c": {"values": [NASTY, "a\"b'c", "\u2028&amp;"]}},
        "trials": 12,
    }
    found = told(tmp_path, lambda p, n: p["x"], **settings)
    own, _ = checked(found)
    assert NASTY not in own
    assert own.count("<script") == 2  # the data and ours
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in own
    payload = re.findall(r'id="payload">(.*?)</script>', own, re.S)[0]
    assert "<" not in payload
    assert json.loads(payload)["params"][1]["choices"][0] == NASTY
    text = report_text(found, "md")
    assert "<script" not in text.split("```yaml")[0]


def test_no_script_runs_but_those_of_the_page(folder):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', report_text(folder)).group(1)
    assert "default-src &#x27;none&#x27;" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert policy.count("sha256-") == 2


def diverging(params, number):
    return None if params["x"] > 0.5 else 1e30 * params["x"]


UNIT = {"min": 0.0, "max": 1.0}
CHOICES = {"k": [1, 2], "c": ["a", None, [1, 2]]}
CONDITIONAL = {"x": UNIT, "o": ["a", "b"], "m": {**UNIT, "when": {"o": "b"}}}
NORMAL = {kind: {"distribution": kind, "mu": 0, "sigma": 1} for kind in ("normal", "log_normal")}
BOUND = {"name": "score", "goal": "maximize", "require": {"loss": {"max": -9}}}
KINDS = {
    "nothing reported": ({"most": 0, "end": False}, lambda p, n: 0.0),
    "one trial": ({"trials": 1}, lambda p, n: p["x"]),
    "minimised": ({"metric": {"name": "score", "goal": "minimize"}}, lambda p, n: p["x"]),
    "failed only": ({}, lambda p, n: None),
    "broken off": ({"end": False, "most": 5}, lambda p, n: p["x"]),
    "huge values and failures": ({}, diverging),
    "choices only": ({"parameters": CHOICES, "trials": 6}, lambda p, n: p["k"]),
    "one parameter": ({"parameters": {"x": UNIT}}, lambda p, n: p["x"]),
    "conditional": ({"parameters": CONDITIONAL, "trials": 14}, lambda p, n: p["x"] + p.get("m", 0.0)),
    "normal": ({"parameters": NORMAL}, lambda p, n: p["normal"]),
    "all alike": ({"trials": 12}, lambda p, n: 0.5),
    "nothing fits": ({"metric": BOUND}, lambda p, n: 0.5),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sweep_has_a_page_and_the_rest(tmp_path, kind):
    settings, value = KINDS[kind]
    found = told(tmp_path, value, **settings)
    own, _ = checked(found)
    assert "The answer" in own
    for format in ("md", "csv"):
        assert report_text(found, format).count("\n") > 0
    if kind in {"nothing reported", "failed only", "nothing fits"}:
        assert re.search(r"No (trial|report)", own)


def test_an_extended_sweep_marks_what_lies_outside(tmp_path):
    ended(first(tmp_path, trials=12), tmp_path)
    extend(tmp_path, "parameters.x={min: 0.0, max: 0.5}", "trials=+2")
    found = tmp_path / "sweep"
    own, _ = checked(found)
    assert ">earlier</td>" in own
    rows = list(csv.DictReader(io.StringIO(report_text(found, "csv"))))
    assert any(row["outside"] for row in rows)


def test_a_copy_that_wins_has_no_command_and_its_curve_begins_at_its_parents(tmp_path):
    found = told(tmp_path, lambda p, n: p["x"], trials=3)
    with Ledger.open(found, create=False) as ledger:
        parent = {"trial": "t0001", "report": 2, "progress": 0.5, "replaces": None}
        ledger.append("trial", trial="t0004", params={"x": 0.5, "k": 1}, parent=parent)
        ledger.append("state", trial="t0004", state="running", attempt=1, reason=None)
        ledger.append("report", trial="t0004", attempt=1, report=3, metrics={"score": 2.0}, progress=0.75)
        ledger.append("state", trial="t0004", state="finished", attempt=1, reason=None, seconds=1.0)
    own, _ = checked(found)
    assert "no single training gives it" in own
    assert "sweeps train" not in own
    payload = json.loads(re.findall(r'id="payload">(.*?)</script>', own, re.S)[0])
    assert payload["curves"][3][0] == [2, 3]
    assert ">t0001@2</td>" in own


def test_a_confirmation_stands_in_the_answer_and_by_itself(tmp_path):
    found = told(tmp_path, lambda p, n: p["x"], trials=12)
    best = open_sweep(found).best
    other = next(trial.id for trial in open_sweep(found).trials if trial.id != best.trial)
    seeds = tuple(Repeat(seed, 0.9 + seed / 100) for seed in range(3))
    candidates = (Candidate(best.trial, 1, best.value, seeds, 0.91, 0.006), Candidate(other, 1, 0.5, seeds, 0.8, 0.01))
    compared = (Comparison(other, 3, 0.11, 0.05, 0.17, 0.95, 0.01, 0.01),)
    with Ledger.open(found, create=False) as ledger:
        ledger.append("confirmed", **Confirmation(1, 2, (0, 1, 2), candidates, compared, 0.05).fields())
        ledger.append("tested", **Look(1, best.trial, best.found.report, "", {"score": 0.876}, 99).fields())
    own, page = checked(found)
    assert "0.91 ± 0.006" in own
    assert "Confirmation" in [text for _, text in page.headings]
    assert "score=0.876 on 99 rows" in own
    assert "## Confirmation" in report_text(found, "md")


def test_markdown_has_the_same_order_in_tables(folder):
    text = report_text(folder, "md")
    heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert heads == [
        "The answer", "Best score over budget", "Learning curves", "Importance of each parameter", "Slices", "Cost",
        "Pareto front: score against device seconds", "Pareto front: score against parameters that train", "All trials",
        "Environment",
    ]  # fmt: skip
    assert text.startswith("# toy\n")
    table = text[text.index("## All trials") :].split("\n\n")[2].splitlines()
    assert len(table) == 2 + 16
    assert len({line.count(" | ") for line in table}) == 1


def test_csv_has_a_row_for_each_trial_with_all_that_it_came_to(folder):
    rows = list(csv.DictReader(io.StringIO(report_text(folder, "csv"))))
    result = open_sweep(folder)
    assert [row["trial"] for row in rows] == [trial.id for trial in result.trials]
    for row, trial in zip(rows, result.trials, strict=True):
        assert float(row["params.x"]) == trial.params["x"]
        best = trial.best("score", "maximize")
        assert float(row["best.score"]) == best.metrics["score"]
        assert float(row["last.loss"]) == trial.reports[-1].metrics["loss"]
        assert (row["state"], row["reason"]) == (trial.state.value, trial.reason.code)


def test_the_command_writes_a_file_or_prints(cli, folder, tmp_path):
    said = cli("report", str(folder), "-o", str(tmp_path / "here.html"))
    assert (said.code, said.out.strip()) == (0, f"the report is in {tmp_path / 'here.html'}")
    assert (tmp_path / "here.html").read_text("utf-8").startswith("<!doctype html>")
    assert cli("report", str(folder), "--format", "md").out.startswith("# toy")
    assert cli("report", str(folder), "--format", "csv").out.startswith("trial,state,reason")
    assert not list(tmp_path.glob(".*")), "nothing half-written is left"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--format", "pdf"), "--format: no format 'pdf'; choose html, md, csv"),
        (("--format", "md", "--watch"), "--watch: writes a file again and again; name one by -o"),
        (("-o", "no/such/folder/x.html"), "cannot be written"),
    ],
)
def test_bad_input_is_one_line(cli, folder, arguments, complaint):
    said = cli("report", str(folder), *arguments)
    assert said.code == 2
    assert complaint in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("how", [(), ("--watch",), ("--format", "csv")])
def test_no_sweep_no_report(cli, how):
    said = cli("report", "none", *how)
    assert said.code == 2
    assert "no sweep here" in said.err


def test_python_writes_it_too(folder, tmp_path):
    assert open_sweep(folder).report(tmp_path / "a.html").read_text("utf-8").startswith("<!doctype")
    assert open_sweep(folder).report(tmp_path / "a.csv", format="csv").read_text("utf-8").startswith("trial,")


def test_a_watched_page_reloads_itself_until_the_sweep_is_over(tmp_path, monkeypatch):
    found = recorded(tmp_path / "sweep", trials=3)
    for module in ("sweeps.records.builder", "sweeps.take_home.report"):
        monkeypatch.setattr(f"{module}.holder", lambda folder: object())
    ledger_file, out, waits, seen = found / "records.jsonl", tmp_path / "r.html", [], []
    lines = ledger_file.read_text().splitlines(keepends=True)
    ledger_file.write_text("".join(lines[:-4]))  # its end is not written yet

    def sleep(seconds):
        seen.append((out.stat().st_mtime_ns, 'http-equiv="refresh" content="10"' in out.read_text("utf-8")))
        waits.append(seconds)
        if len(waits) == 3:
            with ledger_file.open("a") as file:
                file.write("".join(lines[-4:]))

    watch_report(found, out, "html", lambda line: None, sleep=sleep)
    assert len(waits) == 3
    assert [again for _, again in seen] == [True] * 3
    assert len({time for time, _ in seen}) == 1, "written again only when the ledger grew"
    assert 'http-equiv="refresh"' not in out.read_text("utf-8")


def test_a_watch_ends_where_the_driver_is_gone(tmp_path):
    found = told(tmp_path / "sweep", lambda p, n: p["x"], end=False, most=4)
    watch_report(found, tmp_path / "r.html", "html", lambda line: None, sleep=lambda seconds: pytest.fail("it waits"))
    assert "interrupted; " in (tmp_path / "r.html").read_text("utf-8")


def test_ctrl_c_ends_a_watch_with_a_page_that_stays(tmp_path, monkeypatch):
    found = told(tmp_path / "sweep", lambda p, n: p["x"], end=False, most=4)
    for module in ("sweeps.records.builder", "sweeps.take_home.report"):
        monkeypatch.setattr(f"{module}.holder", lambda folder: object())

    def interrupt(seconds):
        raise KeyboardInterrupt

    watch_report(found, tmp_path / "r.html", "html", lambda line: None, sleep=interrupt)
    text = (tmp_path / "r.html").read_text("utf-8")
    assert 'http-equiv="refresh"' not in text
    assert "running; " in text


def test_a_file_is_whole_or_not_there(folder, tmp_path, monkeypatch):
    out = tmp_path / "r.html"
    before = write_report(folder, out).read_text()
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(InputError, match="No space left"):
        write_report(folder, out)
    assert out.read_text() == before


@pytest.mark.parametrize(("name", "kind"), [("notes.txt", "html"), ("notes.md", "md"), ("table.csv", "csv")])
def test_a_file_that_is_no_report_is_not_written_over(folder, tmp_path, name, kind):
    own = tmp_path / name
    own.write_text("mine\n")
    with pytest.raises(InputError, match="is no report; name another file by -o"):
        write_report(folder, own, kind)
    assert own.read_text() == "mine\n"
    own.unlink()
    write_report(folder, own, kind)
    write_report(folder, own, kind)  # its own is
