"""A sweep's trials as Optuna's, for what it can draw and work out: nothing is trained by them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from search_spaces.choices import Categorical
from search_spaces.normal import Normal
from search_spaces.parameters import Float, Int, Parameter
from search_spaces.space import SearchSpace
from sweeps.records.record import ReportRecord, State, SweepRecord, TrialRecord

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, TrialState

Distributions = Mapping[str, "BaseDistribution"]


def distributions_of(space: SearchSpace) -> dict[str, BaseDistribution]:
    """The parameters that vary, by name, with values as people read them.

    Not what searchers work with (`sweeps.search.optuna_space`), where a choice is an index and a step is counted. A
    logarithmic range with a step is one without it here, since Optuna has no such thing. A choice that is no scalar
    is its JSON. A normal distribution is the range of all that can be drawn of it.
    """
    return {parameter.name: _distribution(parameter) for parameter in space.searched}


def frozen_trials(record: SweepRecord, space: SearchSpace) -> list[FrozenTrial]:
    """All trials in order; their numbers count from 0.

    A finished trial is complete, with its best value; one that was stopped is pruned, and has its best value too;
    failed and diverged ones are failed; what waits or goes on has no value. Intermediate values are those of the
    sweep's metric, by the numbers of the reports. A finished trial without a value (no report is within the bounds
    that the sweep requires) is failed: Optuna has none such.

    Every trial has the distributions of ``space`` and no others, since a study has one for each name: a value that
    lies outside (of a trial from before an extension, say) is no parameter there, and stands in the user attribute
    ``outside_params``. Further user attributes: ``trial``, ``state``, ``reason``, ``reason_text``, ``seconds``,
    ``reports``, ``best_report``, the other metrics there as ``metrics.<name>``, ``parent``, ``outside``.

    Args:
        record: the sweep.
        space: its present one.
    """
    distributions = distributions_of(space)
    choices = {one.name: one for one in space.searched if isinstance(one, Categorical)}
    constants = frozenset(space.names) - distributions.keys()
    return [
        _frozen(number, trial, record, distributions, choices, constants) for number, trial in enumerate(record.trials)
    ]


def optuna_value(parameter: Categorical, value: Any) -> Any:
    """A choice as Optuna takes it: a scalar as it is, all else as JSON; where 1 meets true, those too."""
    scalars = [choice for choice in parameter.choices if _is_scalar(choice)]
    ambiguous = len(set(scalars)) < len(scalars)
    return value if _is_scalar(value) and not ambiguous else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _distribution(parameter: Parameter) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    match parameter:
        case Categorical():
            return CategoricalDistribution([optuna_value(parameter, choice) for choice in parameter.choices])
        case Int(low=low, high=high, log=True):
            return IntDistribution(low, high, log=True)
        case Int(low=low, high=high, step=step):
            return IntDistribution(low, high, step=step)
        case Float(low=low, high=high, log=True) | Float(low=low, high=high, step=None):
            return FloatDistribution(low, high, log=parameter.log)
        case Float(low=low, high=high, step=step):
            return FloatDistribution(low, high, step=step)
        case Normal():
            low, high = parameter.from_unit(0.0), parameter.from_unit(1.0)
            return FloatDistribution(low, high, log=parameter.log and low > 0)
    raise TypeError(f"{type(parameter).__name__} {parameter.name} does not vary")


def _frozen(
    number: int,
    trial: TrialRecord,
    record: SweepRecord,
    distributions: Distributions,
    choices: Mapping[str, Categorical],
    constants: frozenset[str],
) -> FrozenTrial:
    from optuna.trial import FrozenTrial, TrialState

    best = trial.best(record.metric, record.goal)
    state = _state(trial.state, best)
    params, outside = _params({k: v for k, v in trial.params.items() if k not in constants}, distributions, choices)
    value = best.metrics[record.metric] if best and state in {TrialState.COMPLETE, TrialState.PRUNED} else None
    begun = trial.created if state is not TrialState.WAITING else None
    last = max([trial.created + trial.seconds, *(report.time for report in trial.reports)])
    return FrozenTrial(
        number=number,
        trial_id=number,
        state=state,
        value=value,
        datetime_start=None if begun is None else datetime.fromtimestamp(begun),
        datetime_complete=datetime.fromtimestamp(last) if state.is_finished() else None,
        params=params,
        distributions={name: distributions[name] for name in params},
        user_attrs=_attributes(trial, record.metric, best, outside),
        system_attrs={},
        intermediate_values={
            report.number: report.metrics[record.metric]
            for report in trial.reports
            if record.metric in report.metrics
        },
    )  # fmt: skip


def _state(state: State, best: ReportRecord | None) -> TrialState:
    from optuna.trial import TrialState

    match state:
        case State.FINISHED:
            return TrialState.COMPLETE if best else TrialState.FAIL
        case State.STOPPED:
            return TrialState.PRUNED
        case State.FAILED | State.DIVERGED:
            return TrialState.FAIL
        case State.PENDING:
            return TrialState.WAITING
    return TrialState.RUNNING


def _params(
    params: Mapping[str, Any], distributions: Distributions, choices: Mapping[str, Categorical]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those that the distributions have, and those outside of them."""
    inside: dict[str, Any] = {}
    outside: dict[str, Any] = {}
    for name, value in params.items():
        found = optuna_value(choices[name], value) if name in choices else value
        fits = name in distributions and _contains(distributions[name], found)
        (inside if fits else outside)[name] = found
    return inside, outside


def _contains(distribution: BaseDistribution, value: Any) -> bool:
    try:
        return bool(distribution._contains(distribution.to_internal_repr(value)))
    except (ValueError, TypeError):
        return False


def _attributes(
    trial: TrialRecord, metric: str, best: ReportRecord | None, outside: Mapping[str, Any]
) -> dict[str, Any]:
    found = {
        "trial": trial.id,
        "state": trial.state.value,
        "reason": trial.reason.code if trial.reason else None,
        "reason_text": trial.reason.text if trial.reason else None,
        "seconds": trial.seconds,
        "reports": len(trial.reports),
        "best_report": best.number if best else None,
        "parent": trial.parent.text if trial.parent else None,
        "outside": trial.outside or None,
        "outside_params": dict(outside) or None,
    }
    others = {f"metrics.{name}": value for name, value in (best.metrics if best else {}).items() if name != metric}
    return {name: value for name, value in {**found, **others}.items() if value is not None}


def _is_scalar(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)
