"""What can be wrong with conditions, constraints, priors and points: one line with all that helps."""

from pathlib import Path

import pytest

from sweeps.config import load_sweep
from sweeps.errors import InputError
from tests.sweeps_tests.sweep_texts import CONDITIONED, written

# what is replaced, by what, line, key, part of the message (the value), part of the mend
REFUSED = {
    "unknown parent": (
        "when: {optimizer",
        "when: {optimiser",
        6,
        "parameters.momentum.when.optimiser",
        "no param",
        "optimizer?",
    ),
    "value never taken": (
        "{optimizer: sgd}",
        "{optimizer: lion}",
        6,
        "parameters.momentum.when.optimizer",
        "'lion'",
        "adamw",
    ),
    "prior outside": ("prior: 0.9", "prior: 1.5", 6, "parameters.momentum", "prior 1.5", "(0.0, 0.95)"),
    "expression no text": ('"batch_size * model_args.hidden <= 2048"', "3", 12, "constraints", "got 3", "quotes"),
    "expression unknown name": ("batch_size * m", "batch * m", 12, "constraints", "batch is no", "batch_size?"),
    "expression syntax": ("<= 2048", "=< 2048", 12, "constraints", "no expression", "accumulation"),
    "expression trick": ("batch_size * m", "().__class__ * m", 12, "constraints", "no place here", "comparisons"),
    "expression impossible": ("<= 2048", "< 0", 12, "constraints", "hardest constraint", "loosen"),
    "points as a mapping": (
        CONDITIONED.partition("points:\n")[2].partition("trials")[0],
        "  learning_rate: 1\n",
        13,
        "points",
        "expected a list",
        "- {learning_rate",
    ),
    "point no mapping": ("{learning_rate: 1e-3}", "3", 14, "points", "point 1: expected a mapping", "{name: value}"),
    "point unknown name": (
        "{learning_rate: 1",
        "{learning_rte: 1",
        14,
        "points",
        "point 1: learning_rte is no",
        "learning_rate?",
    ),
    "point value outside": ("0.05", "3.0", 16, "points", "point 2: learning_rate cannot be 3.0", "min 0.0001"),
    "point nested value": ("layers: 2", "layers: 5", 17, "points", "point 2: model_args.layers cannot be 5", "max 3"),
    "point inactive": (
        "{learning_rate: 1e-3}",
        "{momentum: 0.5}",
        14,
        "points",
        "momentum is inactive",
        "add optimizer: 'sgd'",
    ),
    "point breaks a constraint": (
        "optimizer: sgd\n",
        "optimizer: adamw\n",
        15,
        "points",
        "learning_rate=0.05",
        "change one",
    ),
    "point twice": (
        "  - {learning_rate: 1e-3}\n",
        "  - {learning_rate: 1e-3}\n  - {learning_rate: 1e-3, batch_size: 16}\n",
        15,
        "points",
        "point 2: is the same as point 1",
        "remove",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_complaint_is_one_line_with_file_line_key_value_and_mend(name: str, tmp_path: Path) -> None:
    old, new, line, key, message, mend = REFUSED[name]
    assert old in CONDITIONED
    path = written(tmp_path, CONDITIONED.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_sweep(path)
    error = caught.value
    assert (error.where, error.key) == (f"{path}:{line}", key)
    assert message in error.message
    assert mend in error.mend
    assert "\n" not in str(error)


def test_constraints_that_are_no_list_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="constraints: expected a list of expressions, got 'a < b'"):
        load_sweep(written(tmp_path, CONDITIONED), ["constraints=a < b"])


def test_values_that_constraints_forbid_are_not_held_against_the_trainer(tmp_path: Path) -> None:
    text = CONDITIONED.replace("{values: [16, 32, 64]}", "{values: [0, 16, 32]}")
    with pytest.raises(InputError, match="batch_size"):
        load_sweep(written(tmp_path, text.replace("    model_args: {hidden: 64, layers: 2}\n", "")))
    legal = load_sweep(written(tmp_path, text.replace("constraints:\n", "constraints:\n  - batch_size > 0\n")))
    assert legal.space.middle()["batch_size"] == 16
