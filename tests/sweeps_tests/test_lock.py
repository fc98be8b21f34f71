import fcntl
import json
import os
import signal
import subprocess
import sys

import pytest

from sweeps.errors import InputError
from sweeps.records.lock import LOCK, SweepLock, holder

HOLD = (
    "import sys; from sweeps.records.lock import SweepLock\n"
    "try:\n"
    "    with SweepLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()\n"
    "except Exception as error: print(type(error).__name__, error, flush=True)\n"
)


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def mine(tmp_path):
    """What this process writes into a lock."""
    with SweepLock(tmp_path) as lock:
        return json.loads(lock.path.read_text())


def test_a_lock_is_given_back_without_a_trace(tmp_path):
    with SweepLock(tmp_path) as lock:
        assert holder(tmp_path).pid == os.getpid()
        assert lock.taken_over is None
    assert holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
    lock.release()


def test_a_second_driver_is_refused_and_told_who_holds_it(tmp_path):
    with start(tmp_path) as first:
        assert first.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"run by process {first.pid} on .+, for \d+ s"):
            SweepLock(tmp_path).acquire()
        assert holder(tmp_path).pid == first.pid
        first.stdin.close()
    SweepLock(tmp_path).acquire()


def test_the_same_process_cannot_take_it_twice(tmp_path):
    with SweepLock(tmp_path), pytest.raises(InputError):
        SweepLock(tmp_path).acquire()


def test_a_killed_driver_is_taken_over_even_as_a_zombie(tmp_path):
    with start(tmp_path) as first:
        first.stdout.readline()
        first.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has collected it
        assert holder(tmp_path) is None
        with SweepLock(tmp_path) as lock:
            assert lock.taken_over.pid == first.pid


@pytest.mark.parametrize(
    "change", [{"pid": 2**22 + 1}, {"started": "17"}, {"boot": "another"}, {"host": "container-of-before"}]
)
def test_a_stale_lock_is_taken_over(tmp_path, mine, change):
    (tmp_path / LOCK).write_text(json.dumps({**mine, **change}))
    with SweepLock(tmp_path) as lock:
        assert lock.taken_over is not None
        assert holder(tmp_path).pid == os.getpid()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}'])
def test_a_lock_that_names_nobody_is_free(tmp_path, content):
    (tmp_path / LOCK).write_text(content)
    with SweepLock(tmp_path) as lock:
        assert lock.taken_over is None


def test_a_driver_on_another_host_is_refused_with_the_mend(tmp_path, mine):
    (tmp_path / LOCK).write_text(json.dumps({**mine, "host": "elsewhere", "boot": "another"}))
    with pytest.raises(InputError, match=r"on elsewhere.*cannot be seen from here; .*delete this file"):
        SweepLock(tmp_path).acquire()
    assert holder(tmp_path).host == "elsewhere"
    (tmp_path / LOCK).unlink()
    SweepLock(tmp_path).acquire()


def test_where_the_kernel_cannot_lock_the_content_still_refuses(tmp_path, mine, monkeypatch):
    def flock(file, how):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    (tmp_path / LOCK).write_text(json.dumps(mine))
    with pytest.raises(InputError, match=f"process {os.getpid()}"):
        SweepLock(tmp_path).acquire()


def test_of_many_at_once_one_gets_it(tmp_path, mine):
    (tmp_path / LOCK).write_text(json.dumps({**mine, "pid": 2**22 + 1}))
    runs = [start(tmp_path) for _ in range(6)]
    said = [run.stdout.readline() for run in runs]
    for run in runs:
        run.communicate("")
    assert sorted(line.split()[0] for line in said) == ["InputError"] * 5 + ["held"]


def test_a_missing_folder_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        SweepLock(tmp_path / "none").acquire()
