"""One trial whole: its curves, its place among the others, and the commands that go on from it."""

import io
import json
import re
import shlex

import pytest
from rich.console import Console

from sweeps.errors import InputError
from sweeps.records.builder import read_sweep
from sweeps.records.record import State
from sweeps.take_home.one_trial import one_trial, trial_of, yaml_text
from sweeps.views.curves import Chart, Curve
from sweeps.views.one_trial import last_rank, rank, ranked
from sweeps.views.show import plain
from sweeps.views.trial_diff import difference, difference_json, difference_view
from sweeps.views.trial_page import one_trial_view, thinned
from sweeps.yaml_file import parse_value
from tests.sweeps_tests.comparing_kit import opened, trial
from tests.sweeps_tests.local_sweep import run_here
from tests.sweeps_tests.study_kit import begin, sweep_config


def drawn(*curves, width=60, encoding="utf-8"):
    return plain(Chart("loss", "epochs", curves, height=6), encoding).splitlines()


def test_a_rising_curve_begins_below_and_ends_above():
    lines = drawn(Curve("up", [(n, n * n) for n in range(1, 11)]))
    assert (lines[0], lines[-1].split()) == ("loss", ["1", "10", "epochs"])
    field = [line.partition("│")[2] for line in lines[1:-1]]
    assert field[0].rstrip().endswith("up 100")
    assert field[0].index("⠁" if "⠁" in field[0] else field[0].strip()[0]) > 40
    assert field[-1][0] not in " ⠀"
    assert lines[1].startswith("100 │")
    assert re.match(r" +1 │", lines[6])


def test_plain_characters_where_the_encoding_has_no_others():
    lines = drawn(Curve("one", [(1, 0.0), (2, 1.0)]), Curve("two", [(1, 1.0), (2, 0.0)]), encoding="ascii")
    assert all(line.isascii() for line in lines)
    assert "*" in lines[1]
    assert "o" in lines[1]
    assert lines[1].rstrip().endswith("one 1")
    assert lines[6].rstrip().endswith("two 0")


@pytest.mark.parametrize("points", [[(1, 0.5)], [(1, 0.5), (2, 0.5)], [(1, 0.0)], [(1, -2.0), (2, 1e300)]])
def test_whatever_the_values_a_curve_is_drawn(points):
    lines = drawn(Curve("flat", points))
    assert len(lines) == 8
    assert any(0x2800 < ord(letter) < 0x2900 for line in lines for letter in line)


def test_without_points_nothing_is_drawn():
    assert drawn(Curve("none", [])) == []


@pytest.mark.parametrize("width", [30, 60, 200])
def test_a_chart_keeps_to_its_width(width):
    out = io.StringIO()
    curves = [Curve("a", [(n, n) for n in range(500)]), Curve("another one", [(n, n - 1.0) for n in range(500)])]
    Console(file=out, width=width).print(Chart("y", "reports", curves))
    assert all(len(line) <= width for line in out.getvalue().splitlines())
    assert sum("499" in line or "498" in line for line in out.getvalue().splitlines()) >= 2  # not over each other


SWEEP = opened(
    trial(1, {}, 0.5, 0.8),
    trial(2, {}, 0.9, state=State.STOPPED),
    trial(3, {}, 0.99, state=State.DIVERGED),
    trial(4, {}),
)


def test_the_place_among_the_others():
    first, second, third, fourth = SWEEP.record.trials
    order = ranked(SWEEP)
    assert [one.id for one in order] == ["t0002", "t0001"]
    assert rank(order, first).place == 2
    assert rank(order, third) is None
    assert rank(order, fourth) is None
    found = last_rank(SWEEP, second)
    assert (found.place, found.of) == (2, 3)  # the third had more at its first report
    assert last_rank(SWEEP, fourth) is None


def test_long_courses_are_thinned_with_first_last_and_best():
    long = trial(1, {}, *(0.5 + (n == 41) for n in range(100)))
    shown = [report.number for report in thinned(long.reports, long.reports[41])]
    assert shown[0] == 1
    assert shown[-1] == 100
    assert 42 in shown
    assert len(shown) <= 17
    assert thinned(long.reports[:5], None) == list(long.reports[:5])


@pytest.mark.parametrize(
    "value", [1e-05, 0.30000000000000004, 32, "relu", "no", "1e-3", "a b", True, None, [1, "x"], {"a": 1}]
)
def test_a_value_on_a_command_line_reads_back_as_it_is(value):
    assert parse_value(yaml_text(value), "") == value


def test_the_command_that_trains_again_does_so(cli, finished):
    found = one_trial(finished, "best")
    said = cli(*shlex.split(found.train)[1:])
    assert said.code == 0
    assert f"best accuracy={found.best.metrics['accuracy']:.6g}" in said.out
    exported = cli(*shlex.split(found.export.replace("OUT", "out"))[1:])
    assert exported.code == 0 or "none" in found.export


def test_what_is_shown_of_a_trial(cli, finished):
    best = trial_of(one_trial(finished, "best").sweep, "best")
    said = cli("show", finished, "best")
    assert said.code == 0
    assert said.out.startswith(f"{best.id} of digits: finished")
    for part in (
        "learning_rate",
        "fixed by the sweep",
        "epochs",
        "report",
        "no log",
        "sweeps train",
        "train 0",
    ):
        assert part in said.out
    assert "number 1 of 3 with a value" in said.out
    found = json.loads(cli("show", finished, best.id[-1], "--json").out)
    assert len(found["history"]) == found["reports"] == 3
    assert found["rank"] == {"place": 1, "of": 3}
    assert (finished / found["checkpoint"]).is_dir()
    assert found["fixed"]["epochs"] == 6
    assert "dropout" not in found["fixed"]


def test_unknown_trials_are_refused(cli, finished):
    said = cli("show", finished, "t9")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "there is no trial t9" in said.err
    assert cli("diff", finished, "t0001", "t7").code == 2
    assert cli("diff", finished, "t0001", "none:t1").code == 2


def test_the_log_is_shown_from_its_end_and_progress_bars_as_they_stood_last(own_copy):
    log = own_copy / "trials" / "t0001" / "log.txt"
    log.write_text("".join(f"line {n}\n" for n in range(5000)) + "10%\r50%\r100%\n\n", encoding="utf-8")
    assert one_trial(own_copy, "t0001", lines=3).log == ("line 4998", "line 4999", "100%")
    assert "line 4999" in plain(one_trial_view(one_trial(own_copy, "t0001")))
    log.unlink()
    assert "no log" in plain(one_trial_view(one_trial(own_copy, "t0001")))


def test_a_trial_without_reports_is_shown_too(tmp_path):
    study, ledger = begin(sweep_config(tmp_path, trials=1), tmp_path / "toy")
    with ledger:
        assert study.start().trial == "t0001"
    log = tmp_path / "toy" / "trials" / "t0001" / "log.txt"
    log.parent.mkdir(parents=True)
    log.touch()
    text = plain(one_trial_view(one_trial(tmp_path / "toy", "1")))
    assert text.startswith("t0001 of toy: interrupted")
    assert "its log is empty: nothing was printed" in text
    assert "none: it saved no checkpoint" in text
    assert "train it again  none: " in text  # this one never had a sweep file


def test_two_trials_against_each_other():
    here = opened(trial(1, {"lr": 0.1, "bs": 32}, 0.5, 0.6, 0.7), epochs=4)
    there = opened(trial(2, {"lr": 0.2, "bs": 32}, 0.55, 0.5), label="two", epochs=8)
    found = difference((here, here.record.trials[0]), (there, there.record.trials[0]))
    assert found.names == ("one:t0001", "two:t0002")
    assert found.settings == {"lr": (0.1, 0.2), "epochs": (4, 8)}
    assert found.alike == 1
    assert [(one.number, other.number) for one, other in found.common] == [(1, 1), (2, 2)]
    assert found.costs["reports"] == (3, 2)
    text = plain(difference_view(found))
    assert re.search(r"accuracy +0.7 +0.55 +-0.15\n", text)
    assert "+0.05" in text
    plain_data = difference_json(found)
    assert json.loads(json.dumps(plain_data)) == plain_data
    assert plain_data["common"][0]["metrics"]["accuracy"] == [0.5, 0.55]


def test_trials_without_common_reports():
    sweep = opened(trial(1, {"lr": 0.1}, 0.5), trial(2, {"lr": 0.1}))
    found = difference(*((sweep, one) for one in sweep.record.trials))
    text = plain(difference_view(found))
    assert "they have no report of the same number" in text
    assert "nothing that is set differs; 1 parameter is the same" in text


def test_diff_from_the_command_line(cli, finished, own_copy):
    said = cli("diff", finished, "1", "best", "--json")
    assert said.code == 0
    assert json.loads(said.out)["trials"][0] == "t0001"
    across = cli("diff", finished, "1", f"{own_copy}:t0001")
    assert across.code == 0
    assert "nothing that is set differs" in across.out
    assert cli("diff", finished, "1", "t0001", "--other", own_copy).out == across.out


def test_refusals_name_what_there_is():
    with pytest.raises(InputError, match="did you mean t0003"):
        trial_of(SWEEP, "t003")


def test_the_page_of_a_stopped_trial_says_where_it_stood(tmp_path):
    from sweeps.config import load_sweep
    from tests.sweeps_tests.local_sweep import DIGITS

    early = {"early_stopping": {"scheduler": "asha", "grace": 1, "mode": "stopping"}, "trials": 5}
    folder = run_here(load_sweep("digits", {**DIGITS, **early}), tmp_path)
    stopped = next(one for one in read_sweep(folder).trials if one.state is State.STOPPED)
    text = plain(one_trial_view(one_trial(folder, stopped.id)))
    assert re.search(r"because +asha: rung 1", text)
    assert re.search(r"stopped +after report \d, where it was number \d of \d that came as far", text)
    assert "the best, t" in text
