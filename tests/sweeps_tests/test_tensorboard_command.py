"""``sweeps tensorboard``: where it says it is, one sweep or several, its end, and what a browser shows of it."""

import json
import signal
import socket
from pathlib import Path

import pytest

from sweeps.records.sweep_file import write_config
from sweeps.views.side_by_side import SideBySide, names_of
from sweeps.views.tensorboard import TensorBoardSink
from tests.sweeps_tests.board_kit import free_port, own_board, until
from tests.sweeps_tests.study_kit import run, sweep_config
from tests.sweeps_tests.tensorboard_kit import Sweep

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def recorded(tmp_path):
    """Sweeps without Ray, whose folders have what a driver leaves there for TensorBoard."""

    def record(name, **settings):
        config = sweep_config(tmp_path, **settings)
        folder = tmp_path / name
        folder.mkdir()
        write_config(folder, config)
        sink = TensorBoardSink(folder / "tensorboard", "score", "maximize", config.space)
        run(config, folder, sink=sink)
        sink.close()
        return folder

    return record


def lines(process):
    return process.stdout.read(), process.stderr.read()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_it_says_where_it_is_and_ends_when_told(recorded, number, code):
    folder = recorded("one")
    port = free_port()
    with own_board(folder, port=port) as board:
        assert f"TensorBoard: http://127.0.0.1:{port}/ (Ctrl-C ends it)\n" in board.said
        assert f"http://127.0.0.1:{port}/#hparams\n" in board.said
        assert "#custom_scalars&regexInput=t0" in board.said
        until(lambda: len(board.groups()) == 6)
        assert all("best/score" in metrics for metrics in board.metrics().values())
        board.process.send_signal(number)
        assert board.process.wait(10) == code
        out, err = lines(board.process)
        assert out.strip() == ""
        assert "Traceback" not in err
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_taken_port_is_one_line_with_the_mend(cli, recorded):
    folder = recorded("one", trials=1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = cli("tensorboard", folder, "--port", port)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"sweeps: command line: --port: port {port}: something else listens there already; give another --port; "
        "--port 0 takes a free one\n"
    )


@pytest.mark.slow
def test_several_sweeps_stand_in_one_table(recorded, tmp_path):
    one = recorded("one", trials=3)
    other = recorded("other", trials=2, parameters={"x": {"min": 0.5, "max": 3.0}, "k": [3, 4], "deep": [True, False]})
    with own_board(one, other, one) as board:
        until(lambda: len(board.get("runs")) == 6)
        names = {name.split("/")[0] for name in board.get("runs")}
        assert names == {".", "one", "other"}
        until(lambda: sum("best/score" in metrics for metrics in _metrics(board)) == 5)
        columns = {info["name"]: info for info in board.experiment()["hparamInfos"]}
        assert columns["x"]["domainInterval"] == {"minValue": 0.0, "maxValue": 3.0}
        assert columns["k"]["domainDiscrete"] == [1, 2, 3, 4]
        assert columns["deep"]["domainDiscrete"] == [True, False]
        assert list(board.charts()) == ["score", "best score so far"]
        # A trial that begins later joins them.
        (run,) = (one / "tensorboard").glob("t0001*")
        run.rename(tmp_path / "away")
        until(lambda: not any(name.startswith("one/t0001") for name in board.get("runs")), 60)
        (tmp_path / "away").rename(run)
        until(lambda: any(name.startswith("one/t0001") for name in board.get("runs")), 60)


def _metrics(board):
    return [
        {metric["name"]["tag"] for metric in group.get("metricValues", [])}
        for group in board.post(
            "plugin/hparams/session_groups", experimentName="", startIndex=0, sliceSize=99, colParams=[],
            allowedStatuses=["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE"],
        )["sessionGroups"]
    ]  # fmt: skip


def test_links_follow_the_runs_that_are_there(recorded, tmp_path):
    one, other = recorded("one", trials=2), recorded("other", trials=1)
    place = tmp_path / "place"
    several = SideBySide(place, [one, other])
    assert sorted(path.name.split()[0] for path in place.glob("*/*")) == ["t0001", "t0001", "t0002"]
    gone = next((one / "tensorboard").glob("t0002*"))
    gone.rename(gone.with_name("t0003 x=1"))
    several.follow()
    assert sorted(path.name.split()[0] for path in (place / "one").iterdir()) == ["t0001", "t0003"]


def test_names_tell_sweeps_apart():
    assert names_of([Path("/a/one"), Path("/a/two")]) == ["one", "two"]
    assert names_of([Path("/a/x/one"), Path("/a/y/one")]) == ["x-one", "y-one"]


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="no browser: /usr/bin/chromium is not there")
def test_a_browser_shows_the_table_and_both_curves_on_one_chart(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    sweep = Sweep(tmp_path)
    for number in (1, 2):
        sweep.start(number)
        for report in (1, 2, 3):
            sweep.report(report, 0.1 * report * number, number)
        sweep.state("finished", number)
    (tmp_path / "records.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in sweep.events))
    with own_board(sweep.folder) as board, playwright.sync_playwright() as driver:
        until(lambda: len(board.groups()) == 2)
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.goto(f"{board.url}/#hparams")
        page.get_by_text("best accuracy").first.wait_for()
        page.get_by_text("t0002 lr=3.1e-4").first.wait_for()
        page.get_by_text("0.60000").first.wait_for()
        page.goto(f"{board.url}/#custom_scalars")
        page.reload()
        page.get_by_text("loss: training and validation").wait_for()
        page.get_by_text("Matches (4)").first.wait_for()  # two trials, two curves each
        browser.close()
