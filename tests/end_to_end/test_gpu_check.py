"""``scripts/gpu_check`` without a GPU: every path but the device's own, and checks that can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from scripts.gpu import check
from scripts.gpu.formats import BOUNDS, compare

ROOT = Path(__file__).parents[2]


def gpu_check(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "scripts.gpu.check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)


def words(done: subprocess.CompletedProcess) -> dict[str, str]:
    lines = [line.split("  ", 1) for line in done.stdout.splitlines() if line[:4] in {"PASS", "FAIL", "SKIP"}]
    return {text.split(":")[0]: word for word, text in lines}


@pytest.mark.slow
def test_checks_pass_on_a_cpu_where_they_can_be_made():
    done = gpu_check("--cpu", "--no-ray")
    found = words(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name for name, word in found.items() if word == "SKIP"} == {
        "mlp in fp16 as in fp32",
        "transformer in fp16 as in fp32",
    }
    assert set(found.values()) == {"PASS", "SKIP"}
    assert len(found) == 11
    assert "samples/s fp32" in done.stdout


@pytest.mark.ray
@pytest.mark.slow
def test_sweeps_of_the_check_pass_on_a_cpu():
    from scripts.gpu import sharing

    found = list(sharing.check(torch.device("cpu")))
    assert [outcome.passed for outcome in found] == [True, True], found


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_so_and_ends_well(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu_check"])
    assert check.main() == 0
    assert "no GPU here" in capsys.readouterr().out


def test_missing_library_is_named_in_one_line():
    code = (
        "import importlib.util, sys; find = importlib.util.find_spec;"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'pydantic' else find(name, *rest);"
        "from scripts.gpu.check import main; sys.argv = ['gpu_check']; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.startswith("gpu_check needs pydantic: ")
    assert len(done.stdout.splitlines()) == 1


def test_curves_that_part_fail():
    exact = [1.4 - 0.03 * step for step in range(20)]
    off = [loss * 1.05 for loss in exact]
    assert compare("same", exact, exact, BOUNDS["fp16"]).passed
    assert not compare("off", exact, off, BOUNDS["bf16"]).passed
    assert not compare("learns nothing", [1.4] * 20, [1.4] * 20, BOUNDS["bf16"]).passed
    behind = [exact[0], *exact[:-1]]
    assert not compare("behind", exact, behind, BOUNDS["fp16"]).passed
    assert compare("behind for a reason", exact, behind, BOUNDS["fp16"], skipped=1).passed
