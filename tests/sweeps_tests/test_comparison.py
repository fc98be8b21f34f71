"""Trials side by side: which, in which order, and what differs."""

import csv
import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from sweeps.cli.comparing import compare as command
from sweeps.errors import InputError
from sweeps.records.opened import open_sweeps
from sweeps.records.record import State
from sweeps.views.comparison import Asked, compare, split_names
from sweeps.views.comparison_table import comparison_csv, comparison_json, comparison_view
from sweeps.views.show import plain
from tests.sweeps_tests.comparing_kit import opened, trial

ONE = opened(
    trial(1, {"lr": 0.1, "bs": 32, "opt": "sgd"}, 0.5, 0.8),
    trial(2, {"lr": 0.2, "bs": 32, "opt": "adam"}, 0.9, state=State.STOPPED),
    trial(3, {"lr": 0.3, "bs": 32, "opt": "sgd"}, 0.95, state=State.DIVERGED),
    trial(4, {"lr": 0.4, "bs": 32, "opt": "sgd"}, state=State.FAILED),
    trial(5, {"lr": 0.5, "bs": 32, "opt": "sgd", "momentum": 0.9}, 0.85),
    epochs=4,
)
OTHER = opened(trial(1, {"lr": 0.7}, 0.87), label="other", epochs=8, bs=64)
BY_LOSS = opened(trial(1, {"lr": 0.7}, 0.6, 0.7), label="third", metric="loss", goal="minimize")


def order(*sweeps, **asked):
    return [f"{row.sweep.label[0]}{row.trial.id[-1]}" for row in compare(sweeps, Asked(**asked)).rows]


def table(*sweeps, width=200, **asked):
    out = io.StringIO()
    Console(file=out, width=width).print(comparison_view(compare(sweeps, Asked(**asked))))
    return out.getvalue().splitlines()


def test_the_best_is_first_and_who_diverged_or_has_no_value_last():
    assert order(ONE) == ["o2", "o5", "o1", "o3", "o4"]
    assert order(ONE, reverse=True) == ["o1", "o5", "o2", "o3", "o4"]
    assert order(ONE, top=2) == ["o2", "o5"]


def test_other_keys_are_sorted_from_the_smallest_and_who_lacks_them_is_last():
    assert order(ONE, sort="seconds") == ["o1", "o2", "o3", "o4", "o5"]
    assert order(ONE, sort="momentum")[0] == "o5"
    assert order(ONE, sort="momentum", reverse=True)[0] == "o5"
    assert order(ONE, sort="accuracy") == ["o3", "o2", "o5", "o1", "o4"]
    assert order(ONE, sort="opt") == ["o2", "o1", "o3", "o4", "o5"]


def test_a_metric_is_sorted_as_its_task_knows_it(finished):
    (sweep,) = open_sweeps([finished])
    values = [row.values["f1_macro"] for row in compare([sweep], Asked(sort="f1_macro")).rows]
    assert values == sorted(values, reverse=True)
    losses = [row.values["loss"] for row in compare([sweep], Asked(sort="loss")).rows]
    assert losses == sorted(losses)


def test_parameters_are_shown_that_differ_and_the_others_are_said():
    found = compare([ONE], Asked())
    assert found.parameters == ("lr", "opt", "momentum")
    assert found.alike == {"bs": 32}
    assert compare([ONE], Asked(all_parameters=True)).parameters == ("lr", "bs", "opt", "momentum")
    assert "the same in all: bs=32" in table(ONE)
    assert compare([ONE], Asked(where="trial == 't0002'")).parameters == ("lr", "bs", "opt")


def test_between_sweeps_also_what_one_of_them_fixes():
    found = compare([ONE, OTHER], Asked())
    assert {"bs", "epochs"} <= set(found.parameters)
    row = next(line for line in table(ONE, OTHER) if line.startswith("other"))
    assert row.split()[:4] == ["other", "t0001", "finished", "0.87"]
    assert {"64", "8"} <= set(row.split())
    assert order(ONE, OTHER)[:3] == ["o2", "o1", "o5"]
    assert order(ONE, OTHER, where="epochs == 8") == ["o1"]


def test_sweeps_about_different_metrics_are_sorted_each_by_itself_and_that_is_said():
    assert order(ONE, BY_LOSS) == ["o2", "o5", "o1", "o3", "o4", "t1"]
    assert order(ONE, BY_LOSS, top=1) == ["o2", "t1"]
    shown = table(ONE, BY_LOSS, top=1)
    assert shown[0].split()[:5] == ["sweep", "trial", "state", "metric", "value"]
    (note,) = [line for line in shown if line.startswith("each sweep")]
    assert note == (
        "each sweep is sorted by itself (one maximizes accuracy, third minimizes loss); all together: --sort accuracy"
    )
    assert order(ONE, BY_LOSS, sort="accuracy", where="state != 'diverged'") == ["o2", "o5", "o1", "t1", "o4"]


def test_other_data_are_said():
    from sweeps.config import from_mapping
    from tests.sweeps_tests.sweep_texts import DEMO

    def configured(label, data):
        config = from_mapping({**DEMO, "trainer": {**DEMO["trainer"], "data": data}}, base=Path())
        sweep = opened(trial(1, {"lr": 0.1}, 0.5), label=label)
        return type(sweep)(sweep.folder, label, sweep.record, {1: config}, {1: {}})

    one, two = configured("one", {"sklearn": "digits"}), configured("two", {"sklearn": "digits", "split_seed": 1})
    assert not compare([one, one], Asked()).notes
    assert any("same data (data.split_seed)" in note for note in compare([one, two], Asked()).notes)


def test_more_metrics():
    shown = table(ONE, metrics=("loss", "accuracy"))
    assert shown[0].split()[:5] == ["trial", "state", "accuracy", "loss", "reports"]
    assert shown[1].split()[:5] == ["t0002", "stopped", "*0.9", "0.1", "1"]
    with pytest.raises(InputError, match="--metrics: unknown metric 'los'; did you mean loss"):
        compare([ONE], Asked(metrics=("los",)))
    assert split_names("f1, loss,") == ("f1", "loss")
    with pytest.raises(InputError):
        split_names(" , ")


def test_a_parameter_goes_before_a_metric_of_its_name():
    sweep = opened(trial(1, {"loss": 7}, 0.5), trial(2, {"loss": 3}, 0.5))
    assert order(sweep, sort="loss") == ["o2", "o1"]
    assert order(sweep, where="metrics.loss == 0.5 and params.loss > 3") == ["o1"]


def test_the_best_is_marked_once():
    assert [line.split()[0] for line in table(ONE) if "*" in line] == ["t0002", "*"]
    assert "* the best accuracy of these" in table(ONE, where="opt == 'sgd'")
    assert "4 of 5 trials, 1 of them shown" in table(ONE, where="opt == 'sgd'", top=1)


@pytest.mark.parametrize("width", range(40, 120, 10))
def test_lines_never_wrap(width):
    shown = table(ONE, width=width)
    assert [line.split()[0] for line in shown[1:6]] == ["t0002", "t0005", "t0001", "t0003", "t0004"]
    assert all(len(line) <= width for line in shown[:6])


def test_csv_is_read_back_by_any_reader():
    odd = 'a "quoted", one\nin two lines'
    sweep = opened(trial(1, {"model": odd, "lr": 0.1 + 0.2, "flags": [1, None]}, 0.5), trial(2, {"model": "b"}))
    text = comparison_csv(compare([sweep], Asked(metrics=("loss",))))
    assert text.count("\r\n") == 3
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["trial"] for row in rows] == ["t0001", "t0002"]
    assert rows[0]["params.model"] == odd
    assert float(rows[0]["params.lr"]) == 0.1 + 0.2
    assert json.loads(rows[0]["params.flags"]) == [1, None]
    assert (rows[0]["metrics.loss"], rows[1]["value"], rows[1]["params.lr"]) == ("0.5", "", "")


def test_json_has_each_trial_as_list_has_it():
    found = comparison_json(compare([ONE, OTHER], Asked()))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [one["sweep"] for one in found["sweeps"]] == ["one", "other"]
    assert found["trials"][0]["value"] == 0.9
    assert next(one for one in found["trials"] if one["sweep"] == "other")["settings"] == {"bs": 64, "epochs": 8}


def test_equal_names_are_told_apart_by_their_folders(finished, own_copy):
    labels = [one.label for one in open_sweeps([finished, own_copy, finished])]
    assert len(set(labels)) == 2
    assert all(label.endswith(("/digits", "moved")) or "digits" in label for label in labels)


def test_a_file_that_was_edited_keeps_nobody_from_looking(cli, own_copy):
    (own_copy / "sweep.yaml").write_text("name: digits\n")
    assert cli("compare", own_copy).code == 0
    assert cli("show", own_copy, "t0001").code == 0


def test_a_thousand_trials_are_compared_soon():
    trials = [trial(n, {"lr": n / 1000, "bs": n % 4}, *(0.5 + n / 10000 for _ in range(10))) for n in range(1, 1001)]
    started = time.process_time()
    found = compare([opened(*trials, **{f"x{n}": n for n in range(60)})], Asked(where="bs >= 2", metrics=("loss",)))
    plain(comparison_view(found))
    assert time.process_time() - started < 2.0
    assert found.matched == 500


def test_from_the_command_line(cli, finished):
    assert command.__doc__.startswith("Compare trials")
    shown = cli("compare", finished, "--metrics", "f1_macro", "--where", "batch_size >= 32", "--sort", "f1_macro")
    assert shown.code == 0
    assert "f1_macro" in shown.out.splitlines()[0]
    assert json.loads(cli("compare", finished, "--json", "--top", "1").out)["trials"][0]["sweep"] == "digits"
    assert cli("compare", finished, "--csv").out.startswith("sweep,trial,state,reason,metric,value")
    for bad in (["--json", "--csv"], ["--sort", "acuracy"], ["--where", "x ="], ["--metrics", "nope"]):
        said = cli("compare", finished, *bad)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), bad


def test_list_says_how_to_see_more_metrics(cli, finished):
    assert (
        cli("list", finished)
        .out.splitlines()[-1]
        .startswith("* the best accuracy; other metrics: sweeps compare DIR --metrics loss,")
    )
