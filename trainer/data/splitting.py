"""Which rows train, which validate and which test."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trainer.data import duplicates, partition
from trainer.data.cleaning import Cleaned, Done
from trainer.errors import ConfigError, DataError

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig

SHARE = 0.1
"""Of the rows given, for validation and for test each, where neither they nor their shares are given."""


@dataclass(frozen=True)
class Selection:
    """The rows of one split: row numbers ``(rows,)``, ascending, of one given source."""

    source: str
    rows: np.ndarray


def choose(
    data: DataConfig, cleaned: Cleaned, train_labels: np.ndarray | None, groups: np.ndarray | None = None
) -> tuple[dict[str, Selection], tuple[Done, ...]]:
    """Rows of every split, by ``select``, and all that cleaning did: the steps that needed the splits are done here.

    Args:
        data: the settings.
        cleaned: the rows given.
        train_labels: ids ``(rows of train,)`` to stratify by; ``None`` where rows have no one class.
        groups: numbers ``(rows of train,)`` of what belongs together where ``data.group`` does not say it.

    Raises:
        DataError: no rows left for training or validation; a group in two splits that are given.
    """
    groups = groups if data.group is None else _groups(data, cleaned)
    made = _made(data, {split: table.rows for split, table in cleaned.tables.items()}, train_labels, groups)
    done = list(cleaned.done)
    for overlap in cleaned.overlaps:
        if overlap.split not in made:
            raise ConfigError("data.clean", f"{overlap.step}: there is no {overlap.split} split", "leave it out")
        measured = made[overlap.split]
        there = {overlap.keys[measured.source][row] for row in measured.rows}
        dropped = {}
        # What tests may not validate either; what validates keeps its rows.
        for split in ("train", "validation") if overlap.split == "test" else ("train",):
            selection = made.get(split)
            if selection is not None and selection.source == "train":
                gone = duplicates.shared([overlap.keys["train"][row] for row in selection.rows], there)
                made[split] = replace(selection, rows=selection.rows[~gone])
                dropped[split] = int(gone.sum())
        done.append(Done(overlap.step, dropped=dropped))
    return _limited(data, made), tuple(done)


def select(data: DataConfig, counts: Mapping[str, int], train_labels: np.ndarray | None) -> dict[str, Selection]:
    """Rows of every split. What is given stays whole; what is missing is split off train, test first.

    For tasks without cleaning steps and groups; the others use ``choose``.

    Args:
        data: fractions, folds, limits, ``stratify`` and the seed of the shuffles.
        counts: rows of each source given: ``train``, and ``validation``, ``test`` and ``retain`` where there are.
        train_labels: ids ``(rows of train,)`` to stratify by.

    Raises:
        ConfigError: cleaning steps, a group or ``missing``, of which the task knows nothing.
        DataError: no rows left for training or validation.
    """
    for key, value in (("clean", data.clean), ("group", data.group), ("missing", data.missing != "error")):
        if value:
            raise ConfigError(f"data.{key}", "means nothing to this task", "leave it out")
    return _limited(data, _made(data, counts, train_labels, None))


def fractions(data: DataConfig, given: Sequence[str]) -> dict[str, float]:
    """The share of the train rows given that becomes test and validation rows: 0 for a split that is given itself.

    80/10/10 where only train is given. Where validation is given and nothing is said of test, nothing is split off.
    """
    test = data.test_fraction
    if test is None:
        test = 0.0 if "validation" in given else SHARE
    validation = SHARE if data.validation_fraction is None else data.validation_fraction
    return {
        "test": 0.0 if "test" in given else test,
        "validation": 0.0 if "validation" in given or data.folds is not None else validation,
    }


def _made(
    data: DataConfig, counts: Mapping[str, int], labels: np.ndarray | None, groups: np.ndarray | None
) -> dict[str, Selection]:
    import numpy as np

    total = counts["train"]
    rest = np.arange(total)
    stratum = labels if data.stratify else None
    made = {name: Selection(name, np.arange(count)) for name, count in counts.items() if name != "train"}
    for stream, (name, fraction) in enumerate(fractions(data, tuple(counts)).items()):
        if fraction > 0:
            taken = partition.split_off(
                None if stratum is None else stratum[rest],
                len(rest),
                max(1, min(round(fraction * total), len(rest) - 1)) / max(2, len(rest)),
                (data.split_seed, stream),
                groups=None if groups is None else groups[rest],
            )
            made[name] = Selection("train", rest[taken])
            rest = np.delete(rest, taken)
    if data.folds is not None and data.fold is not None:
        if "validation" in counts:
            raise DataError(
                "data.folds", "validation rows are given, so there are no folds to make", "give one of the two"
            )
        of = partition.folds(
            None if stratum is None else stratum[rest],
            len(rest),
            data.folds,
            data.split_seed,
            groups=None if groups is None else groups[rest],
        )
        made["validation"] = Selection("train", rest[of == data.fold])
        rest = rest[of != data.fold]
    if "validation" not in made:
        raise DataError(
            "data.validation_fraction",
            "there are no validation rows",
            "a sweep without validation rows is refused rather than tuned on its test split: "
            "give data.validation or a fraction above 0",
        )
    made["train"] = Selection("train", rest)
    return made


def _limited(data: DataConfig, made: Mapping[str, Selection]) -> dict[str, Selection]:
    import numpy as np

    chosen = dict(made)
    for stream, (name, limit) in enumerate((("train", data.limit), ("validation", data.limit_validation)), start=2):
        if limit is not None:
            rows = chosen[name].rows
            order = np.random.default_rng((data.split_seed, stream)).permutation(len(rows))
            chosen[name] = Selection(chosen[name].source, np.sort(rows[order[:limit]]))
    for name, selection in chosen.items():
        if not len(selection.rows):
            mend = (
                "give more rows, more groups or other fractions" if data.group else "give more rows or other fractions"
            )
            raise DataError(f"data.{name}", f"no rows are left for {name}", mend)
    return {name: chosen[name] for name in ("train", "validation", "test", "retain") if name in chosen}


def _groups(data: DataConfig, cleaned: Cleaned) -> np.ndarray | None:
    """The group of each train row as a number; none of them is in another split that is given."""
    import numpy as np

    if data.group is None:
        return None
    column = data.group
    train = cleaned.tables["train"]
    names: dict[Hashable, int] = {}
    numbers = np.empty(train.rows, dtype=np.int64)
    for row, value in enumerate(train.column(column, "data.group")):
        if value is None or value != value:
            raise train.bad(row, column, "the group is missing", "fill it in or drop the row")
        numbers[row] = names.setdefault(str(value), len(names))
    for split in ("validation", "test"):
        if split not in cleaned.tables:
            continue
        table = cleaned.tables[split]
        for row, value in enumerate(table.column(column, "data.group")):
            if str(value) in names:
                raise table.bad(
                    row, column, f"group {value!r} is among the train rows too", "move it or leave data.group out"
                )
    return numbers
