"""What a trial prints is in its own log, also from the second trial of a process on."""

from __future__ import annotations

import io
import logging
import subprocess
import sys

import pytest

from sweeps.engine.trial_log import TrialLog


@pytest.fixture
def log():
    return TrialLog()


def test_handler_that_the_first_trial_made_writes_into_the_log_of_the_second(tmp_path, log):
    logger = logging.getLogger("tests.trial_log")
    for name in ("a", "b"):
        log.open(tmp_path / name / "log.txt")
        with log.listening():
            if not logger.handlers:
                logger.addHandler(logging.StreamHandler())
            print("printed", name)
            logger.warning("logged %s", name)
        log.leave()
    logger.handlers.clear()
    assert [(tmp_path / name / "log.txt").read_text() for name in "ab"] == [
        "printed a\nlogged a\n",
        "printed b\nlogged b\n",
    ]


def test_log_is_appended_to_and_dropped_between_trials(tmp_path, log):
    for text in ("1", "2"):
        log.open(tmp_path / "log.txt")
        log.write(text)
        log.leave()
        log.write("nobody's")
    log.close()
    assert (tmp_path / "log.txt").read_text() == "12"


def test_other_processes_and_writers_of_bytes_reach_the_log(tmp_path, log):
    with pytest.raises(io.UnsupportedOperation):
        log.fileno()
    log.open(tmp_path / "log.txt")
    with log.listening():
        subprocess.run([sys.executable, "-c", "print('child')"], stdout=sys.stdout, check=True)
        sys.stdout.buffer.write(b"bytes\n")
        sys.stdout.flush()
    log.leave()
    assert sorted((tmp_path / "log.txt").read_text().splitlines()) == ["bytes", "child"]
