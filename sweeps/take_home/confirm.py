"""An honest winner: the best trials again with fresh seeds, and then, once, the winner on the test split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sweeps.config import FunctionTrainer, SweepConfig
from sweeps.errors import InputError, NoUsableTrial
from sweeps.records.best import Best, choose_best
from sweeps.records.builder import RecordBuilder, at_rest
from sweeps.records.confirmation import Confirmation, Look
from sweeps.records.finding import refuse_repeats
from sweeps.records.ledger import Ledger, read_events
from sweeps.records.lock import SweepLock
from sweeps.records.record import SweepRecord
from sweeps.records.sweep_file import read_config
from sweeps.take_home.candidates import SEED, Chosen, Generations, choose, fresh_seeds
from sweeps.take_home.comparing import compared
from sweeps.take_home.repeats import Driver, Repeats
from sweeps.take_home.test_split import check_data, has_test_split, look


@dataclass(frozen=True)
class Confirmed:
    """What a confirmation came to.

    Attributes:
        confirmation: the table and its winner.
        look: the winner on the test split; ``None`` where nobody looked.
        again: whether ``look`` is an earlier one, of the same checkpoint.
        unseen: why nobody looked, in words; empty where somebody did.
    """

    confirmation: Confirmation
    look: Look | None = None
    again: bool = False
    unseen: str = ""


def confirm(
    folder: Path,
    driver: Driver,
    *,
    top: int = 3,
    seeds: int = 5,
    test: bool = True,
    look_again: bool = False,
) -> Confirmed:
    """Train the best configurations again with fresh seeds, compare them, and evaluate the winner on the test split.

    Every step is written down as it is done, so the same call goes on where an earlier one was cut off. Repeats that
    were trained before are not trained again: with more seeds or more trials only what is missing.

    Args:
        folder: of a sweep that nobody runs.
        driver: runs the repeats.
        top: how many of the best trials.
        seeds: how many for each; of trials that had more in the latest confirmation, as many as those.
        test: whether to look at the test split, where there is one.
        look_again: look even though somebody looked before; it is counted.

    Raises:
        InputError: no such sweep, somebody runs it, or its data are not what they were.
        NoUsableTrial: nothing to train again, or no repeat gave a value.
        NotThroughYet: the repeats broke off, or were interrupted.
    """
    for name, value in (("top", top), ("seeds", seeds)):
        if value < 1:
            raise InputError(f"expected a whole number of at least 1, got {value}", where=name)
    folder = folder.expanduser().resolve()
    read_events(folder)  # says what the folder is where it is no sweep's
    refuse_repeats(folder)
    with SweepLock(folder):
        config, record = _read(folder)
        generations = Generations(folder, read_events(folder)[0])
        chosen = choose(generations.of, record, folder, top)
        for best in chosen.trials:
            check_data(generations.of(best), folder, best)
        repeats = Repeats(folder)
        wanted = fresh_seeds(config, record, max(seeds, _known(record, chosen)))
        tried = [(generations.of(best), best.params) for best in chosen.trials]
        repeats.ensure(tried, wanted, driver)
        repeated = [repeats.of(one, wanted) for one in tried]
        confirmation = _settle(folder, record, compared(record, chosen, repeated, wanted, top))
        repeats.tidy()
        if confirmation.winner is None:
            raise NoUsableTrial(f"{folder}: no repeat gave a value; {_reasons(config, confirmation)}")
        if not test:
            return Confirmed(confirmation, unseen="the test split was not looked at")
        return _tested(generations, folder, _read(folder)[1], confirmation, look_again)


def _known(record: SweepRecord, chosen: Chosen) -> int:
    """How many seeds the latest confirmation had for all of these: none of them is left out by asking for fewer."""
    latest = record.confirmation
    if latest is None or not {best.trial for best in chosen.trials} <= {one.trial for one in latest.candidates}:
        return 0
    return len(latest.seeds)


def _read(folder: Path) -> tuple[SweepConfig, SweepRecord]:
    events, _ = read_events(folder)
    return read_config(folder, events), at_rest(RecordBuilder(events).record())


def _settle(folder: Path, record: SweepRecord, found: Confirmation) -> Confirmation:
    """Write it down, unless the ledger says just that already."""
    if record.confirmation is not None and found.same_as(record.confirmation):
        return record.confirmation
    with Ledger.open(folder, create=False) as ledger:
        ledger.append("confirmed", **found.fields())
    return found


def _tested(
    generations: Generations, folder: Path, record: SweepRecord, confirmation: Confirmation, look_again: bool
) -> Confirmed:
    assert confirmation.winner is not None
    winner = confirmation.winner.trial
    best = _own_best(record, folder, winner)
    if best is None or best.checkpoint is None:
        return Confirmed(confirmation, unseen=f"{winner} saved no checkpoint that could be evaluated")
    config = generations.of(best)
    if not has_test_split(config, folder, best):
        return Confirmed(confirmation, unseen="the sweep has no test split")
    if record.looks and not look_again:
        same = [one for one in record.looks if (one.trial, one.checkpoint) == (winner, best.checkpoint)]
        if same:
            return Confirmed(confirmation, same[-1], again=True)
        before = ", ".join(dict.fromkeys(one.trial for one in record.looks))
        mend = "--look-again looks once more, and counts it"
        return Confirmed(confirmation, unseen=f"the test split was looked at before, for {before}; {mend}")
    found = look(config, folder, best, len(record.looks) + 1)
    with Ledger.open(folder, create=False) as ledger:
        ledger.append("tested", **found.fields())
    return Confirmed(confirmation, found)


def _own_best(record: SweepRecord, folder: Path, trial: str) -> Best | None:
    return choose_best(record.with_trials(tuple(one for one in record.trials if one.id == trial)), folder)


def _reasons(config: SweepConfig, confirmation: Confirmation) -> str:
    reasons = dict.fromkeys(repeat.reason for one in confirmation.candidates for repeat in one.repeats)
    new = isinstance(config.trainer, FunctionTrainer) and SEED not in (*config.trainer.settings, *config.space.names)
    mend = f"the function is given config[{SEED!r}] now, which it did not have before: let it take that"
    return "; ".join([*list(reasons)[:3], *([mend] if new else [])])
