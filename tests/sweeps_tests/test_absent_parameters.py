"""Trials that lack a parameter, because it is inactive there, in everything that shows or takes home trials."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from search_spaces import load_space
from sweeps.config import SweepConfig, from_mapping
from sweeps.errors import InputError
from sweeps.records.best import choose_best
from sweeps.records.builder import RecordBuilder
from sweeps.records.record import ReportRecord, State, SweepRecord, TrialRecord
from sweeps.take_home.card import Facts, model_card, single_card
from sweeps.take_home.single import train_single
from sweeps.views import tables
from sweeps.views.tensorboard import TensorBoardSink

BLOCK = {
    "optimizer": ["adamw", "sgd"],
    "momentum": {"min": 0.0, "max": 0.9, "when": {"optimizer": "sgd"}},
    "model_args": {
        "parameters": {"hidden": {"values": [16, 32]}, "layers": {"values": [2, 3], "when": {"hidden": 32}}}
    },
}
ADAMW: dict[str, Any] = {"optimizer": "adamw", "model_args.hidden": 16}
SGD: dict[str, Any] = {"optimizer": "sgd", "momentum": 0.45, "model_args.hidden": 32, "model_args.layers": 3}


def record(*params: dict[str, Any]) -> SweepRecord:
    """A sweep of trials with these parameters; the last is the best."""
    trials = [
        TrialRecord(f"t{n:04}", one, State.FINISHED, None, (ReportRecord(1, {"accuracy": n / 10}, 1, 0.0, step=1),))
        for n, one in enumerate(params, 1)
    ]
    return SweepRecord("digits", "accuracy", "maximize", "finished", tuple(trials), planned=len(trials), seconds=1.0)


@pytest.fixture
def config(tmp_path: Path) -> SweepConfig:
    return from_mapping(
        {
            "name": "digits",
            "trainer": {
                "task": "classification",
                "model": "sweeps.recipes.digits_model:mlp",
                "data": {"sklearn": "digits"},
            },
            "metric": "accuracy",
            "parameters": BLOCK,
            "trials": 2,
        },
        base=tmp_path,
    )


def shown(renderable: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=140).print(renderable)
    return out.getvalue()


@pytest.mark.parametrize("order", [(ADAMW, SGD), (SGD, ADAMW)], ids=["absent first", "absent last"])
def test_tables_have_a_column_for_each_and_an_empty_cell_where_it_is_absent(order: tuple[dict[str, Any], ...]) -> None:
    lines = shown(tables.trials_table(record(*order))).splitlines()
    assert {"opt", "mom", "hidden", "layers"} <= set(lines[0].split())
    rows = {line.split()[0]: line.split() for line in lines if line.startswith("t0")}
    (with_it, without) = ("t0002", "t0001") if order[0] is ADAMW else ("t0001", "t0002")
    assert "0.45" in rows[with_it]
    assert len(rows[without]) == len(rows[with_it]) - 2


def test_json_has_active_parameters_only() -> None:
    both = record(SGD, ADAMW)
    assert [tables.trial_json(both, trial)["params"] for trial in both.trials] == [SGD, ADAMW]


@pytest.mark.parametrize("order", [(ADAMW, SGD), (SGD, ADAMW)], ids=["absent first", "absent last"])
def test_a_cards_table_of_trials_has_all_parameters(config: SweepConfig, order: tuple[dict[str, Any], ...]) -> None:
    both = record(*order)
    best = choose_best(both, "", usable_only=False)
    assert best is not None
    card = model_card(config, both, best, Facts(("0", "1"), {"train": 9}))
    heads = next(line for line in card.splitlines() if line.startswith("| trial |")).strip("| ").split(" | ")
    assert set(heads[3:]) == set(SGD)
    for trial, params in zip(both.trials, order, strict=True):
        row = next(line for line in card.splitlines() if line.startswith(f"| {trial.id} |"))
        cells = dict(zip(heads, [cell.strip() for cell in row.strip("|").split("|")], strict=True))
        assert {name: cells[name] for name in SGD} == {name: str(params.get(name, "")) for name in SGD}


def test_a_cards_hyperparameters_are_those_of_its_trial(config: SweepConfig) -> None:
    card = single_card(config, ADAMW, 1, {"accuracy": 0.5}, Facts(("0", "1"), {"train": 9}))
    assert "| model_args.hidden | 16 | yes |" in card
    assert "momentum" not in card
    assert "layers" not in card
    assert "| momentum | 0.45 | yes |" in single_card(
        config, SGD, 1, {"accuracy": 0.5}, Facts(("0", "1"), {"train": 9})
    )


def test_hparams_of_a_trial_are_its_active_ones(tmp_path: Path) -> None:
    builder, sink = RecordBuilder(), TensorBoardSink(tmp_path, "accuracy", "maximize", load_space(BLOCK))
    events: list[dict[str, Any]] = [
        {"event": "sweep", "id": "5eed", "name": "digits", "metric": "accuracy", "goal": "maximize"},
        {"event": "trial", "trial": "t0001", "params": ADAMW, "number": 1},
        {"event": "state", "trial": "t0001", "state": "running", "attempt": 1},
        {"event": "trial", "trial": "t0002", "params": SGD, "number": 2},
        {"event": "state", "trial": "t0002", "state": "running", "attempt": 1},
    ]
    for n, event in enumerate(events, 1):
        full = {"n": n, "time": 1000.0 + n, "sweep": "5eed", **event}
        builder.apply(full)
        sink.handle(full, builder.trial(full["trial"]) if "trial" in full else None)
    sink.close()
    found = {}
    for run in tmp_path.glob("t000*"):
        accumulator = EventAccumulator(str(run))
        accumulator.Reload()
        content = accumulator.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
        found[run.name] = set(plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams)
    assert found == {
        "t0001 opt=adamw hidden=16": set(ADAMW),
        "t0002 opt=sgd mom=0.45 hidden=32 layers=3": set(SGD),
    }


SWEEP = """\
name: digits
trainer: {task: classification, model: "sweeps.recipes.digits_model:mlp", data: {sklearn: digits}, epochs: 1}
metric: accuracy
parameters:
  optimizer: [adamw, sgd]
  momentum: {min: 0.0, max: 0.9, when: {optimizer: sgd}}
  model_args.hidden: [16, 32]
constraints: ["optimizer == 'adamw' or model_args.hidden == 32"]
trials: 2
"""


def test_one_configuration_is_completed_by_what_is_active_in_it(tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    said: list[str] = []
    train_single(str(tmp_path / "sweep.yaml"), ["optimizer=sgd", "model_args.hidden=32"], None, echo=said.append)
    assert said[0] == "optimizer=sgd  momentum=0.45  model_args.hidden=32"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["momentum=0.5"], "command line: momentum: is inactive there; leave it out, or add optimizer=sgd"),
        (["optimizer=sgd"], "is broken by optimizer='sgd', model_args.hidden=16; change one of these"),
        (["momentum=2"], "command line: momentum: 2 is not in the space; it has distribution uniform, min 0.0"),
        (["momentun=0.5"], "command line: momentun: is not searched in this sweep; did you mean momentum?"),
    ],
    ids=str,
)
def test_a_configuration_that_is_not_in_the_space_is_refused(given: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    with pytest.raises(InputError) as caught:
        train_single(str(tmp_path / "sweep.yaml"), given, None, echo=print)
    assert message in str(caught.value)


def test_a_searched_seed_is_meant_before_the_seed_of_the_file(tmp_path):
    (tmp_path / "sweep.yaml").write_text(
        "name: seeds\ntrainer: {task: classification, model: 'sweeps.recipes.digits_model:mlp', epochs: 1,\n"
        "  data: {sklearn: digits, validation_fraction: 0.2}}\nmetric: {name: accuracy, goal: maximize}\n"
        "parameters: {seed: {values: [1, 2, 3]}, learning_rate: {min: 0.001, max: 0.01}}\ntrials: 2\n"
    )
    said = []
    train_single(str(tmp_path / "sweep.yaml"), ["seed=3", "learning_rate=0.005"], None, echo=said.append)
    assert said[0] == "seed=3  learning_rate=0.005"
