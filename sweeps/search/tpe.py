"""Bayesian search: tree-structured Parzen estimators, one for each budget."""

from __future__ import annotations

import math
from collections.abc import Sequence

from search_spaces.space import SearchSpace
from sweeps.search.base import Outcome, Params, Searcher
from sweeps.search.identity import identity
from sweeps.search.latin import latin_hypercube
from sweeps.search.optuna_space import OptunaSpace
from sweeps.search.rung_model import CANDIDATES, Codes, RungModel
from sweeps.search.rung_scores import RungScores
from sweeps.search.seeding import generator, stable_seed

FULL = math.inf  # the rung of trials that trained to their end
STARTUP = 10
# Candidates of each of the model's draws, until one is new and legal. The best of many candidates lies where the
# model expects most, which may be beyond a constraint every time; of fewer, more stay on this side of it.
MODEL_DRAWS = (CANDIDATES,) * 4
MODEL_DRAWS_CONSTRAINED = (*MODEL_DRAWS, *(8,) * 4, *(3,) * 4, *(1,) * 8)
RANDOM_DRAWS = 32


class TpeSearcher(Searcher):
    """TPE with a model per rung.

    - **Budgets never mix** (the rule of BOHB: Falkner et al. 2018, "BOHB: Robust and Efficient Hyperparameter
      Optimization at Scale", section 3.2). A trial is an observation in the model of each rung that it has
      reached, and of the full budget if it trained to its end. A suggestion comes from the highest rung with
      enough observations. Telling stopped trials as complete, as Ray Tune's ``OptunaSearch`` does, can lose
      to random search.
    - **A trial's value at a rung is its score there**, of the first report at or past the rung; one that passes several
      rungs with one report is observed at the highest of them only. In the model of the full budget it is the best
      score of all its reports.
    - **A stopped trial** is in the models of the rungs that it reached. **A failed one is no result**: it
      leaves all models. **A running one** is pending in the models of the rungs ahead of it (constant liar).
    - **The first suggestions** are a Latin hypercube; later ones are random while no rung has enough.
    - **Conditions**: models see complete configurations. A parameter that is inactive in a trial is drawn from its own
      distribution, which keeps its density neutral; what is inactive in a suggestion is dropped.
    - **Constraints**: a suggestion that breaks one is drawn again: by the model, from ever fewer
      candidates, and then from the space.
    - **An exact configuration is not suggested twice** where a few more draws, by the model and then at
      random, find one that was not. In a small discrete space that is used up, it is.

    Probabilities of choices and the bell of a normal parameter shape the first suggestions; then the model
    has its own, from what scored well.

    Args:
        space: what may vary.
        seed: suggestion ``number`` has a sampler of its own, seeded by ``(seed, number)``, so that a resumed
            search goes on exactly as it would have.
        rungs: report numbers, ascending.
    """

    def __init__(self, space: SearchSpace, *, seed: int, rungs: Sequence[int] = ()) -> None:
        self._space = space
        self._seed = seed
        self._scores = RungScores(rungs)
        self._codec = OptunaSpace(space)
        # Not of the number of trials that are planned: an extended sweep goes on as a longer one would have.
        self._startup = max(STARTUP, len(space.searched) + 2)
        self._enough = self._startup
        self._initial = latin_hypercube(space, self._startup, generator(seed, "latin"))
        self._model_draws = MODEL_DRAWS_CONSTRAINED if space.constraints else MODEL_DRAWS
        self._codes: dict[int, Codes] = {}
        self._asked: set[str] = set()
        self._models: dict[float, RungModel] = {}

    def ask(self, number: int) -> Params | None:
        """The configuration for trial ``number`` (from 1); the search never runs out."""
        model = self._model()
        for draw in range(len(self._model_draws) + RANDOM_DRAWS):
            params = self._draw(number, draw, model)
            if identity(params) not in self._asked and self._space.broken(params) is None:
                break
        self.replay(number, params)
        return params

    def replay(self, number: int, params: Params) -> None:
        """Trial ``number`` is running with ``params``: pending in every model until it reports or ends."""
        if number in self._codes and not self._scores.trials[number].over:
            return  # a further attempt at the same trial
        self._scores.begin(number)
        codes = self._codes[number] = self._encoded(number, params)
        self._asked.add(identity(params))
        for model in self._models.values():
            model.add(number, codes)

    def report(self, number: int, report: int, score: float) -> None:
        """Observe a score, where `RungScores.report` takes it for that of a rung."""
        trial = self._scores.trials[number]
        before = trial.rung
        self._scores.report(number, report, score)
        if (rung := trial.rung) > before:
            self._rung(rung).observe(number, trial.values[rung])
            for other, model in self._models.items():
                if other < rung:  # passed without a report there: it is no longer to come
                    model.drop(number)

    def end(self, number: int, outcome: Outcome) -> None:
        """Trial ``number`` is over and no longer pending anywhere."""
        trial = self._scores.trials[number]
        if trial.over:
            return
        if outcome is Outcome.FINISHED and trial.latest:
            self._rung(FULL).observe(number, trial.best)
        self._scores.end(number, outcome)
        if outcome is Outcome.FAILED:
            for rung, model in list(self._models.items()):
                self._models[rung] = model.without(number)
        for model in self._models.values():
            model.drop(number)

    def observed(self, rung: float) -> dict[int, float]:
        """The value of each trial at ``rung`` (`FULL`: of each that trained to its end), by number."""
        return dict(self._models[rung].observed) if rung in self._models else {}

    def _draw(self, number: int, draw: int, model: RungModel | None) -> Params:
        if draw == 0 and number <= self._startup:
            return self._initial[number - 1]
        if model is not None and draw < len(self._model_draws):
            seed = stable_seed(self._seed, "tpe", number, draw)
            return self._codec.decode(model.suggest(seed, self._model_draws[draw]))
        return self._space.sample(generator(self._seed, "tpe", number, draw))

    def _encoded(self, number: int, params: Params) -> Codes:
        return self._codec.encode(params, generator(self._seed, "impute", number))

    def _model(self) -> RungModel | None:
        """The model of the highest rung with enough observations."""
        ready = [rung for rung, model in self._models.items() if len(model.observed) >= self._enough]
        return self._models[max(ready)] if ready else None

    def _rung(self, rung: float) -> RungModel:
        """The model of ``rung``; when the first trial gets there, all that are running are on their way."""
        if rung not in self._models:
            model = self._models[rung] = RungModel(self._codec.distributions)
            for number, codes in self._codes.items():
                trial = self._scores.trials[number]
                if not trial.over and trial.rung <= rung:
                    model.add(number, codes)
        return self._models[rung]
