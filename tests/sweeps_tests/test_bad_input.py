"""Everything that can be wrong with a sweep file gives one line with file, line, key, value and mend, and quickly."""

from pathlib import Path

import pytest

from sweeps.config import load_sweep
from sweeps.errors import InputError
from tests.sweeps_tests.sweep_texts import GOOD, LR, OWN, Case, check_case

TABLE: dict[str, Case] = {
    "name with a slash": ("name: demo", "name: a/b", 1, "name", "'a/b'", "plainer"),
    "name that escapes": ("name: demo", "name: ../x", 1, "name", "'../x'", "plainer"),
    "name of 300 characters": ("name: demo", f"name: {'x' * 300}", 1, "name", "'xxx", "shorter"),
    "name that is a boolean": ("name: demo", "name: no", 1, "name", "False", "quote it"),
    "name that is a number": ("name: demo", "name: 12", 1, "name", "12", "quote it: '12'"),
    "no name": ("name: demo", "", 0, "name", "missing", "add name"),
    "unknown key": ("trials: 4", "trails: 4", 10, "trails", "unknown key", "did you mean trials?"),
    "key twice": ("metric: accuracy", "metric: accuracy\nname: b", 8, "name", "first on line 1", "remove one"),
    "inner key twice": ("epochs: 2", "epochs: 2\n  epochs: 3", 7, "trainer.epochs", "first on line 6", "remove one"),
    "another tool's key": ("trials: 4", "run_cap: 4", 10, "run_cap", "unknown key", "trials"),
    "no trainer": (GOOD, "name: a\nmetric: accuracy", 0, "trainer", "missing", "task, model and data"),
    "trainer is a text": (GOOD, "name: a\ntrainer: mlp\nmetric: loss", 2, "trainer", "'mlp'", "function"),
    "setting mistyped": ("epochs: 2", "epochs: two", 6, "trainer.epochs", "'two'", "give a number"),
    "setting that is a boolean": ("epochs: 2", "weight_decay: no", 6, "trainer.weight_decay", "False", "quote it"),
    "choice that is a boolean": ("epochs: 2", "schedule: off", 6, "trainer.schedule", "False", "quote it"),
    "setting out of range": ("epochs: 2", "epochs: -1", 6, "trainer.epochs", "-1", "above 0"),
    "setting not finite": ("epochs: 2", "epochs: .nan", 6, "trainer.epochs", "nan", "plain number"),
    "setting unknown": ("epochs: 2", "learning_rte: 1", 6, "trainer.learning_rte", "unknown", "mean learning_rate?"),
    "report interval": ("epochs: 2", "report_every: {step: 3}", 6, "trainer.report_every", "number", "{steps: 50}"),
    "metric among settings": ("epochs: 2", "metric: loss", 6, "trainer.metric", "belongs to the sweep", "top level"),
    "choice unknown": ("epochs: 2", "optimizer: adan", 6, "trainer.optimizer", "'adan'", "did you mean adam?"),
    "choice like none": (
        "epochs: 2",
        "schedule: zigzag",
        6,
        "trainer.schedule",
        "'zigzag'",
        "choose from linear, cosine",
    ),
    "choice in a list": (LR, "  optimizer: [sgd, adan]", 9, "parameters.optimizer", "'adan'", "did you mean adam?"),
    "distribution mistyped": (
        LR,
        "  learning_rate: {distribution: log_unform, min: 1, max: 2}",
        9,
        "parameters.learning_rate",
        "'log_unform'",
        "log_uniform?",
    ),
    "unknown task": ("classification", "clasification", 3, "trainer.task", "'clasification'", "did you mean"),
    "task that is a number": ("classification", "3", 3, "trainer.task", "3", "name a task"),
    "model function not there": (":mlp", ":mlpp", 4, "trainer.model", "mlpp", "did you mean mlp?"),
    "model module not there": (
        "digits_model",
        "digts",
        4,
        "trainer.model",
        "no module sweeps.recipes.digts",
        "mytrain",
    ),
    "model folder not there": ("sweeps.recipes.digits_model:mlp", "./net", 4, "trainer.model", "./net", "paths start"),
    "model argument unknown": ("epochs: 2", "model_args: {hiden: 8}", 6, "trainer.model_args.hiden", "mlp", "hidden"),
    "no model": ("  model: sweeps.recipes.digits_model:mlp\n", "", 2, "trainer.model", "missing", "every training"),
    "data file missing": ("{sklearn: digits}", "{train: nope.csv}", 5, "trainer.data.train", "nope.csv", "folder"),
    "data set unknown": (
        "{sklearn: digits}",
        "{sklearn: digitz}",
        5,
        "trainer.data.sklearn",
        "'digitz'",
        "mean digits?",
    ),
    "two sources": ("{sklearn: digits}", "{sklearn: digits, name: x}", 5, "trainer.data", "name and sklearn", "remove"),
    "no source": ("{sklearn: digits}", "{}", 5, "trainer.data", "no data", "train.csv"),
    "data is a text": ("{sklearn: digits}", "digits", 5, "trainer.data", "'digits'", "key: value"),
    "unknown metric": ("accuracy", "acuracy", 7, "metric.name", "'acuracy'", "did you mean accuracy?"),
    "metric the wrong way": ("accuracy", "{name: accuracy, goal: min}", 7, "metric.goal", "larger", "maximize"),
    "metric with an odd goal": ("accuracy", "{name: accuracy, goal: up}", 7, "metric.goal", "'up'", "maximize"),
    "no metric": ("metric: accuracy", "", 0, "metric", "missing", "accuracy"),
    "method unknown": ("trials: 4", "trials: 4\nmethod: bayes", 11, "method", "'bayes'", "did you mean bayesian?"),
    "trials mistyped": ("trials: 4", "trials: many", 10, "trials", "'many'", "whole number"),
    "trials in quotes": ("trials: 4", "trials: '4'", 10, "trials", "'4'", "remove the quotes"),
    "trials zero": ("trials: 4", "trials: 0", 10, "trials", "0", "at least 1"),
    "trials missing": ("trials: 4", "", 0, "trials", "no end of its own", "add trials"),
    "seed negative": ("trials: 4", "trials: 4\nseed: -1", 11, "seed", "-1", "from 0"),
    "scheduler unknown": ("trials: 4", "early_stopping: ahsa", 10, "early_stopping.scheduler", "'ahsa'", "mean asha?"),
    "scheduler off": ("trials: 4", "early_stopping: off", 10, "early_stopping", "False", "write none"),
    "grace zero": (
        "trials: 4",
        "early_stopping: {scheduler: asha, grace: 0}",
        10,
        "early_stopping.grace",
        "0",
        "at least 1",
    ),
    "setting of another scheduler": (
        "trials: 4",
        "early_stopping: {scheduler: asha, min_trials: 3}",
        10,
        "early_stopping.min_trials",
        "asha",
        "remove",
    ),
    "brackets without a length": (
        GOOD,
        f"{OWN}early_stopping: hyperband",
        6,
        "early_stopping.reports",
        "missing",
        "full training",
    ),
    "mode unknown": (
        "trials: 4",
        "early_stopping: {scheduler: asha, mode: promote}",
        10,
        "early_stopping.mode",
        "'promote'",
        "mean promotion?",
    ),
    "setting of no scheduler": (
        "trials: 4",
        "early_stopping: {scheduler: patience, patients: 2}",
        10,
        "early_stopping.patients",
        "unknown key",
        "mean patience?",
    ),
    "GPUs below zero": (
        "trials: 4",
        "resources: {gpus_per_trial: -1}",
        10,
        "resources.gpus_per_trial",
        "-1",
        "at least 0",
    ),
    "resources not automatic": (
        "trials: 4",
        "resources: {cpus_per_trial: atuo}",
        10,
        "resources.cpus_per_trial",
        "'atuo'",
        "did you mean auto?",
    ),
    "resource unknown": (
        "trials: 4",
        "resources: {cpu_per_trial: 1}",
        10,
        "resources.cpu_per_trial",
        "unknown",
        "cpus_per_trial?",
    ),
    "empty range": (LR, "  learning_rate: {min: 2, max: 1}", 9, "parameters.learning_rate", "min=2 and max=1", "swap"),
    "log of zero": (
        LR,
        "  learning_rate: {distribution: log_uniform_values, min: 0, max: 1}",
        9,
        "parameters.learning_rate",
        "min=0",
        "above 0",
    ),
    "range leaves what is legal": (LR, "  dropout: {min: 0.0, max: 1.0}", 9, "parameters.dropout", "1.0", "below 1"),
    "real range for whole numbers": (LR, "  batch_size: {min: 8, max: 9.5}", 9, "parameters.batch_size", "8.", "q: 1"),
    "choice mistyped": (LR, "  batch_size: {values: [8, six]}", 9, "parameters.batch_size", "'six'", "number"),
    "choice read as a boolean": (LR, "  schedule: {values: [linear, no]}", 9, "parameters.schedule", "False", "quote"),
    "unknown parameter": (LR, "  learning_rte: [1]", 9, "parameters.learning_rte", "no setting", "learning_rate?"),
    "unknown prefix": (LR, "  net.hidden: [8]", 9, "parameters.net.hidden", "no setting", "model_args.<name>"),
    "unknown model argument": (LR, "  model_args.hiden: [8]", 9, "parameters.model_args.hiden", "mlp", "hidden"),
    "unknown distribution": (
        LR,
        "  learning_rate: {distribution: lognormal}",
        9,
        "parameters.learning_rate",
        "'lognormal'",
        "log_normal?",
    ),
    "fixed and searched": (LR, "  epochs: [1, 2]", 9, "parameters.epochs", "trainer.epochs", "remove one"),
    "task searched": (LR, "  task: [a, b]", 9, "parameters.task", "cannot be searched", "each"),
    "nothing to search": (LR, "  learning_rate: 0.1", 8, "parameters", "every trial would be the same", "min and max"),
    "null without a preset": (LR, "  learning_rate:", 9, "parameters.learning_rate", "null", "values"),
    "preset unknown": ("trials: 4", "preset: small-nett", 10, "preset", "'small-nett'", "did you mean small-net?"),
    "grid of a range": ("trials: 4", "method: grid", 9, "parameters.learning_rate", "points", "points: 5"),
    "grid of a million points": (
        f"{LR}\ntrials: 4",
        "  batch_size: {min: 1, max: 1000}\n  seed: {min: 0, max: 999}\nmethod: grid",
        8,
        "parameters",
        "1,000,000",
        "random",
    ),
    "own function, no colon": (GOOD, OWN.replace(":train", ""), 2, "trainer.function", "'mytrain'", "my_train:train"),
    "own module missing": (GOOD, OWN.replace("mytrain", "mytran"), 2, "trainer.function", "mytran", "mytrain?"),
    "own function missing": (GOOD, OWN.replace(":train", ":trian"), 2, "trainer.function", "trian", "train?"),
    "own function, no goal": (GOOD, OWN.replace(", goal: max", ""), 3, "metric.goal", "missing", "maximize"),
    "own setting fixed and searched": (GOOD, OWN.replace("depth", "rate"), 4, "parameters.rate", "fixed", "remove"),
    "a huge grid": (
        f"{LR}\ntrials: 4",
        "  seed: {min: 0, max: 4000000000}\nmethod: grid",
        8,
        "parameters",
        "4,000,",
        "random",
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_bad_input_is_one_clear_line(case: str, tmp_path: Path) -> None:
    check_case(TABLE[case], tmp_path)


def test_the_table_starts_from_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(GOOD)
    assert load_sweep(path).planned == 4


def test_an_unknown_source_suggests_recipes() -> None:
    with pytest.raises(InputError) as caught:
        load_sweep("digts")
    assert "did you mean digits?" in caught.value.mend
