"""Optuna's own samplers, told what happened as its users do."""

from __future__ import annotations

import warnings
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from search_spaces import SearchSpace
from sweeps.search import Outcome, Params, Searcher
from sweeps.search.optuna_space import OptunaSpace

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=ExperimentalWarning)


class OptunaSearcher(Searcher):
    """One study with ``sampler``.

    A trial that trained to its end, and one that was stopped, is told with its last score, as Ray Tune's
    ``OptunaSearch`` does. Every report is an intermediate value.

    Args:
        space: what may vary.
        sampler: any of Optuna's.
        stopped: the state of a trial that was stopped. ``COMPLETE`` is what ``OptunaSearch`` tells.
        pruner: for `OptunaPruning`.
    """

    def __init__(
        self, space: SearchSpace, sampler: Any, *, stopped: TrialState = TrialState.COMPLETE, pruner: Any = None
    ) -> None:
        self._codec = OptunaSpace(space)
        self._study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
        self._stopped = stopped
        self._trials: dict[int, optuna.Trial] = {}
        self._last: dict[int, float] = {}

    def ask(self, number: int) -> Params | None:
        trial = self._trials[number] = self._study.ask(self._codec.distributions)
        return self._codec.decode(trial.params)

    def replay(self, number: int, params: Params) -> None:
        """The trial with ``params`` instead, and with what its sampler wrote down when it suggested another."""
        attributes = self._frozen(self._trials[number]).system_attrs if number in self._trials else {}
        self._study.add_trial(
            optuna.create_trial(
                state=TrialState.RUNNING,
                params=self._codec.encode(params),
                distributions=self._codec.distributions,
                system_attrs=attributes,
            )
        )
        added = self._study.get_trials(deepcopy=False)[-1]
        self._trials[number] = optuna.Trial(self._study, added._trial_id)

    def _frozen(self, trial: optuna.Trial) -> optuna.trial.FrozenTrial:
        return self._study.get_trials(deepcopy=False)[trial.number]

    def report(self, number: int, report: int, score: float) -> None:
        self._last[number] = score
        self._trials[number].report(score, report)

    def end(self, number: int, outcome: Outcome) -> None:
        states = {Outcome.FINISHED: TrialState.COMPLETE, Outcome.STOPPED: self._stopped}
        state = states.get(outcome, TrialState.FAIL)
        value = self._last[number] if state is TrialState.COMPLETE else None
        self._study.tell(self._trials[number], value, state=state)

    def should_prune(self, number: int) -> bool:
        """What the study's pruner says after the last report."""
        return bool(self._trials[number].should_prune())
