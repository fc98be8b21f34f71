"""A population in a sweep without Ray: copies in the ledger, on disk and after a kill."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sweeps.records.best import choose_best
from sweeps.records.builder import read_sweep
from sweeps.records.ledger import read_events
from sweeps.records.record import Reason, State
from sweeps.study import Study
from sweeps.views.tables import best_json, trials_json
from sweeps.views.tally import Tally
from tests.sweeps_tests import study_kit
from tests.sweeps_tests.study_kit import Died, FunctionWorker, LoopWorker, begin, on_disk, play, run, shape
from trainer.manifest import numbered, verify

KINDS = [FunctionWorker, LoopWorker]
TRIALS = 4


def population_config(folder: Path, scheduler: str = "pbt", **settings: Any) -> Any:
    stopping = {"scheduler": scheduler, "perturbation_interval": 1, "quantile_fraction": 0.5, "mutate": ["x"]}
    given: dict[str, Any] = {"early_stopping": stopping, "trials": TRIALS, "reports": study_kit.REPORTS, "seed": 3}
    return study_kit.sweep_config(folder, **{**given, **settings})


def check(folder: Path) -> None:
    """Every trial was made once and ended once; reports are gapless, a copy's from its parent's on."""
    record = read_sweep(folder)
    events = read_events(folder)[0]
    made = [event["trial"] for event in events if event["event"] == "trial"]
    assert len(made) == len(set(made)) == len(record.trials)
    assert sum(trial.parent is None for trial in record.trials) == TRIALS
    replaced = [trial.parent.replaces for trial in record.trials if trial.parent]
    assert len(replaced) == len(set(replaced))
    states = {trial.id: trial for trial in record.trials}
    for trial in record.trials:
        assert trial.state.final, trial
        first = trial.parent.report if trial.parent else 0
        assert [report.number for report in trial.reports] == list(range(first + 1, first + 1 + len(trial.reports)))
        if trial.parent:
            assert first <= states[trial.parent.trial].reached
            assert states[str(trial.parent.replaces)].state is State.STOPPED
    ends = [event["trial"] for event in events if event["event"] == "state" and State(event["state"]).final]
    assert sorted(ends) == sorted(made)
    assert not list(folder.glob("trials/*/pinned/*")), "a pin was left"


def lineage(study: Study) -> list[tuple[Any, ...]]:
    return [(*row, trial.parent) for row, trial in zip(shape(study), study.record.trials, strict=True)]


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda file: None)
    monkeypatch.setattr(study_kit, "REPORTS", 6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slots", [1, 2, 4])
def test_losers_are_replaced_by_copies_that_go_on_from_winners(tmp_path: Path, kind: Any, slots: int) -> None:
    study = run(population_config(tmp_path), tmp_path / "sweep", kind=kind, slots=slots)
    check(study.folder)
    record = study.record
    copies = [trial for trial in record.trials if trial.parent]
    assert copies
    assert any(trial.state is State.FINISHED and trial.reached == study_kit.REPORTS for trial in copies)
    for trial in copies:
        assert trial.parent is not None
        loser = next(one for one in record.trials if one.id == trial.parent.replaces)
        winner = next(one for one in record.trials if one.id == trial.parent.trial)
        assert loser.reason is not None
        assert loser.reason.code == "pbt"
        assert f"replaced by a copy of {winner.id} with x " in loser.reason.text
        assert trial.params["k"] == winner.params["k"]
        assert trial.params["x"] != winner.params["x"]
    done = Tally("score", "maximize", record.trials).done
    assert done == TRIALS


def test_what_a_copy_took_over_is_not_counted_again(tmp_path: Path) -> None:
    study = run(population_config(tmp_path), tmp_path / "sweep", slots=4)
    reports = sum(len(trial.reports) for trial in study.record.trials)
    assert study.record.cost.trainings == pytest.approx(reports / study_kit.REPORTS)
    assert any(trial.parent for trial in study.record.trials)


@pytest.mark.parametrize(("kind", "slots"), [(FunctionWorker, 1), (LoopWorker, 1), (FunctionWorker, 4)])
def test_a_driver_that_dies_at_any_line_changes_nothing(tmp_path: Path, kind: Any, slots: int) -> None:
    config = population_config(tmp_path)
    reference = run(config, tmp_path / "reference", kind=kind, slots=slots)
    lines = len(read_events(reference.folder)[0])
    assert lines > 40
    for line in range(1 + slots, lines, 5):
        folder = tmp_path / "cut"
        with pytest.raises(Died):
            run(config, folder, line, kind=kind, slots=slots)
        study = run(config, folder, kind=kind, slots=slots)
        check(folder)
        if slots == 1:  # with more, who reports first after a kill is another
            assert lineage(study) == lineage(reference), f"after line {line}"
        assert len(on_disk(folder)) == config.keep_checkpoints, f"after line {line}"
        shutil.rmtree(folder)


def test_a_parents_checkpoint_is_kept_until_its_copy_has_one_of_its_own(tmp_path: Path) -> None:
    study, ledger = begin(population_config(tmp_path), tmp_path / "sweep")
    with ledger:
        workers = [FunctionWorker(study, study.start()) for _ in range(TRIALS)]  # type: ignore[arg-type]
        while not any(trial.parent for trial in study.record.trials):
            workers[0].step()
            workers.append(workers.pop(0))
        copy = study.record.trials[-1]
        assert copy.parent is not None
        source = study.folder / "trials" / copy.parent.trial
        pin = source / "pinned" / f"r{copy.parent.report:04d}"
        shutil.rmtree(source / "checkpoints")  # whatever its own trial does
        assert pin.is_dir()
        assignment = study.start()
        assert assignment is not None
        assert assignment.trial == copy.id
        begun = numbered(study.folder / "trials" / copy.id / "checkpoints")
        assert list(begun) == [copy.parent.report]
        facts = verify(begun[copy.parent.report])
        assert facts["copied_from"] == {"trial": copy.parent.trial, "report": copy.parent.report}
        assert (begun[copy.parent.report] / "step.txt").read_text() == str(copy.parent.report)
        worker = FunctionWorker(study, assignment)
        assert worker.number == copy.parent.report
        worker.step()
        record = study.record
        assert next(one for one in record.trials if one.id == copy.id).reports[0].number == copy.parent.report + 1


def to_a_copy(study: Study) -> Any:
    """Train until a copy was made; the copy."""
    workers = [FunctionWorker(study, study.start()) for _ in range(TRIALS)]  # type: ignore[arg-type]
    while not any(trial.parent for trial in study.record.trials):
        workers[0].step()
        workers.append(workers.pop(0))
    return study.record.trials[-1]


def test_a_parents_checkpoint_that_is_gone_is_said_so(tmp_path: Path) -> None:
    study, ledger = begin(population_config(tmp_path), tmp_path / "sweep")
    with ledger:
        copy = to_a_copy(study)
        shutil.rmtree(study.folder / "trials" / copy.parent.trial)
        study.start()
        failed = next(one for one in study.record.trials if one.id == copy.id)
    assert failed.state is State.FAILED
    assert failed.reason.code == "parent"
    expected = f"it cannot begin: the checkpoint of {copy.parent.trial} at report {copy.parent.report} is gone"
    assert failed.reason.text.startswith(expected)


def test_a_function_that_ignores_its_checkpoint_is_told_so(tmp_path: Path) -> None:
    study, ledger = begin(population_config(tmp_path), tmp_path / "sweep")
    with ledger:
        copy = to_a_copy(study)
        study.start()
        study.report(copy.id, {"number": 1, "metrics": {"score": 1.0}})
        failed = next(one for one in study.record.trials if one.id == copy.id)
    assert failed.state is State.FAILED
    assert "call sweeps.get_checkpoint()" in failed.reason.text


def test_reports_without_checkpoints_are_noticed_once(tmp_path: Path) -> None:
    study, ledger = begin(population_config(tmp_path), tmp_path / "sweep")
    with ledger:
        trials = [assignment.trial for _ in range(TRIALS) if (assignment := study.start())]
        for number in (1, 2, 3):
            for place, trial in enumerate(trials):
                study.report(trial, {"number": number, "metrics": {"score": float(place)}})
    assert len(study.record.trials) == TRIALS
    notes = [event["text"] for event in read_events(study.folder)[0] if event["event"] == "note"]
    assert len(notes) == 1
    assert "came without a checkpoint" in notes[0]


def test_an_interrupted_population_goes_on_as_it_would_have(tmp_path: Path) -> None:
    config = population_config(tmp_path)
    whole = run(config, tmp_path / "whole")
    for steps in (3, 9, 14):
        study, ledger = begin(config, tmp_path / f"cut{steps}")
        with ledger:
            play(study, steps=steps)
            study.interrupt(Reason("interrupted", "by a signal"))
        assert lineage(run(config, tmp_path / f"cut{steps}")) == lineage(whole)


def test_a_budget_ends_a_population_with_its_best_trained_to_the_end(tmp_path: Path) -> None:
    config = population_config(tmp_path, budget={"trainings": 2.5})
    study = run(config, tmp_path / "sweep", slots=2)
    check(study.folder)
    assert study.record.cost.trainings < 3
    assert State.FINISHED in {trial.state for trial in study.record.trials}
    assert not any(
        trial.reason and "replaced" in trial.reason.text and not any(
            one.parent and one.parent.replaces == trial.id for one in study.record.trials
        )
        for trial in study.record.trials
    )  # fmt: skip


def test_a_copy_is_listed_with_its_parent(tmp_path: Path) -> None:
    study = run(population_config(tmp_path), tmp_path / "sweep", slots=4)
    rows = trials_json(study.record)
    copies = [row for row in rows if row["parent"]]
    assert copies
    assert json.loads(json.dumps(copies[0]["parent"])) == {
        "trial": copies[0]["parent"]["trial"],
        "report": copies[0]["parent"]["report"],
    }
    best = choose_best(read_sweep(study.folder), study.folder)
    assert best is not None
    assert best_json(study.record, best)["trial"] == best.trial


@pytest.mark.slow
def test_pb2_too_goes_on_after_a_kill_as_it_would_have(tmp_path: Path) -> None:
    stopping = {"scheduler": "pb2", "perturbation_interval": 1, "quantile_fraction": 0.25}
    config = population_config(tmp_path, early_stopping=stopping)
    reference = run(config, tmp_path / "reference")
    assert any(trial.parent for trial in reference.record.trials)
    lines = len(read_events(reference.folder)[0])
    for line in (lines // 2, lines - 4):
        with pytest.raises(Died):
            run(config, tmp_path / f"cut{line}", line)
        assert lineage(run(config, tmp_path / f"cut{line}")) == lineage(reference)
