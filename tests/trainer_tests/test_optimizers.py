import copy
import itertools
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.trainer_tests.test_resume import COURSE, facts, weights
from tests.trainer_tests.toy import ToyTask, blobs, settings
from trainer.config import TrainConfig
from trainer.errors import ConfigError, ResumeError
from trainer.loop import train
from trainer.optim.build import build_optimizer, load_optimizer, set_lr
from trainer.optim.muon import MuonWithAdamW
from trainer.optim.names import OPTIMIZERS

NAMES = sorted(OPTIMIZERS)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "muon"])
def test_only_matrices_are_decayed_and_frozen_parameters_are_left_out(name: str) -> None:
    config = settings(optimizer=name, weight_decay=0.1)
    model = ToyTask().build_model(config, blobs())
    first = next(model.parameters())
    first.requires_grad_(False)
    optimizer = build_optimizer(model, config)
    decayed = {p for g in optimizer.param_groups if g["weight_decay"] for p in g["params"]}
    plain = {p for g in optimizer.param_groups if not g["weight_decay"] for p in g["params"]}
    assert decayed == {p for p in model.parameters() if p.ndim > 1 and p is not first}
    assert plain == {p for p in model.parameters() if p.ndim == 1}


def steps(optimizer: torch.optim.Optimizer, model: nn.Module, count: int = 5) -> torch.Tensor:
    """The first weight after a few updates on a quadratic loss."""
    for step in range(count):
        optimizer.zero_grad()
        rows = torch.linspace(-1, 1, 8).reshape(2, 4) + step
        model(rows).square().sum().backward()
        optimizer.step()
    return next(model.parameters()).detach()


def lion(parameters: Any, **settings: Any) -> Any:
    return pytest.importorskip("pytorch_optimizer").Lion(parameters, **settings)


def trainers_adafactor(parameters: Any) -> Any:
    from transformers.optimization import Adafactor

    return Adafactor(parameters, lr=0.01, weight_decay=0.1, scale_parameter=False, relative_step=False)


@pytest.mark.parametrize(
    ("given", "reference"),
    [
        (
            {"optimizer": "adamw", "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6},
            lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1),
        ),
        ({"optimizer": "adam"}, lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1)),
        ({"optimizer": "sgd", "momentum": 0.7}, lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.7, weight_decay=0.1)),
        (
            {"optimizer": "sgd", "nesterov": True},
            lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
        ),
        ({"optimizer": "adafactor"}, trainers_adafactor),
        ({"optimizer": "lion", "beta1": 0.8}, lambda p: lion(p, lr=0.01, betas=(0.8, 0.99), weight_decay=0.1)),
    ],
    ids=lambda value: value["optimizer"] if isinstance(value, dict) else "",
)
def test_optimizers_take_the_steps_of_their_libraries(given: dict[str, Any], reference: Any) -> None:
    config = settings(learning_rate=0.5, weight_decay=0.1, **given)
    torch.manual_seed(0)
    ours = nn.Linear(4, 4, bias=False)
    theirs = copy.deepcopy(ours)
    optimizer = build_optimizer(ours, config)
    set_lr(optimizer, 0.01)
    torch.testing.assert_close(steps(optimizer, ours), steps(reference(theirs.parameters()), theirs))


def two_layers() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 3))


def test_muon_takes_hidden_matrices_and_leaves_the_rest_to_adamw() -> None:
    ours, theirs = two_layers(), two_layers()
    set_lr(optimizer := build_optimizer(ours, settings(optimizer="muon", weight_decay=0.1)), 0.01)
    assert isinstance(optimizer, MuonWithAdamW)
    hidden, bias, *output = theirs.parameters()
    muon = torch.optim.Muon([hidden], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(
        [{"params": output[:1], "weight_decay": 0.1}, {"params": [bias, *output[1:]], "weight_decay": 0.0}], lr=0.01
    )
    for step in range(4):
        for model, parts in ((ours, (optimizer,)), (theirs, (muon, adamw))):
            model.zero_grad()
            model(torch.linspace(-1, 1, 8).reshape(2, 4) + step).square().sum().backward()
            for part in parts:
                part.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_muon_has_nothing_to_do_in_a_single_layer() -> None:
    with pytest.raises(ConfigError, match="optimizer: muon finds no hidden matrix"):
        build_optimizer(nn.Linear(4, 2), settings(optimizer="muon"))


def test_lion_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(ConfigError, match=r"optimizer: lion .*not installed \(pip install 'sweepwright\[opt"):
        build_optimizer(two_layers(), settings(optimizer="lion"))


def run(folder: Path, **changes: Any) -> Any:
    resume = changes.pop("resume", False)
    config = settings(**{**COURSE, **changes})
    return train(config, prepared=blobs(), task=ToyTask(), folder=folder, resume=resume, device="cpu")


@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, name: str) -> None:
    course = {"optimizer": name, "weight_decay": 0.1, "micro_batch_size": 5}
    whole = list(run(tmp_path / "whole", **course))
    assert whole[-1].metrics["loss"] < whole[0].metrics["loss"]
    for cut in (1, 4):
        folder = tmp_path / str(cut)
        first = list(itertools.islice(run(folder, **course), cut))
        torch.manual_seed(99)
        assert facts(first + list(run(folder, resume=True, **course))) == facts(whole)
        assert weights(folder / "checkpoints" / "r0007") == weights(tmp_path / "whole" / "checkpoints" / "r0007")


@pytest.mark.parametrize("name", NAMES)
def test_another_runs_state_is_gone_on_from_with_the_new_settings(tmp_path: Path, name: str) -> None:
    source = list(itertools.islice(run(tmp_path / "a", optimizer=name), 2))[-1]
    changed = {"optimizer": name, "learning_rate": 0.003, "weight_decay": 0.2}
    if "beta1" in OPTIMIZERS[name]:
        changed["beta1"] = 0.5
    config = settings(**{**COURSE, **changed})
    optimizer = build_optimizer(model := ToyTask().build_model(config, blobs()), config)
    state = torch.load(source.checkpoint / "state.pt", weights_only=True)["optimizer"]
    load_optimizer(optimizer, state)
    assert {group["weight_decay"] for group in optimizer.param_groups} == {0.2, 0.0}
    assert all(group["betas"][0] == 0.5 for group in optimizer.param_groups if "betas" in group and "beta1" in changed)
    kept, taken = state["state"], optimizer.state_dict()["state"]
    assert kept.keys() == taken.keys() != set()
    for index, moments in kept.items():
        assert all(torch.equal(moment, taken[index][key]) for key, moment in moments.items())
    model(torch.ones(2, 8)).sum().backward()
    optimizer.step()
    ours = list(run(tmp_path / "b", resume=source.checkpoint, **changed))
    assert ours[0].number == 3


def test_the_optimizer_cannot_change_on_the_way(tmp_path: Path) -> None:
    next(run(tmp_path, optimizer="muon"))
    with pytest.raises(ResumeError, match="optimizer was 'muon' and is now 'adamw'"):
        next(run(tmp_path, resume=True))


def test_unknown_optimizers_are_named() -> None:
    with pytest.raises(ConfigError, match="optimizer: expected one of adamw, adam, sgd, adafactor, lion, muon"):
        TrainConfig.build(settings().model_dump(mode="json"), {"optimizer": "rmsprop"})


def test_loading_keeps_this_runs_settings_and_takes_the_moments() -> None:
    old, new = settings(weight_decay=0.1), settings(weight_decay=0.3)
    model = ToyTask().build_model(old, blobs())
    before, after = build_optimizer(model, old), build_optimizer(model, new)
    model(torch.ones(2, 8)).sum().backward()
    before.step()
    load_optimizer(after, before.state_dict())
    assert {g["weight_decay"] for g in after.param_groups} == {0.3, 0.0}
    for parameter in model.parameters():
        assert torch.equal(after.state[parameter]["exp_avg"], before.state[parameter]["exp_avg"])


def test_a_state_of_other_parameters_is_refused() -> None:
    config = settings()
    small, large = torch.nn.Linear(2, 2), ToyTask().build_model(config, blobs())
    with pytest.raises(ValueError, match="other parameters"):
        load_optimizer(build_optimizer(small, config), build_optimizer(large, config).state_dict())
