"""A real optuna-dashboard shows a sweep: its JSON API lists every trial with value and state."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from sweeps.records.builder import read_sweep
from sweeps.records.record import State
from sweeps.take_home.optuna_export import export_to_optuna, optuna_url

pytestmark = pytest.mark.slow
STATES = {State.FINISHED: "Complete", State.STOPPED: "Pruned", State.FAILED: "Fail", State.DIVERGED: "Fail"}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def get(url, process):
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.mark.parametrize("journal", [False, True])
def test_the_dashboard_lists_every_trial(own_copy, journal):
    export_to_optuna(own_copy, journal=journal)
    port, record = free_port(), read_sweep(own_copy)
    start = "import optuna_dashboard._cli as c; c.main()"
    arguments = [optuna_url(own_copy, None, journal=journal), "--port", str(port), "--host", "127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-c", start, *arguments], stdout=-1, stderr=subprocess.STDOUT, text=True
    )
    try:
        (study,) = get(f"http://127.0.0.1:{port}/api/studies", process)["study_summaries"]
        assert (study["study_name"], study["directions"]) == ("digits", ["maximize"])
        shown = get(f"http://127.0.0.1:{port}/api/studies/{study['study_id']}?after=0", process)
        assert len(shown["trials"]) == len(record.trials) == 3
        for ours, theirs in zip(record.trials, shown["trials"], strict=True):
            assert theirs["state"] == STATES[ours.state]
            assert theirs["values"] == [ours.best("accuracy", "maximize").metrics["accuracy"]]
            assert len(theirs["intermediate_values"]) == len(ours.reports)
            assert {one["name"] for one in theirs["params"]} == set(ours.params)
        assert shown["objective_names"] == ["accuracy"]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
