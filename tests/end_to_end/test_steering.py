"""A sweep that is steered from other processes while it runs."""

from __future__ import annotations

import pytest

from sweeps.records.builder import read_sweep
from sweeps.records.record import State
from tests.end_to_end.harness import events, wait_for, write_sweep

pytestmark = [pytest.mark.ray, pytest.mark.slow]


def test_stop_add_clone_extend_and_wind_up(tmp_path, drive):
    sweep = write_sweep(tmp_path, trials=3, trainer={"reports": 12, "pause": 0.4})
    driver = drive("run", str(sweep))
    folder = tmp_path / "runs" / "toy"

    def ask(*arguments: str) -> str:
        command = drive(*arguments)
        assert command.wait() == 0, command.output
        return command.output

    wait_for(lambda: len(events(folder, "report")) >= 3, what="reports")
    assert "t0001 is stopped by" in ask("stop", str(folder), "t0001")
    assert "joins the queue" in ask("add", str(folder), "x=0.5")
    added = next(event["trial"] for event in events(folder, "command") if event["command"] == "add")
    wait_for(lambda: any(one["trial"] == added for one in events(folder, "report")), what="the added trial's report")
    assert f" of {added}; 5 trials" in ask("clone", str(folder), added, "x=0.9", "--warm")
    assert "when its trials are over" in ask("extend", str(folder), "trials=+1")
    assert driver.wait(240) == 0, driver.output

    record = read_sweep(folder)
    states = {trial.id: trial.state for trial in record.trials}
    assert states["t0001"] is State.STOPPED
    assert sum(state is State.FINISHED for state in states.values()) == len(states) - 1
    # Three planned, one more by the extension, and the two that were asked for.
    assert (len(record.trials), record.planned, record.generation) == (6, 6, 2)
    copy = next(trial for trial in record.trials if trial.parent)
    assert (copy.parent.trial, copy.params["x"]) == (added, 0.9)
    assert copy.reports[0].number == copy.parent.report + 1
    assert [event["refused"] for event in events(folder, "command")] == [False] * 4
    assert "toy is extended" in driver.output


def test_the_shared_trainer_lets_go_between_two_reports_and_a_stopped_sweep_resumes(tmp_path, drive):
    driver = drive(
        "run", "digits", "trials=2", "trainer.epochs=3000", "trainer.report_every=1000", "early_stopping=none",
        "resources={max_parallel: 1}",
    )  # fmt: skip
    folder = tmp_path / "runs" / "digits"
    wait_for(lambda: [one for one in events(folder, "state") if one["trial"] == "t0001"], what="a trial")
    stop = drive("stop", str(folder), "t0001")
    assert stop.wait() == 0, stop.output
    wait_for(lambda: [one for one in events(folder, "state") if one["trial"] == "t0002"], what="the next trial")
    first = read_sweep(folder).trials[0]
    assert (first.state, first.reason.code, first.reports) == (State.STOPPED, "by-hand", ())

    end = drive("stop", str(folder))
    assert end.wait() == 0, end.output
    assert "the sweep is ended by" in end.output
    assert driver.wait() == 130, driver.output
    assert read_sweep(folder).state == "interrupted"
    assert read_sweep(folder).trials[1].state is State.INTERRUPTED

    assert drive("stop", str(folder), "t0002").wait() == 0  # nobody runs it now: the next driver takes it up
    again = drive("resume", str(folder))
    assert again.wait() == 3, again.output  # nothing was trained
    assert [trial.state for trial in read_sweep(folder).trials] == [State.STOPPED, State.STOPPED]
