"""Confirmations without Ray: the repeats run one after another in this process, and may be cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.config import SweepConfig, from_mapping
from sweeps.errors import Exit
from sweeps.records.ledger import read_events
from tests.sweeps_tests.local_sweep import go_on_here, run_here

# Two reports of a configuration's worth, with a luck that its seed decides; each training leaves a line.
TOY = """
import pathlib, random, tempfile
import sweeps

def train(config):
    with open("trained.txt", "a") as file:
        file.write(f"{config['x']} {config['seed']}\\n")
    luck = random.Random(f"{config['x']} {config['seed']}").gauss(0, config.get("luck", 0.01))
    for step in (1, 2):
        folder = pathlib.Path(tempfile.mkdtemp())
        (folder / "weights.txt").write_text(str(config["x"]))
        sweeps.report({"score": config["x"] * step + luck}, checkpoint=folder)

def unlucky(config):
    if config["seed"] in config.get("bad", []) and config["x"] == config["bad_x"]:
        raise RuntimeError("this seed fails")
    train(config)

def careless(config):
    sweeps.report({"score": config["x"]})

def luck_of_the_process(config):
    for _ in range(2):
        sweeps.report({"score": config["x"] + random.gauss(0, 0.01)})

def strict(config):
    if set(config) != {"x"}:
        raise TypeError(f"unexpected {sorted(set(config) - {'x'})}")
    sweeps.report({"score": config["x"]})
"""


@dataclass
class Here:
    """Runs sweeps here; with ``most``, that many reports at a time, after which they are interrupted."""

    most: int | None = None
    ran: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)

    def run(self, config: SweepConfig, storage: Path, cache: Path) -> Exit:
        self.ran.append(config.name)
        return self._code(run_here(config, storage, cache=cache, most=self.most))

    def resume(self, folder: Path, cache: Path) -> Exit:
        self.resumed.append(folder.name)
        return self._code(go_on_here(folder, cache=cache, most=self.most))

    def _code(self, folder: Path) -> Exit:
        return Exit.DONE if read_events(folder)[0][-1].get("state") == "finished" else Exit.INTERRUPTED


def toy_sweep(base: Path, function: str = "train", name: str = "toy", **settings: Any) -> Path:
    """The folder of a finished sweep of a toy function, over six values of ``x``."""
    (base / "confirm_toy.py").write_text(TOY)
    trainer = {"function": f"confirm_toy:{function}", **settings.pop("trainer", {"seed": 0})}
    content = {
        "name": name,
        "trainer": trainer,
        "metric": {"name": "score", "goal": "maximize"},
        "method": "grid",
        "parameters": {"x": [0.2, 0.9, 0.5, 0.89, 0.7, 0.3]},
        "early_stopping": "none",
        **settings,
    }
    return run_here(from_mapping(content, base=base), base)


def trained(base: Path) -> list[str]:
    """Each training of the toy function, in order: its ``x`` and its seed."""
    return (base / "trained.txt").read_text().splitlines()
