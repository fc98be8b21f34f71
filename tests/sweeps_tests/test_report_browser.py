"""Pages of recorded sweeps in a real browser: many trials, odd ones, and nothing that runs."""

from __future__ import annotations

import pytest

from scripts.benchmarks.views.recorded import record
from sweeps.records.builder import read_sweep
from sweeps.take_home.report import report_text, write_report
from tests.browser_kit import browser_or_skip, tab
from tests.sweeps_tests.report_kit import ASHA, told
from tests.sweeps_tests.test_report_files import KINDS, NASTY

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def browser():
    return browser_or_skip()


def opened(folder, path, **how):
    write_report(folder, path)
    with tab(**how) as page:
        page.open(path)
        assert page.complaints == []
        assert page.outside == []
        assert page.page.evaluate("document.documentElement.scrollWidth") <= how.get("width", 1600)
        ratio, where = page.contrast()
        assert ratio >= 4.5, where
        yield page


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_sweep_is_drawn_without_a_complaint(tmp_path, kind):
    settings, value = KINDS[kind]
    for page in opened(told(tmp_path / "sweep", value, **settings), tmp_path / "r.html", width=400):
        assert page.page.locator("h2").count() >= 11


def test_the_filter_compares_and_names_several_trials(tmp_path):
    parameters = {"x": {"min": 0.0, "max": 1.0}, "batch_size": [16, 64]}
    folder = told(tmp_path / "sweep", lambda p, n: p["x"], parameters=parameters, trials=12)
    trials = read_sweep(folder).trials
    expected = {
        "x < 0.5": {one.id for one in trials if one.params["x"] < 0.5},
        "bs>=64 and x > 0.3": {one.id for one in trials if one.params["batch_size"] >= 64 and one.params["x"] > 0.3},
        "batch_size!=16": {one.id for one in trials if one.params["batch_size"] != 16},
        "score > 0.4": {one.id for one in trials if one.best("score", "maximize").metrics["score"] > 0.4},
        "t0002 t0004": {"t0002", "t0004"},
    }
    for page in opened(folder, tmp_path / "r.html"):
        for text, wanted in expected.items():
            page.page.locator("#filter").fill(text)
            page.page.wait_for_timeout(300)  # it waits for somebody to stop typing
            assert page.page.locator("#count").inner_text() == f"{len(wanted)} of {len(trials)} trials", text
            shown = page.page.locator("#all-trials tbody tr:not([hidden]) th").all_inner_texts()
            assert {one.strip() for one in shown} == wanted, text


def test_no_figure_offers_to_send_itself_anywhere_and_no_axis_is_taken_twice(tmp_path):
    folder = told(tmp_path / "sweep", lambda p, n: p["x"], trials=12)
    for page in opened(folder, tmp_path / "r.html"):
        titles = page.page.evaluate("[...document.querySelectorAll('.modebar-btn')].map((one) => one.dataset.title)")
        assert {title for title in titles if title} <= {
            "Download plot as a PNG",
            "Download plot as a png",
            "Reset axes",
        }
        across, up = page.page.locator("#contour-x"), page.page.locator("#contour-y")
        before = across.input_value(), up.input_value()
        across.select_option(before[1])
        assert (across.input_value(), up.input_value()) == before[::-1]


def test_what_people_named_does_nothing(tmp_path):
    parameters = {"x": {"min": 0, "max": 1}, "c": [NASTY, '"><img src=x onerror=alert(2)>', "<b>bold</b>"]}
    folder = told(tmp_path / "sweep", lambda p, n: p["x"], parameters=parameters, trials=12)
    for page in opened(folder, tmp_path / "r.html"):
        page.page.locator("#slices summary").click()
        assert NASTY in page.page.locator("#slices details table").inner_text()
        assert page.page.locator("main img, main b").count() == 0
        page.page.locator("#plot-slice-1").scroll_into_view_if_needed()
        assert NASTY[:15] in page.page.locator("#plot-slice-1 .xaxislayer-above").text_content()


def test_a_thousand_trials_are_drawn_as_few_elements(tmp_path):
    folder = record(tmp_path, 1000, 16)
    for page in opened(folder, tmp_path / "r.html"):
        assert (tmp_path / "r.html").stat().st_size < 6_000_000
        assert page.page.locator("[id^=plot-]:not([data-drawn])").count() == 0
        assert page.page.locator(".js-plotly-plot path").count() < 2000
        page.page.locator("#filter").fill("sgd")
        page.page.locator("#count", has_not_text="1000 of").wait_for()
        shown = page.page.locator("#all-trials tbody tr:visible").count()
        assert 0 < shown < 1000
        assert page.page.locator("#count").inner_text() == f"{shown} of 1000 trials"


def test_a_watched_page_comes_back_as_it_was_left(tmp_path):
    folder = told(tmp_path / "sweep", lambda p, n: p["x"] * n, early_stopping=ASHA, trials=12)
    text = report_text(folder)
    watched = text.replace('<html lang="en">', '<html lang="en" data-watched="1">')
    assert watched != text
    (tmp_path / "r.html").write_text(watched, "utf-8")
    with tab() as page:
        page.open(tmp_path / "r.html")
        page.page.locator("#filter").fill("t0003")
        page.page.locator("#count", has_text="1 of 12").wait_for()
        page.page.locator("#course-x").select_option(label="device seconds")
        page.page.locator("#environment summary").click()
        page.page.evaluate("scrollTo(0, 900)")
        page.page.reload()
        page.drawn()
        page.page.locator("#count", has_text="1 of 12").wait_for()
        assert page.page.locator("#filter").input_value() == "t0003"
        assert page.page.locator("#course-x option:checked").inner_text() == "device seconds"
        assert page.page.locator("#environment details[open]").count() == 1
        assert abs(page.page.evaluate("scrollY") - 900) < 5
        assert page.complaints == []
