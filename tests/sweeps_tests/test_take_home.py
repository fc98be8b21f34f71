"""Taking a model home: the best one that is whole, as a folder that appears whole or not at all."""

import json
import stat

import numpy as np
import pytest
from sklearn.datasets import load_digits

import sweeps
from sweeps.config import load_sweep
from sweeps.errors import Exit, InputError, NoUsableTrial
from sweeps.records.builder import read_sweep
from sweeps.take_home.best import best_of
from sweeps.take_home.evaluate import evaluate_export
from sweeps.take_home.export import export_trial
from sweeps.take_home.summary import summary
from tests.sweeps_tests.local_sweep import flip_a_byte, run_here, validation_rows


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "model"
    return export_trial(finished, out), out


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_export_is_weights_a_description_and_a_card(exported):
    best, out = exported
    files = ["README.md", "model.json", "model.safetensors", "sweepwright-training.json", "sweepwright.json"]
    assert names(out) == files
    card = (out / "README.md").read_text()
    for part in (f"trial {best.trial}", "digits", "learning_rate", f"{best.value:.6g}", "chosen among 3 trials"):
        assert part in card
    assert json.loads((out / "model.json").read_text())["function"] == "sweeps.recipes.digits_model:mlp"


def test_others_may_read_what_is_exported(exported):
    for path in exported[1].iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o044 == 0o044, path.name


def test_a_loaded_model_scores_what_the_sweep_wrote_down(exported, finished):
    best, out = exported
    rows, labels = validation_rows(finished, dict(best.params))
    model = sweeps.load(out)
    chances = model.predict_proba(rows)
    assert float((chances.argmax(axis=1) == labels).mean()) == pytest.approx(best.value, abs=1e-6)
    report = next(one for one in read_sweep(finished).trials if one.id == best.trial).reports[best.report - 1]
    loss = -np.log(chances[np.arange(len(labels)), labels]).mean()
    assert loss == pytest.approx(report.metrics["loss"], abs=1e-6)


def test_a_loaded_model_predicts_rows_of_any_kind(exported):
    model, data = sweeps.load(exported[1]), load_digits()
    assert model.label_names == tuple("0123456789")
    mapping = dict(zip(data.feature_names, data.data[0], strict=True))
    assert model.predict([mapping]) == model.predict(data.data[:1].tolist()) == [0]


def test_what_is_there_already_is_never_written_over(finished, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is there already; name a folder that is not there yet"):
        export_trial(finished, out)
    assert names(out) == ["mine.txt"]


def test_an_export_that_breaks_off_leaves_nothing(finished, tmp_path, monkeypatch):
    def full(model, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("safetensors.torch.save_model", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        export_trial(finished, tmp_path / "out")
    assert names(tmp_path) == []


def test_what_a_killed_export_left_is_no_obstacle(finished, tmp_path):
    left = tmp_path / ".out.partial"
    left.mkdir()
    (left / "half.bin").write_bytes(b"half")
    export_trial(finished, tmp_path / "out")
    assert names(tmp_path) == ["out"]
    assert not (tmp_path / "out" / "half.bin").exists()


def test_a_sweep_can_be_moved_before_it_is_exported(own_copy, exported, tmp_path):
    assert export_trial(own_copy, tmp_path / "out").value == exported[0].value
    ours, theirs = tmp_path / "out" / "model.safetensors", exported[1] / "model.safetensors"
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_flipped_bit_makes_the_next_best_checkpoint_the_best(own_copy, tmp_path, caplog):
    before = best_of(own_copy)[1]
    flip_a_byte(own_copy / before.checkpoint / "model.safetensors")
    after = export_trial(own_copy, tmp_path / "out")
    assert after.checkpoint != before.checkpoint
    assert after.value <= before.value
    assert "its sha256 is not the one in manifest.json" in caplog.text


def test_with_every_checkpoint_damaged_there_is_one_clear_line_and_no_export(own_copy, tmp_path):
    for weights in own_copy.glob("trials/*/checkpoints/*/model.safetensors"):
        weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(
        NoUsableTrial, match=r"no trial has a usable checkpoint; \d \w+ \(\w+\), \d \w+ \(\w+\)$"
    ) as error:
        export_trial(own_copy, tmp_path / "out")
    assert error.value.exit_code == Exit.NO_USABLE_TRIAL
    assert names(tmp_path) == ["moved"]


def test_another_trial_can_be_exported_by_its_id(finished, tmp_path):
    best = best_of(finished)[1].trial
    kept = {path.parts[-4] for path in finished.glob("trials/*/checkpoints/*/manifest.json")}
    (other,) = kept - {best}
    assert export_trial(finished, tmp_path / "out", other).trial == other
    with pytest.raises(InputError, match=r"there is no trial t0099; see `sweeps list"):
        export_trial(finished, tmp_path / "none", "t0099")


def test_an_export_is_evaluated_on_labelled_rows(exported, tmp_path):
    data = load_digits(as_frame=True).frame.rename(columns={"target": "digit"})
    data.iloc[:200].to_csv(tmp_path / "rows.csv", index=False)
    metrics = evaluate_export(exported[1], tmp_path / "rows.csv", label="digit")
    predicted = sweeps.load(exported[1]).predict(data.iloc[:200].drop(columns="digit").to_numpy())
    assert metrics["accuracy"] == pytest.approx((np.array(predicted) == data["digit"][:200]).mean())
    with pytest.raises(InputError, match="label"):
        evaluate_export(exported[1], tmp_path / "rows.csv", label="dgit")


BARE = """
import sweeps

def train(config):
    for step in (1, 2):
        sweeps.report({"score": config["x"] * step})
"""


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A sweep of a function that never saves a checkpoint."""
    base = tmp_path_factory.mktemp("bare")
    (base / "bare_function.py").write_text(BARE)
    sweep = base / "bare.yaml"
    sweep.write_text(
        "name: bare\ntrainer: {function: 'bare_function:train'}\nmetric: {name: score, goal: maximize}\n"
        "method: grid\nparameters: {x: [1, 3, 2]}\nearly_stopping: none\n"
    )
    return run_here(load_sweep(sweep), base)


def test_a_sweep_without_checkpoints_has_a_best_trial_but_nothing_to_export(bare, tmp_path):
    record, best = best_of(bare)
    assert (best.trial, best.value, best.checkpoint) == ("t0002", 6.0, None)
    with pytest.raises(NoUsableTrial, match=r"pass one to sweeps\.report\(metrics, checkpoint=folder\)"):
        export_trial(bare, tmp_path / "out")
    text, code = summary(bare, record, Exit.DONE)
    assert code is Exit.DONE
    assert "best: t0002 score=6" in text
    assert "export" not in text


def test_the_last_lines_of_a_run_name_the_same_best_as_the_command_does(own_copy):
    before = best_of(own_copy)[1]
    flip_a_byte(own_copy / before.checkpoint / "model.safetensors")
    record, best = best_of(own_copy)
    text, code = summary(own_copy, record, Exit.DONE)
    assert code is Exit.DONE
    assert f"best: {best.trial} accuracy={best.value:.6g} at report {best.report}" in text
    assert f"take it home: sweeps export {own_copy} OUT" in text


@pytest.mark.parametrize("code", [Exit.INTERRUPTED, Exit.TERMINATED, Exit.FAILED])
def test_a_sweep_that_broke_off_says_how_to_go_on_and_keeps_its_exit_code(finished, code):
    text, given = summary(finished, read_sweep(finished), code)
    assert given is code
    assert text.splitlines()[-1] == f"go on with: sweeps resume {finished}"
