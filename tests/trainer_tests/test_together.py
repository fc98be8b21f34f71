"""Two processes train one model: the course is that of one process, exact to resume, and no process is left behind."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.trainer_tests.rank_kit import MODELS, alone, curve, near, together
from trainer.errors import Diverged
from trainer.failures import RankFailed
from trainer.manifest import verify

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rank_models.py").write_text(MODELS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "rank_models", raising=False)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def children() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]


def test_two_processes_give_the_course_of_one(tmp_path: Path, cache: Path) -> None:
    ours = list(together(tmp_path / "two", cache))
    assert near(ours, list(alone(tmp_path / "one", cache)))
    assert [one.number for one in ours] == [1, 2, 3, 4]
    assert ours[-1].done
    assert ours[-1].checkpoint is not None
    verify(ours[-1].checkpoint)
    assert not children()


def test_with_dropout_a_cut_and_resumed_run_is_the_same_bit_for_bit(tmp_path: Path, cache: Path) -> None:
    course = {"dropout": 0.3}
    whole = list(together(tmp_path / "whole", cache, **course))
    cut = together(tmp_path / "cut", cache, **course)
    first = list(itertools.islice(cut, 2))
    cut.close()
    assert not children()
    second = list(together(tmp_path / "cut", cache, resume=True, **course))
    assert [one.number for one in second] == [3, 4]
    assert curve(first + second) == curve(whole)
    weights = [(tmp_path / one / "checkpoints/r0004/model.safetensors").read_bytes() for one in ("cut", "whole")]
    assert weights[0] == weights[1]
    assert list(together(tmp_path / "cut", cache, resume=True, **course)) == []


def test_an_error_in_one_ends_all_with_that_error(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(RankFailed, match=r"^ValueError: this row is cursed$") as failed:
        list(together(tmp_path, cache, model="rank_models:broken"))
    assert failed.value.place.startswith("rank_models.py:")
    assert not children()


def test_a_killed_process_ends_all_and_is_named(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(RankFailed, match=r"process 1 of 2 .* was ended by SIGKILL"):
        list(together(tmp_path, cache, model="rank_models:killed"))
    assert not children()


def test_a_loss_that_is_not_finite_in_one_is_so_for_all(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(Diverged, match="train_loss is nan at step 3"):
        list(together(tmp_path, cache, model="rank_models:exploding"))
    assert not children()


def test_it_stops_when_told_and_between_reports(tmp_path: Path, cache: Path) -> None:
    started = time.monotonic()
    asked = iter([False] * 3)
    assert (
        list(together(tmp_path, cache, epochs=100000, report_every=100000, should_stop=lambda: next(asked, True))) == []
    )
    assert time.monotonic() - started < 60
    assert not children()


SUPERVISOR = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.trainer_tests.rank_kit import together
for report in together(Path(sys.argv[1], "run"), Path(sys.argv[1], "cache"), epochs=100000, report_every=0.5):
    print("reported", flush=True)
"""


def test_nobody_is_left_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    assert supervisor.stdout.readline() == "reported\n"
    ranks = psutil.Process(supervisor.pid).children(recursive=True)
    assert len(ranks) == 2
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    supervisor.stdout.close()
    _, alive = psutil.wait_procs(ranks, timeout=20)
    assert not alive
