"""The command line: what it prints, in which shape, and with which exit code."""

import json
import subprocess
import sys

import pytest
from sklearn.datasets import load_digits

from sweeps.cli import app
from sweeps.config import load_sweep
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import Ledger
from sweeps.take_home.best import best_of

COMMANDS = sorted(command.name or command.callback.__name__ for command in app.registered_commands)


def test_these_are_the_commands():
    expected = {"run", "resume", "extend", "train", "status", "list", "best", "export", "evaluate", "validate", "init"}
    looking = {"tensorboard", "compare", "show", "diff", "optuna", "track", "report"}
    assert set(COMMANDS) == expected | looking | {"confirm", "archive", "stop", "add", "clone"}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does_and_what_it_takes(cli, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    said = cli(command, "--help")
    assert said.code == 0
    assert said.err == ""
    usage, what = [line.strip() for line in said.out.splitlines() if line.strip()][:2]
    assert usage.startswith(f"Usage: sweeps {command} [OPTIONS]")
    assert "[[" not in usage
    assert what[0].isupper()
    options = [line for line in said.out.splitlines() if " --" in line and "--help" not in line]
    assert all(len(line.strip("│ ").split("> ", 1)[-1]) > 5 for line in options), "an option without a word"


def test_help_lists_every_command_with_a_line_and_the_exit_codes(cli, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    said = cli("--help")
    for command in COMMANDS:
        (line,) = [line for line in said.out.splitlines() if line.startswith(f"│ {command} ")]
        assert line.rstrip("│ ").endswith("."), line
    assert "3 no usable trial" in said.out
    assert "sweeps run digits" in said.out


def test_recipes_are_listed_with_what_they_are(cli):
    said = cli("run", "--list")
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()] == ["banking77-minilm", "digits", "imdb-bert"]
    assert all(len(line.split()) > 5 for line in said.out.splitlines())


# arguments, then: parts of the one line
REFUSED = {
    "no file": ("run", "no sweep file given; name a file, or a recipe of --list"),
    "unknown recipe": ("run digts", "no such recipe: 'digts'; recipes: did you mean digits?"),
    "unknown option": ("run digits --trials 5", "No such option: --trials; a setting is given as trials=..."),
    "no folder": ("status", "Missing argument 'DIR'; see `sweeps status --help`"),
    "unknown command": ("sweep", "No such command 'sweep'"),
    "unknown key": ("run digits trails=3", "command line: trails: unknown key; did you mean trials?"),
    "a setting without its section": ("run digits epochs=3", "did you mean trainer.epochs?"),
    "bad value": ("run digits trials=many", "trials: expected a whole number of at least 1, got 'many'"),
    "no key=value": ("run digits trials", "expected key=value, got 'trials'"),
    "bad name": ("run digits --name ../x", "command line: name: expected 1 to 64 letters"),
    "impossible": ("run digits resources.gpus_per_trial=512", "resources.gpus_per_trial: asked for 512 GPUs"),
    "validate": ("validate digits trials=0", "trials: expected a whole number of at least 1, got 0"),
    "train outside the space": ("train digits learning_rate=5", "learning_rate: 5 is not in the space; it has"),
    "train an unknown setting": ("train digits epochs=1", "did you mean trainer.epochs?"),
    "status of nothing": ("status none", "none: no sweep here: there is no such folder; check the path"),
    "list of nothing": ("list none", "no sweep here"),
    "best of nothing": ("best none", "no sweep here"),
    "compare nothing": ("compare none", "none: no sweep here: there is no such folder; check the path"),
    "show nothing": ("show none t0001", "no sweep here"),
    "diff nothing": ("diff none 1 2", "no sweep here"),
    "optuna of nothing": ("optuna none", "no sweep here"),
    "resume nothing": ("resume none", "no sweep here"),
    "confirm nothing": ("confirm none", "none: no sweep here: there is no such folder; check the path"),
    "export nothing": ("export none out", "no sweep here"),
    "evaluate nothing": ("evaluate none rows.csv", "there is no model folder none"),
    "tensorboard of nothing": ("tensorboard none", "no sweep here"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line_and_exit_code_2(cli, case):
    command, line = REFUSED[case]
    said = cli(*command.split())
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("sweeps: ")
    assert said.err.count("\n") == 1
    assert line in said.err


@pytest.mark.parametrize("command", ["bogus", "run --bogus", "best", "run digits --seed x", "export one"])
def test_usage_errors_have_exit_code_2_too(cli, command):
    assert cli(*command.split()).code == 2


def test_nothing_is_left_behind_by_a_run_that_was_refused(cli, tmp_path):
    cli("run", "digits", "resources.gpus_per_trial=512")
    assert [path for path in (tmp_path / "here").rglob("*") if path.is_file()] == []


def test_best_as_json(cli, finished):
    said = cli("best", finished, "--json")
    found, best = json.loads(said.out), best_of(finished)[1]
    assert said.code == 0
    assert found.keys() >= {"trial", "params", "metric", "value", "report", "checkpoint", "state"}
    assert (found["trial"], found["value"], found["report"]) == (best.trial, best.value, best.report)
    assert (finished / found["checkpoint"] / "manifest.json").is_file()


def test_list_as_json(cli, finished):
    trials = json.loads(cli("list", finished, "--json").out)
    assert [trial["trial"] for trial in trials] == ["t0001", "t0002", "t0003"]
    for trial in trials:
        assert trial.keys() >= {"trial", "params", "state", "value", "reports", "seconds", "reason"}
        assert trial["params"].keys() == set(load_sweep("digits").space.names)
        assert trial["reason"].keys() == {"code", "text"}
    assert [trial["trial"] for trial in trials if trial["best"]] == [best_of(finished)[1].trial]


def test_status_as_json(cli, finished):
    status = json.loads(cli("status", finished, "--json").out)
    assert status.keys() >= {"name", "state", "trials", "best", "seconds"}
    assert (status["name"], status["state"], sum(status["trials"].values())) == ("digits", "finished", 3)
    assert status["best"]["trial"] == json.loads(cli("best", finished, "--json").out)["trial"]


def test_for_people_the_same_is_said_whole_in_a_pipe(cli, finished):
    best = best_of(finished)[1]
    assert f"{best.value:.6g}" in cli("best", finished).out
    assert f"{best.trial} at report {best.report}" in cli("status", finished).out
    table = cli("list", finished).out.splitlines()
    assert [line.split()[0] for line in table] == ["trial", "t0001", "t0002", "t0003", "*"]
    assert f"*{best.value:.4g}" in next(line for line in table if line.startswith(best.trial))
    assert "hidden" in table[0]


def test_a_sweep_whose_driver_has_died_is_interrupted(cli, own_copy):
    with Ledger.open(own_copy, create=False) as ledger:
        ledger.append("sweep", name="digits", metric="accuracy", goal="maximize", planned=4, attempt=2)
        ledger.append("trial", trial="t0004", number=4, params={})
        ledger.append("state", trial="t0004", state="running", attempt=1, reason=None)
    status = json.loads(cli("status", own_copy, "--json").out)
    assert (status["state"], status["trials"]["interrupted"]) == ("interrupted", 1)


def test_a_sweep_without_a_usable_trial_is_exit_code_3(cli, own_copy):
    for manifest in own_copy.glob("trials/*/checkpoints/*/manifest.json"):
        manifest.unlink()
    for command in (["best", own_copy], ["export", own_copy, "out"]):
        said = cli(*command)
        assert said.code == 3
        assert said.err.count("\n") == 1
        assert "no trial has a usable checkpoint" in said.err


def test_resuming_a_finished_sweep_changes_nothing(cli, own_copy):
    before = (own_copy / "records.jsonl").read_bytes()
    said = cli("resume", own_copy)
    assert said.code == 0
    assert said.out.splitlines()[0].startswith("digits: finished; ")
    assert (own_copy / "records.jsonl").read_bytes() == before


def test_export_and_evaluate(cli, finished, tmp_path):
    said = cli("export", finished, "out")
    best = best_of(finished)[1]
    assert (said.code, said.out) == (0, f"{best.trial} (accuracy={best.value:.6g}) is in out\n")
    assert cli("export", finished, "out").code == 2
    load_digits(as_frame=True).frame.rename(columns={"target": "label"}).to_csv(tmp_path / "rows.csv", index=False)
    metrics = json.loads(cli("evaluate", "out", tmp_path / "rows.csv", "--json").out)
    assert metrics["accuracy"] > 0.9
    shown = cli("evaluate", "out", tmp_path / "rows.csv").out
    assert f"{metrics['accuracy']:.6g}" in shown
    assert sum(score["support"] for score in metrics["per_class"].values()) == 1797
    assert shown.splitlines()[-11].split() == ["class", "precision", "recall", "f1", "support"]
    three = metrics["per_class"]["3"]
    assert shown.splitlines()[-7].split() == [
        "3",
        *(f"{three[name]:.3f}" for name in ("precision", "recall", "f1")),
        "183",
    ]
    missing = cli("evaluate", "out", "none.csv")
    assert (missing.code, missing.err.count("\n")) == (2, 1)


def test_init_writes_a_file_that_validates_and_never_writes_over_one(cli, tmp_path):
    assert cli("init").out == "wrote sweep.yaml; try: sweeps validate sweep.yaml\n"
    said = cli("validate", "sweep.yaml")
    assert said.code == 0
    assert "learning_rate" in said.out
    (tmp_path / "here" / "sweep.yaml").write_text("mine")
    assert cli("init").code == 2
    assert (tmp_path / "here" / "sweep.yaml").read_text() == "mine"
    assert cli("init", "no/such/folder/sweep.yaml").code == 2


def test_validate_shows_what_would_be_run(cli):
    said = cli("validate", "digits", "method=grid", "parameters={learning_rate: [0.01, 0.1], batch_size: [32, 64]}")
    assert said.code == 0
    assert said.out.splitlines()[0] == "ok: digits would maximize accuracy"
    assert [
        words for line in said.out.splitlines() if (words := line.split(maxsplit=1))[0] in {"trials", "method"}
    ] == [["trials", "4"], ["method", "grid"]]


def test_one_configuration_is_trained_at_the_given_values_else_at_the_middle(cli, tmp_path):
    said = cli("train", "digits", "learning_rate=0.01", "trainer.epochs=4", "--export", "out")
    assert said.code == 0
    first, *reports, last = said.out.splitlines()
    assert first.startswith("learning_rate=0.01  batch_size=")
    assert [line.split("  ")[0] for line in reports] == ["report 1", "report 2"]
    assert last.startswith("best accuracy=0.9")
    assert (tmp_path / "here" / "out" / "model.safetensors").is_file()


@pytest.mark.parametrize("more", [["--json"], []])
def test_a_reader_that_leaves_early_is_no_error(finished, more):
    command = [sys.executable, "-m", "sweeps.cli", "list", str(finished), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_looking_at_a_sweep_needs_neither_ray_nor_torch(finished):
    code = (
        "import sys, json; sys.argv = ['sweeps', COMMAND, FOLDER, '--json']\n"
        "from sweeps.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(json.dumps([name for name in ('ray', 'torch', 'transformers') if name in sys.modules]), file=sys.stderr)"
    )
    for command in ("status", "list", "best", "compare"):
        ready = code.replace("COMMAND", repr(command)).replace("FOLDER", repr(str(finished)))
        done = subprocess.run([sys.executable, "-c", ready], capture_output=True, text=True)
        assert json.loads(done.stderr) == []
    assert len(read_sweep(finished).trials) == 3
