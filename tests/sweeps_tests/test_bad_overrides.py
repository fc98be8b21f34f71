"""What is wrong with overrides is said of them, not of the file's lines."""

from pathlib import Path

import pytest

from sweeps.config import load_sweep
from sweeps.engine.outlook import check
from sweeps.errors import InputError
from tests.sweeps_tests.sweep_texts import GOOD


@pytest.mark.parametrize(
    ("override", "key", "message", "mend"),
    [
        ("trials=0", "trials", "got 0", "at least 1"),
        ("trails=3", "trails", "unknown key", "did you mean trials?"),
        ("trainer.epochz=3", "trainer.epochz", "unknown setting", "did you mean epochs?"),
        ("trainer.epochs.x=3", "trainer.epochs.x", "trainer.epochs is 2", "whole"),
        ("trainer.epochs=[", "trainer.epochs", "not YAML", "shell"),
        ("trials", "", "expected key=value, got 'trials'", "trials=10"),
        ("=3", "", "expected key=value", "trials=10"),
        ("a..b=3", "", "expected key=value", "trials=10"),
        ("parameters.batch_size.min=5", "parameters.batch_size.min", "not among", "'parameters.batch_size={min"),
        ("metric.goal=min", "metric.goal", "larger", "maximize"),
        ("name=a/b", "name", "'a/b'", "plainer"),
        ("parameters={learning_rate: {min: 0.0, max: 1.0}}", "parameters.learning_rate", "0.0", "above 0"),
    ],
)
def test_bad_overrides_name_the_command_line(override: str, key: str, message: str, mend: str, tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(GOOD)
    with pytest.raises(InputError) as caught:
        load_sweep(path, [override])
    assert caught.value.where == "command line"
    assert caught.value.key == key
    assert message in caught.value.message
    assert mend in caught.value.mend


RATE = "parameters.learning_rate"
# An override inside a section, and the key of the complaint, which stands in the file too.
PARTS = {
    "one end of a range": ("parameters.learning_rate.max=0.0001", 9, RATE, "swap them"),
    "a distribution": (
        "parameters.learning_rate.distribution=log_unform",
        9,
        "parameters.learning_rate",
        "log_uniform?",
    ),
    "a second source": ("trainer.data.name=some/data", 5, "trainer.data", "remove all but one"),
}


@pytest.mark.parametrize("case", PARTS)
def test_where_an_override_changes_a_part_of_a_section_both_are_named(case: str, tmp_path: Path) -> None:
    override, line, key, mend = PARTS[case]
    path = tmp_path / "sweep.yaml"
    path.write_text(GOOD)
    with pytest.raises(InputError) as caught:
        load_sweep(path, [override])
    assert caught.value.where == f"{path}:{line} with {override.partition('=')[0]} of the command line"
    assert caught.value.key == key
    assert mend in caught.value.mend


@pytest.mark.parametrize("overridden", [True, False])
def test_what_is_found_in_the_data_is_said_of_the_setting_that_named_them(overridden: bool, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,kind\n" + "1,x\n2,y\n" * 20)
    data = f"{{train: {tmp_path / 'rows.csv'}, label: kind}}"
    path = tmp_path / "sweep.yaml"
    path.write_text(GOOD.replace("{sklearn: digits}", data if overridden else data.replace("kind", "kin")))
    with pytest.raises(InputError) as caught:
        check(load_sweep(path, ["trainer.data.label=kin"] if overridden else []))
    assert caught.value.where == ("command line" if overridden else f"{path}:5")
    assert (caught.value.key, caught.value.mend.partition("?")[0]) == ("trainer.data.label", "did you mean kind")


def test_what_the_machine_lacks_is_said_of_the_setting_that_asked_for_it(cli) -> None:
    said = cli("run", "digits", "resources.gpus_per_trial=512")
    assert said.err.startswith("sweeps: command line: resources.gpus_per_trial: asked for 512 GPUs")


def test_bad_arguments_of_a_python_call_are_called_that() -> None:
    with pytest.raises(InputError) as caught:
        load_sweep("digits", {"trials": 0})
    assert (caught.value.where, caught.value.key) == ("arguments", "trials")
