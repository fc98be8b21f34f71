"""One Optuna study: what is known of all trials at one and the same budget. With `tpe`, the seam to Optuna."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

Codes = Mapping[str, float | int]
CANDIDATES = 24  # Optuna's own number

# A study of ours is an implementation detail: nobody wants a line about each one that is created.
optuna.logging.set_verbosity(optuna.logging.WARNING)


class _Sampler(optuna.samplers.TPESampler):  # type: ignore[misc]  # Optuna's types are not followed
    """TPE over a space that is known: Optuna looks through all trials for what they have in common."""

    def __init__(self, space: dict[str, BaseDistribution], seed: int, candidates: int) -> None:
        super().__init__(
            seed=seed, n_startup_trials=0, n_ei_candidates=candidates, multivariate=True, constant_liar=True
        )
        self.space = space

    def infer_relative_search_space(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: optuna.trial.FrozenTrial,  # noqa: ARG002
    ) -> dict[str, BaseDistribution]:
        """All parameters that can vary, to be drawn jointly."""
        return self.space


class RungModel:
    """Configurations with their scores at one rung, and those that are still on their way to it.

    A trial is pending until it is observed or dropped. Trials are kept in the order of ``add``, whatever the
    order of their observations: the sampler weighs recent trials more.
    """

    def __init__(self, distributions: Mapping[str, BaseDistribution]) -> None:
        self._distributions = dict(distributions)
        self._varying = {
            name: distribution for name, distribution in distributions.items() if not distribution.single()
        }
        self._study = optuna.create_study(direction="maximize")
        self._trials: dict[int, int] = {}  # the study's number by ours, of those that count
        self._codes: dict[int, Codes] = {}
        self.observed: dict[int, float] = {}

    def add(self, number: int, codes: Codes) -> None:
        """Trial ``number`` is on its way to this rung."""
        self._codes[number] = codes
        self._trials[number] = len(self._study.get_trials(deepcopy=False))
        self._study.add_trial(
            optuna.create_trial(state=TrialState.RUNNING, params=dict(codes), distributions=self._distributions)
        )

    def observe(self, number: int, score: float) -> None:
        """Trial ``number`` has ``score`` at this rung; nothing happens unless it was pending."""
        if number in self._trials and number not in self.observed:
            self._study.tell(self._trials[number], score)
            self.observed[number] = score

    def drop(self, number: int) -> None:
        """Trial ``number`` will not get here: it is neither pending nor a result. Observed ones stay."""
        if number in self._trials and number not in self.observed:
            self._study.tell(self._trials.pop(number), state=TrialState.FAIL)

    def without(self, number: int) -> RungModel:
        """This model as if trial ``number`` had never been; Optuna forgets nothing, so it is built again."""
        if number not in self.observed:
            self.drop(number)
            return self
        model = RungModel(self._distributions)
        for other in self._trials:
            if other != number:
                model.add(other, self._codes[other])
                if other in self.observed:
                    model.observe(other, self.observed[other])
        return model

    def suggest(self, seed: int, candidates: int = CANDIDATES) -> Codes:
        """The configuration with the best expected improvement, by a fresh sampler with ``seed``.

        It is the best of ``candidates`` draws from the density of the good trials; a single one is a plain draw.

        Multivariate TPE (Bergstra et al. 2011; joint densities as in BOHB, Falkner et al. 2018, section 3.2)
        with the constant liar: pending trials count as bad ones, so that others are offered other places.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # multivariate, before Optuna 5
            self._study.sampler = _Sampler(self._varying, seed, candidates)
        trial = self._study.ask(self._distributions)
        codes = dict(trial.params)
        # A draft: the caller may want another one. What is accepted comes back through `add`, as on a resume.
        self._study.tell(trial, state=TrialState.FAIL)
        return codes
