"""The Python door: a sweep as an object, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sweeps.config import SweepConfig, from_mapping, load_sweep
from sweeps.errors import Exit, SweepError
from sweeps.records.best import Best
from sweeps.records.builder import read_sweep
from sweeps.records.record import SweepRecord, TrialRecord
from sweeps.take_home.best import best_of
from sweeps.views.text import counted

if TYPE_CHECKING:
    import pandas as pd

    from sweeps.records.commands import Command
    from sweeps.take_home.confirm import Confirmed


class Sweep:
    """A sweep to run, from a file, a recipe, or keyword arguments of the same names.

    Args:
        source: a sweep file or a recipe; then ``settings`` replace what it says.
        base: the folder from which relative paths and ``module:function`` resolve; the current one by default.
        init_from: an exported model that the trials begin from; its configuration is the first one that is tried.
        settings: the keys of a sweep file (``name``, ``trainer``, ``metric``, ``parameters``, ``trials``, ...).

    Raises:
        InputError: a setting that cannot be used; nothing was started.

    Example:
        >>> result = Sweep("digits", trials=10).run()
        >>> result.best.export("best-model")
    """

    def __init__(
        self,
        source: str | Path | None = None,
        *,
        base: str | Path = ".",
        init_from: str | Path | None = None,
        **settings: Any,
    ) -> None:
        self.config: SweepConfig
        if source is None:
            self.config = from_mapping(settings, base=Path(base).resolve(), where="Sweep", init_from=init_from)
        else:
            self.config = load_sweep(source, settings, init_from=init_from)

    def run(self, storage: str | Path = "runs", *, address: str | None = None, quiet: bool = False) -> Result:
        """Run it to its end, with a live table where there is a terminal.

        Args:
            storage: the sweep's folder is made in here, under its name.
            address: a Ray cluster; by default ``RAY_ADDRESS``, else a local Ray.
            quiet: print nothing while it runs.

        Raises:
            InputError: nothing was started.
            SweepError: it broke off; ``open_sweep(folder).resume()`` goes on.
        """
        from sweeps.engine.driver import run_sweep
        from sweeps.views.progress import Progress

        outcome = run_sweep(self.config, Path(storage), address=address, sinks=[Progress(self.config, quiet=quiet)])
        return Result(outcome.folder, outcome.record, outcome.code)


@dataclass(frozen=True, repr=False)
class BestTrial:
    """The best trial of a sweep: parameters, value, and the model itself."""

    folder: Path
    found: Best

    def __repr__(self) -> str:
        found = self.found
        return f"BestTrial({found.trial}, {found.metric}={found.value:.6g}, params={dict(found.params)})"

    def _repr_html_(self) -> str:
        from sweeps.views.html import best_html

        return best_html(self.found)

    @property
    def trial(self) -> str:
        """Its id."""
        return self.found.trial

    @property
    def params(self) -> Mapping[str, Any]:
        """Its parameters."""
        return self.found.params

    @property
    def value(self) -> float:
        """The best value of the sweep's metric."""
        return self.found.value

    @property
    def checkpoint(self) -> Path | None:
        """The folder of the checkpoint that has this value."""
        return self.folder / self.found.checkpoint if self.found.checkpoint else None

    def export(self, path: str | Path) -> Path:
        """Write the model into the new folder ``path``; ``sweeps.load(path)`` reads it back.

        Raises:
            InputError: the folder is there already.
        """
        from sweeps.take_home.export import export_trial

        export_trial(self.folder, Path(path), self.found.trial)
        return Path(path)


@dataclass(frozen=True, repr=False)
class Result:
    """A sweep that was run, or is still being run by somebody."""

    folder: Path
    record: SweepRecord
    code: Exit = Exit.DONE

    def __repr__(self) -> str:
        record = self.record
        return f"Result({record.name}: {record.state}, {counted(len(record.trials), 'trial')}, in {self.folder})"

    def _repr_html_(self) -> str:
        from sweeps.records.ledger import read_events
        from sweeps.views.html import record_html
        from sweeps.views.standing import Standing

        try:
            events = read_events(self.folder)[0]
        except SweepError:  # the folder was moved; what was read of it is still there
            events = []
        return record_html(self.record, Standing.read(self.record, events))

    @property
    def trials(self) -> tuple[TrialRecord, ...]:
        """All trials, in order of their ids."""
        return self.record.trials

    @property
    def best(self) -> BestTrial:
        """The best trial.

        Raises:
            NoUsableTrial: there is none.
        """
        return BestTrial(self.folder, best_of(self.folder)[1])

    def to_pandas(self) -> pd.DataFrame:
        """One row for each trial: ``trial``, ``state``, ``reason``, ``reports``, ``parent`` (``t0002@4``: it began from
        the checkpoint of that report), ``outside`` (why it does not fit an extended sweep), ``seconds``, the best
        and the last value of the metric (``best_<metric>``, ``last_<metric>``), all metrics of the best report as
        ``metrics.<name>``, and each parameter as ``params.<name>``.
        """
        import pandas as pd

        return pd.DataFrame([self._row(trial) for trial in self.trials])

    def report(self, path: str | Path | None = None, *, format: Literal["html", "md", "csv"] = "html") -> Path:
        """Write a report of it: one page that explains itself, Markdown, or a row for each trial.

        Args:
            path: the file; ``report.<format>`` in the sweep's folder by default.
            format: of the file.

        Raises:
            InputError: the file cannot be written.
        """
        from sweeps.take_home.report import write_report

        return write_report(self.folder, self.folder / f"report.{format}" if path is None else Path(path), format)

    def resume(self, *, address: str | None = None, quiet: bool = False, trackers: Any = None) -> Result:
        """Go on with it if it was interrupted; ``trackers`` are others than so far, as in a sweep file."""
        from sweeps.engine.driver import resume_sweep
        from sweeps.records.sweep_file import read_config
        from sweeps.views.progress import Progress

        progress = Progress(read_config(self.folder), quiet=quiet)
        settings = {} if trackers is None else {"trackers": trackers}
        outcome = resume_sweep(self.folder, address=address, sinks=[progress], settings=settings)
        return Result(outcome.folder, outcome.record, outcome.code)

    def confirm(
        self,
        *,
        top: int = 3,
        seeds: int = 5,
        test: bool = True,
        look_again: bool = False,
        address: str | None = None,
        quiet: bool = False,
    ) -> Confirmed:
        """Train the best ``top`` trials again with fresh ``seeds``, and evaluate the winner on the test split, once.

        ``best`` is the winner from then on. What was trained before is not trained again, and an interrupted
        confirmation goes on where it was.

        Args:
            top: how many of the best trials.
            seeds: how many for each.
            test: whether to look at the test split, where there is one.
            look_again: look even though somebody looked before; looks are counted.
            address: a Ray cluster; by default ``RAY_ADDRESS``, else a local Ray.
            quiet: print nothing meanwhile.

        Raises:
            InputError: somebody runs the sweep, or its data are not what they were.
            NoUsableTrial: nothing to train again, or no repeat gave a value.
            SweepError: the repeats broke off; call it again.
        """
        from sweeps.engine.inner import InnerSweeps
        from sweeps.take_home.confirm import confirm
        from sweeps.views.progress import Progress

        driver = InnerSweeps(address, lambda config: [Progress(config, quiet=quiet)])
        return confirm(self.folder, driver, top=top, seeds=seeds, test=test, look_again=look_again)

    def extend(
        self, *changes: str | Mapping[str, Any], address: str | None = None, quiet: bool = False, **settings: Any
    ) -> Result:
        """Go on with it, finished or not, in another way: more trials, a larger budget, another space or method.

        Earlier trials that fit are used; the others stay, with ``outside`` set. While somebody runs it, it is left to
        that driver, which does it when the trials are over.

        Args:
            changes: ``"trials=+20"`` as on the command line, or mappings of dotted keys to values, in which ``"+20"``
                adds to a number too.
            address: a Ray cluster; by default ``RAY_ADDRESS``, else a local Ray.
            quiet: print nothing while it runs.
            settings: keys of a sweep file: ``trials="+20"``.

        Raises:
            InputError: changes that cannot be made; nothing was started.

        Example:
            >>> result.extend(trials="+20")
            >>> result.extend({"parameters.batch_size": {"values": [16, 32, 64]}}, trials="+20")
        """
        from sweeps.config.extending import as_mapping
        from sweeps.engine.driver import extend_sweep
        from sweeps.records.commands import Command, Kind
        from sweeps.records.ledger import read_events
        from sweeps.records.lock import holder
        from sweeps.study.extension import plan_extension
        from sweeps.views.progress import Progress

        given = as_mapping([*changes, settings])
        if holder(self.folder) is not None:
            plan_extension(self.folder, read_events(self.folder)[0], given)
            self._ask(Command(Kind.EXTEND, values={"settings": given}))
            return open_sweep(self.folder)
        outcome = extend_sweep(
            self.folder,
            given,
            address=address,
            sinks=lambda extension: [Progress(extension.config, quiet=quiet)],
        )
        return Result(outcome.folder, outcome.record, outcome.code)

    def stop(self, *trials: str, finish: bool = False) -> None:
        """Stop the sweep that somebody runs, or some of its trials.

        Args:
            trials: their ids; without any the sweep, which ends in good order and can be resumed.
            finish: begin no new trials, and train the best to their ends, as if the budget were spent.

        Raises:
            InputError: nobody runs it, or there is no such trial, or it is at its end.
        """
        from sweeps.records.commands import Command, Kind

        if not trials:
            self._ask(Command(Kind.FINISH if finish else Kind.STOP))
        for trial in trials:
            self._ask(Command(Kind.STOP, trial=trial))

    def add(self, params: Mapping[str, Any]) -> str:
        """A configuration joins the queue of the sweep, as one more trial; what it leaves out is at its default or its
        middle. Where nobody runs the sweep, ``resume`` trains it.

        Returns:
            What the driver said.

        Raises:
            InputError: no configuration of this space, or one that is there already.
        """
        from sweeps.records.commands import Command, Kind

        return self._ask(Command(Kind.ADD, values=dict(params)))

    def clone(self, trial: str, params: Mapping[str, Any], *, warm: bool = False) -> str:
        """A copy of ``trial`` with some other values joins the queue, as one more trial.

        Args:
            trial: its id.
            params: the values that change.
            warm: begin from its newest checkpoint; then only what may change while a trial trains can change.

        Returns:
            What the driver said.

        Raises:
            InputError: as for `add`, or there is no checkpoint.
        """
        from sweeps.records.commands import Command, Kind

        return self._ask(Command(Kind.CLONE, trial=trial, values=dict(params), warm=warm))

    def _ask(self, command: Command) -> str:
        from sweeps.study.asking import ask

        return ask(self.folder, command).text

    def _row(self, trial: TrialRecord) -> dict[str, Any]:
        metric = self.record.metric
        best = trial.best(metric, self.record.goal)
        return {
            "trial": trial.id,
            "state": trial.state.value,
            "reason": trial.reason.code if trial.reason else None,
            "reports": len(trial.reports),
            "parent": trial.parent.text if trial.parent else None,
            "outside": trial.outside or None,
            "seconds": trial.seconds,
            f"best_{metric}": best.metrics[metric] if best else None,
            f"last_{metric}": trial.reports[-1].metrics.get(metric) if trial.reports else None,
            **{f"metrics.{name}": value for name, value in (best.metrics if best else {}).items()},
            **{f"params.{name}": value for name, value in trial.params.items()},
        }


def open_sweep(folder: str | Path) -> Result:
    """The sweep in ``folder``, as it stands.

    Raises:
        InputError: there is none.
    """
    return Result(Path(folder), read_sweep(Path(folder)))
