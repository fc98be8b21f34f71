"""Nothing in a sweep's folder is ever unpickled: not to resume, not to export, not to look at it."""

import pickle

import pytest
import torch

from sweeps.engine.attempt import attempt
from sweeps.errors import InputError
from sweeps.records.sweep_file import read_config
from sweeps.take_home.best import best_of
from sweeps.take_home.export import export_trial
from trainer.manifest import verify, write_manifest


class Canary:
    """Unpickling it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


@pytest.fixture(params=["torch", "pickle"])
def poison(request, canary):
    """Replaces a file by a payload, and seals the checkpoint again as an attacker would."""

    def do(checkpoint, name):
        facts = verify(checkpoint)
        if request.param == "torch":
            torch.save({"optimizer": Canary(canary)}, checkpoint / name)
        else:
            (checkpoint / name).write_bytes(pickle.dumps(Canary(canary), protocol=2))
        write_manifest(checkpoint, facts)

    return do


def test_the_canary_sings_when_it_is_unpickled(canary):
    pickle.loads(pickle.dumps(Canary(canary)))
    assert canary.exists()


def test_a_trial_that_goes_on_from_a_payload_fails_and_runs_nothing(own_copy, poison, canary):
    best = best_of(own_copy)[1]
    checkpoint = own_copy / best.checkpoint
    poison(checkpoint, "state.pt")
    config = read_config(own_copy)
    task = {
        "settings": config.trial_settings(best.params),
        "folder": str(own_copy / "trials" / best.trial),
        "function": None,
        "base": str(config.base),
        "cache": str(own_copy / "cache"),
        "threads": 1,
    }
    (end,) = attempt(task)
    assert (end["end"]["state"], end["end"]["code"]) == ("failed", "error")
    assert "it is not a state of plain tensors and values" in end["end"]["text"]
    assert not canary.exists()


@pytest.mark.parametrize("name", ["state.pt", "model.bin", "progress.json"])
def test_looking_and_exporting_open_nothing_but_weights(own_copy, poison, canary, tmp_path, name):
    poison(own_copy / best_of(own_copy)[1].checkpoint, name)
    export_trial(own_copy, tmp_path / "out")
    assert not canary.exists()


def test_weights_that_are_a_payload_are_refused(own_copy, poison, canary, tmp_path):
    poison(own_copy / best_of(own_copy)[1].checkpoint, "model.safetensors")
    with pytest.raises(InputError, match=r"cannot be exported: .*model\.safetensors"):
        export_trial(own_copy, tmp_path / "out")
    assert not canary.exists()
    assert not (tmp_path / "out").exists()


def test_rays_scratch_and_other_pickles_in_the_folder_are_never_opened(own_copy, canary, tmp_path):
    for place in ("ray/tune/tuner.pkl", "ray/tune/experiment_state-2020.json", "searcher.pkl", "cache/data.pkl"):
        target = own_copy / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(pickle.dumps(Canary(canary)))
    export_trial(own_copy, tmp_path / "out")
    assert not canary.exists()
