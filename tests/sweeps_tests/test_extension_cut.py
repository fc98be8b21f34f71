"""Extensions that are cut off anywhere: between the file and the line, and at any line after it."""

import shutil
from pathlib import Path

import pytest

from sweeps.errors import InputError
from sweeps.records.best import choose_best
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.sweep_file import digest, read_config
from tests.sweeps_tests.extension_kit import begin_extension, ended, extend, first, open_ledger, resume
from tests.sweeps_tests.study_kit import REPORTS, Died, FunctionWorker, LoopWorker, on_disk, shape
from tests.sweeps_tests.test_extension import once

CHANGES = ("trials=+3", "parameters.x={min: 0.1, max: 1.0}", "parameters.m={values: [1, 2]}")
FIXED = {"trainer": {"function": "toy:train", "m": 2}, "trials": 5}


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch):
    monkeypatch.setattr("os.fsync", lambda file: None)


def files(folder):
    return sorted(path.name for path in (folder / "sweep").iterdir() if "sweep." in path.name)


@pytest.mark.parametrize("kind", [FunctionWorker, LoopWorker])
@pytest.mark.parametrize("stopping", ["none", {"scheduler": "asha", "mode": "promotion", "reduction_factor": 2}])
@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_a_driver_that_dies_at_any_line_of_an_extension_changes_nothing(tmp_path, kind, stopping, step):
    begun = tmp_path / "begun"
    begun.mkdir()
    config = first(begun, **FIXED, early_stopping=stopping, reports=REPORTS, method="tpe")
    study = ended(config, begun, kind=kind, steps=13)
    lines = len(read_events(study.folder)[0])
    whole = tmp_path / "whole"
    shutil.copytree(begun, whole)
    expected = extend(whole, *CHANGES, kind=kind)
    more = len(read_events(whole / "sweep")[0]) - lines
    assert more > 20
    for line in range(0, more, step):
        cut = tmp_path / "cut"
        shutil.copytree(begun, cut)
        with pytest.raises(Died):
            extend(cut, *CHANGES, lines=line, kind=kind)
        # Before its line there was no extension; with it there is, whatever the files are called.
        again = extend(cut, *CHANGES, kind=kind) if line == 0 else resume(cut, kind=kind)
        assert shape(again) == shape(expected), f"after line {line}"
        assert read_sweep(cut / "sweep") == again.record
        assert len(on_disk(cut / "sweep")) == config.keep_checkpoints
        assert files(cut) == ["sweep.1.yaml", "sweep.yaml"]
        assert choose_best(again.record, cut / "sweep").trial == choose_best(expected.record, whole / "sweep").trial
        once(cut)
        shutil.rmtree(cut)


NAMES = [".sweep.next.yaml.new", ".sweep.1.yaml.new", "sweep.next.yaml"]


@pytest.mark.parametrize("name", NAMES)
def test_killed_between_the_file_and_the_line_and_the_names(tmp_path, monkeypatch, name):
    """``name`` is the file whose renaming never comes about."""
    before = ended(first(tmp_path, **FIXED), tmp_path)
    replace = Path.replace

    def dies(self, target):
        if self.name == name:
            raise Died
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dies)
        with pytest.raises(Died):
            begin_extension(tmp_path, CHANGES)
    begun = name != NAMES[0]
    events = read_events(tmp_path / "sweep")[0]
    assert bool(events[-1].get("extension")) is begun
    # Whoever only looks sees one of the two, and moves nothing.
    left = files(tmp_path)
    config = read_config(tmp_path / "sweep")
    assert config.trials == (8 if begun else 5)
    assert read_config(tmp_path / "sweep", generation=1).trials == 5
    assert files(tmp_path) == left
    study = resume(tmp_path) if begun else extend(tmp_path, *CHANGES)
    assert len(study.record.trials) == 8
    assert digest(read_config(tmp_path / "sweep", generation=1)) == digest(before.config)
    assert files(tmp_path) == ["sweep.1.yaml", "sweep.yaml"]
    once(tmp_path)


def test_a_file_that_was_written_for_an_extension_that_never_began_is_not_taken_for_it(tmp_path):
    ended(first(tmp_path, **FIXED), tmp_path)
    with pytest.raises(Died):
        extend(tmp_path, *CHANGES, lines=0)
    assert files(tmp_path) == ["sweep.next.yaml", "sweep.yaml"]
    assert read_config(tmp_path / "sweep").trials == 5
    open_ledger(tmp_path).close()
    assert files(tmp_path) == ["sweep.yaml"]
    study = extend(tmp_path, "trials=+1")
    assert len(study.record.trials) == 6
    assert not [trial for trial in study.record.trials if trial.outside]


@pytest.mark.parametrize("file", ["sweep.1.yaml", "sweep.yaml"])
def test_files_that_were_edited_are_refused_by_their_names(tmp_path, file):
    ended(first(tmp_path, **FIXED), tmp_path)
    extend(tmp_path, *CHANGES)
    path = tmp_path / "sweep" / file
    path.write_text(path.read_text().replace("seed: 0", "seed: 1"))
    generation = 1 if file == "sweep.1.yaml" else 2
    assert read_config(tmp_path / "sweep", generation=3 - generation)
    with pytest.raises(InputError, match=f"{file}: this file was changed since the sweep began"):
        read_config(tmp_path / "sweep", generation=generation)
    path.unlink()
    with pytest.raises(InputError, match=file):
        read_config(tmp_path / "sweep", generation=generation)
