"""Several sweeps as one TensorBoard folder: links to their trials' runs, and a table that has all their parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sweeps.records.builder import read_sweep
from sweeps.records.sweep_file import read_config
from sweeps.views import tags
from sweeps.views.domains import domains_of, together


class SideBySide:
    """Links in ``place`` to the runs of the sweeps in ``folders``; `follow` adds those of trials that began since.

    The runs are ``<sweep>/<run>``. What each sweep says of its own parameters is left out: TensorBoard takes the
    table's columns from one place, and here that is ``place``, with the parameters and metrics of all.

    Raises:
        InputError: one of them is no sweep.
    """

    def __init__(self, place: Path, folders: Sequence[Path]) -> None:
        self._place = place
        self._folders = dict(zip(names_of(folders), folders, strict=True))
        self._describe()
        self.follow()

    def follow(self) -> None:
        """Add links to what is new, and take away those whose runs are gone."""
        for name, folder in self._folders.items():
            links = self._place / name
            links.mkdir(exist_ok=True)
            runs = {path.name: path for path in (folder / "tensorboard").glob("*/")}
            for link in links.iterdir():
                if link.name not in runs:
                    link.unlink()
            for run, path in runs.items():
                if not (links / run).is_symlink():
                    (links / run).symlink_to(path.resolve(), target_is_directory=True)

    def _describe(self) -> None:
        from sweeps.views import hparams
        from sweeps.views.event_files import EventFile
        from sweeps.views.layout import layout

        records = [read_sweep(folder) for folder in self._folders.values()]
        domains = together(domains_of(read_config(folder).space) for folder in self._folders.values())
        metrics = list(dict.fromkeys(record.metric for record in records))
        reports = (report for record in records for trial in record.trials for report in trial.reports)
        names = dict.fromkeys(name for report in reports for name in report.metrics)
        since = min(record.created for record in records)
        root = EventFile.replacing(self._place, since)
        root.add(hparams.experiment(domains, metrics, since), 0, since)
        root.add(layout(tags.charts(names, metrics)), 0, since)
        root.close()


def names_of(folders: Sequence[Path]) -> list[str]:
    """A short name for each, no two alike: the folder's own, after those above it where that tells none apart."""
    resolved = [folder.resolve() for folder in folders]
    for depth in range(1, 1 + max(len(folder.parts) for folder in resolved)):
        names = ["-".join(folder.parts[-depth:]).replace("/", "") for folder in resolved]
        if len(set(names)) == len(names):
            break
    return names
