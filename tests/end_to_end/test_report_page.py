"""The report of a real sweep of 40 trials, in a real browser; and the command in it that gives the winner again."""

from __future__ import annotations

import re
import shlex

import pytest
from safetensors.numpy import load_file

from sweeps.api import open_sweep
from sweeps.take_home.report import write_report
from sweeps.take_home.single import train_single
from tests.browser_kit import ARTIFACTS, tab
from tests.end_to_end.harness import Driver

pytestmark = [pytest.mark.ray, pytest.mark.slow]

PLOTS = "course curves parallel importance slice-0 slice-1 slice-2 slice-3 slice-4 slice-5 contour cost front-seconds"
PLOTS += " front-trainable"


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A sweep of 40 trials with its report."""
    storage = tmp_path_factory.mktemp("forty")
    driver = Driver("run", "digits", "trials=40", "--storage", str(storage), cwd=storage)
    assert driver.wait() == 0, driver.output
    folder = storage / "digits"
    write_report(folder, folder / "report.html")
    return folder


@pytest.fixture
def page(digits):
    with tab() as opened:
        yield opened.open(digits / "report.html").page


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_drawn_whole_and_quietly_at_both_widths(digits, width, scheme):
    with tab(width=width, scheme=scheme) as opened:
        opened.open(digits / "report.html")
        opened.picture(f"report-{width}-{scheme}")
        assert opened.complaints == []
        assert opened.outside == []
        drawn = opened.page.locator("[id^=plot-][data-drawn]")
        assert [one.get_attribute("id").removeprefix("plot-") for one in drawn.all()] == PLOTS.split()
        for one in drawn.all():
            assert one.locator("svg").first.bounding_box()["height"] > 80
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        ratio, where = opened.contrast()
        assert ratio >= 4.5, where


def lines(page):
    """The lines of trials in the parallel coordinates that are not faded away."""
    return page.locator('.parallel path:not([stroke-opacity="0.04"])').count()


def points(page, id):
    """How many points the traces of a plot have."""
    count = "data.reduce((sum, one) => sum + (one.x || []).filter((x) => x !== null).length, 0)"
    return page.evaluate(f"document.getElementById('plot-{id}').{count}")


def test_the_filter_holds_for_the_table_the_curves_and_the_parallel_coordinates(page):
    rows = page.locator("#all-trials tbody tr:visible")
    before = points(page, "curves")
    assert (rows.count(), lines(page)) == (40, 40)
    page.locator("#filter").fill("t0003")
    page.locator("#count", has_text="1 of 40").wait_for()
    assert (rows.count(), lines(page)) == (1, 1)
    assert points(page, "curves") < before
    assert page.locator("#curves .shown span").inner_text() == "Showing 1 of 40 trials."
    page.locator("#curves .shown button").click()
    page.locator("#count", has_text="40 of 40").wait_for()
    assert (rows.count(), points(page, "curves")) == (40, before)
    page.locator("#filter").fill("layers=2")
    page.locator("#count", has_text=re.compile(r"^(?!40)\d+ of 40")).wait_for()
    column = [one.inner_text() for one in page.locator("#all-trials thead th").all()]
    place = next(i for i, text in enumerate(column, 1) if text.startswith("layers"))
    assert set(page.locator(f"#all-trials tbody tr:visible td:nth-child({place})").all_inner_texts()) == {"2"}
    page.locator("#filters button[type=reset]").click()
    page.locator("#filters input[value=stopped]").uncheck()
    page.locator("#count", has_not_text="40 of").wait_for()
    assert "stopped" not in " ".join(page.locator("#all-trials tbody tr:visible").all_inner_texts()).split()


def test_hovering_says_whose_point_it_is(page):
    page.locator("#plot-curves").scroll_into_view_if_needed()
    box = page.locator("#plot-curves .nsewdrag").bounding_box()
    for across in range(40, int(box["width"]), 40):
        for down in range(20, int(box["height"]), 40):
            page.mouse.move(box["x"] + across, box["y"] + down)
            if page.locator("#plot-curves .hoverlayer .hovertext").count():
                page.wait_for_timeout(50)
                assert re.search(r"t00\d\d", page.locator("#plot-curves .hoverlayer").inner_html())
                return
    pytest.fail("nothing was said anywhere")


def test_dragging_along_an_axis_keeps_what_passes_there(page):
    grip = page.locator('.parallel .grip[data-axis="0"]')
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.7 * box["height"], steps=4)
    page.mouse.up()
    page.locator("#parallel .shown button").wait_for()
    kept = lines(page)
    assert 0 < kept < 40
    assert page.locator("#all-trials tbody tr:visible").count() == kept
    page.mouse.click(x, box["y"] + 0.1 * box["height"])
    page.locator("#parallel .shown button").wait_for(state="hidden")
    assert lines(page) == 40


def test_all_of_it_works_by_keyboard(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for summary in page.locator("summary:visible").all():
        summary.focus()
        page.keyboard.press("Enter")
    assert page.locator("#curves details table tbody tr").count() == 40
    assert page.locator("#contours details table tbody tr").count() > 0
    field = page.locator("#narrow input[type=number]").first
    field.focus()
    page.keyboard.type("0.004")
    page.keyboard.press("Tab")
    page.locator("#parallel .shown button").wait_for()
    assert lines(page) == page.locator("#all-trials tbody tr:visible").count() < 40
    page.locator("#all-trials tbody th button:visible").first.focus()
    page.keyboard.press("Space")
    assert page.locator("#all-trials [aria-pressed=true]").count() == 1


def test_a_heading_sorts_up_and_down(page):
    head = page.locator("#all-trials thead button", has_text="accuracy")
    for state, sign in (("descending", -1), ("ascending", 1)):  # the best first
        head.click()
        assert page.locator("#all-trials th[aria-sort]:not([aria-sort=none])").get_attribute("aria-sort") == state
        values = [float(text) for text in page.locator("#all-trials tbody td:nth-child(3)").all_inner_texts()]
        assert values == sorted(values, key=lambda value: sign * value)


def test_figures_follow_their_selectors_and_the_theme(page):
    def title(axis):
        return page.locator(f"#plot-contour .{axis}title").text_content()

    assert title("x") == page.locator("#contour-x option:checked").inner_text()
    page.locator("#contour-x").select_option(label="batch_size")
    assert title("x") == "batch_size"
    last = page.evaluate("document.getElementById('plot-course').layout.xaxis.title.text")
    page.locator("#course-x").select_option(label="device seconds")
    assert page.evaluate("document.getElementById('plot-course').layout.xaxis.title.text") == "device seconds" != last
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    page.locator("#theme", has_text="light").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert page.evaluate("document.getElementById('plot-course').layout.font.color") == "#e8e8e6"


def test_it_prints_with_everything_open_and_nothing_cut(page):
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("#curves details table tbody tr").count() == 40
    for svg in page.locator("[id^=plot-] svg.main-svg, svg.parallel").all():
        assert svg.bounding_box()["width"] <= 700
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#curves details[open]").count() == 0
    ARTIFACTS.mkdir(exist_ok=True)
    assert len(page.pdf(path=ARTIFACTS / "report.pdf", format="A4")) > 50_000


def training(metrics):
    """What is the training's own, and not the machine's."""
    return {name: value for name, value in metrics.items() if name not in {"samples_per_second", "host_memory_gb"}}


def test_the_command_in_it_gives_the_winner_again_bit_for_bit(digits, tmp_path, monkeypatch):
    text = (digits / "report.html").read_text("utf-8")
    commands = re.findall(r"<pre[^>]*><code>(sweeps train .*?)</code>", text, re.S)
    program, verb, file, *rest = shlex.split(commands[0].replace("&#x27;", "'"))
    assert (program, verb, rest[-2:]) == ("sweeps", "train", ["--export", "best-again"])
    monkeypatch.chdir(tmp_path)
    best = open_sweep(digits).best
    trial = next(one for one in open_sweep(digits).trials if one.id == best.trial)
    heard = []
    found = train_single(file, rest[:-2], tmp_path / "best-again", echo=heard.append)
    then = trial.best("accuracy", "maximize").metrics
    if not best.found.stopped_early:
        assert training(found) == training(then)
        best.export(tmp_path / "best")
        again, first = (load_file(tmp_path / name / "model.safetensors") for name in ("best-again", "best"))
        assert again.keys() == first.keys()
        assert all(value.tobytes() == first[name].tobytes() for name, value in again.items())
    for report in trial.reports:  # those that it had before it was stopped, and the trained one goes on
        (line,) = [one for one in heard if one.startswith(f"report {report.number} ")]
        assert f"loss={report.metrics['loss']:.5g} " in line
