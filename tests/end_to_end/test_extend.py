"""Sweeps that are extended by the command line, interrupted in the middle of it, and resumed."""

from __future__ import annotations

import signal

import pytest

from sweeps.records.builder import read_sweep
from tests.end_to_end.harness import events, gone, wait_for, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def reports_of(folder, after: int) -> list[dict]:
    return [event for event in events(folder, "report") if event["n"] > after]


@pytest.mark.parametrize("kill", [True, False])
def test_extended_interrupted_in_the_middle_and_resumed(tmp_path, drive, kill):
    sweep = write_sweep(tmp_path, trials=4, trainer={"reports": 5, "pause": 0.15}, method="auto")
    driver = drive("run", str(sweep))
    folder = tmp_path / "runs" / "toy"
    wait_for(lambda: len(events(folder, "trial")) == 3, what="a third trial")
    driver.signal(signal.SIGINT)  # interrupted, and not at its end
    assert driver.wait() == 130, driver.output
    before, lines = read_sweep(folder), len(events(folder))
    assert not all(trial.state.final for trial in before.trials)

    x = sorted(trial.params["x"] for trial in before.trials)
    changes = ["trials=+5", f"parameters.x={{min: {x[0] + 1e-9}, max: 2.0}}", "parameters.pause={values: [0.1, 0.15]}"]
    driver = drive("extend", str(folder), *changes)
    wait_for(lambda: len(reports_of(folder, lines)) > 6, what="reports of the extension")
    if kill:
        assert gone(driver.kill())
    else:
        driver.signal(signal.SIGINT)
        assert driver.wait() == 130, driver.output
        assert f"sweeps resume {folder}" in driver.output
        count = len(before.trials)  # a fourth may have begun before the signal came
        assert f"used: {count - 1} of {count} earlier trials" in driver.output
        assert "is outside" in driver.output
    second = drive("extend", str(folder), "trials=+1", "--dry-run")
    assert second.wait() == 0, second.output
    resumed = drive("resume", str(folder))
    assert resumed.wait() == 0, resumed.output

    record = read_sweep(folder)
    assert (record.state, record.generation, len(record.trials)) == ("finished", 2, 9)
    out = [trial for trial in record.trials if trial.outside]
    assert [trial.params["x"] for trial in out] == [x[0]]
    for trial in record.trials:
        was = next((one for one in before.trials if one.id == trial.id), None)
        assert was is None or [r.metrics["score"] for r in trial.reports][: len(was.reports)] == [
            report.metrics["score"] for report in was.reports
        ]
        if not trial.outside:
            assert [report.number for report in trial.reports] == [1, 2, 3, 4, 5]
    # Nothing twice: a kill costs each of the two that ran at most the report that was being made.
    done = [(event["trial"], event["report"]) for event in events(folder, "report")]
    assert len(done) == len(set(done))
    assert len({(trial.params["x"], trial.params.get("pause")) for trial in record.trials}) == 9
    first = drive("resume", str(folder))
    assert first.wait() == 0
    assert len(events(folder, "trial")) == 9
