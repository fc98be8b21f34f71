"""TensorBoard's HParams messages: the experiment with its domains, and a session for each trial.

Built from the plugin's own protocol buffers (``tensorboard.plugins.hparams.api_pb2`` and ``plugin_data_pb2``): the
plugin's Python API wants TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo

from sweeps.records.record import State
from sweeps.views.domains import Domains
from sweeps.views.tags import CODES, SECONDS, STATE, best_tag, tag_of
from sweeps.views.text import short_value


def experiment(domains: Domains, metrics: Sequence[str], created: float) -> Summary:
    """What may vary and what is compared: the best and the last value of each of ``metrics``, seconds, the state."""
    states = ", ".join(f"{code} {state}" for state, code in CODES.items())
    columns = [
        *((best_tag(metric), f"best {metric}", "") for metric in metrics),
        *((tag_of(metric), f"last {metric}", "") for metric in metrics),
        (SECONDS, "seconds", "on a worker, over all attempts"),
        (STATE, "state", states),
    ]
    message = api_pb2.Experiment(
        time_created_secs=created,
        hparam_infos=[_info(name, facts) for name, facts in domains.items()],
        metric_infos=[
            api_pb2.MetricInfo(name=api_pb2.MetricName(tag=tag), display_name=name, description=description)
            for tag, name, description in columns
        ],
    )
    return _summary(metadata.EXPERIMENT_TAG, HParamsPluginData(experiment=message))


def session_start(params: Mapping[str, Any], domains: Domains, started: float) -> Summary:
    """One trial's row, from its start on."""
    message = SessionStartInfo(start_time_secs=started)
    for key, value in params.items():
        kind = _kind(domains.get(key, {"type": "categorical", "values": [value]}))
        if kind == api_pb2.DATA_TYPE_BOOL:
            message.hparams[key].bool_value = bool(value)
        elif kind == api_pb2.DATA_TYPE_FLOAT64 and isinstance(value, int | float):
            message.hparams[key].number_value = value
        else:
            message.hparams[key].string_value = short_value(value)
    return _summary(metadata.SESSION_START_INFO_TAG, HParamsPluginData(session_start_info=message))


def session_end(state: State, ended: float) -> Summary:
    """How the trial ended; a session without this is shown as of unknown status."""
    failed = state in {State.FAILED, State.DIVERGED}
    status = api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS
    message = SessionEndInfo(status=status, end_time_secs=ended)
    return _summary(metadata.SESSION_END_INFO_TAG, HParamsPluginData(session_end_info=message))


def _info(name: str, facts: Mapping[str, Any]) -> Any:
    info = api_pb2.HParamInfo(name=name, type=_kind(facts))
    if facts["type"] != "categorical" and facts.get("low") is not None and facts.get("high") is not None:
        info.domain_interval.min_value, info.domain_interval.max_value = float(facts["low"]), float(facts["high"])
    elif facts.get("values"):
        texts = info.type == api_pb2.DATA_TYPE_STRING
        info.domain_discrete.extend([short_value(value) if texts else value for value in facts["values"]])
    return info


def _kind(facts: Mapping[str, Any]) -> Any:
    """The column's type: a column of texts unless all values are numbers, or all are true or false."""
    if facts["type"] != "categorical":
        return api_pb2.DATA_TYPE_FLOAT64
    values = list(facts.get("values") or [])
    if values and all(isinstance(value, bool) for value in values):
        return api_pb2.DATA_TYPE_BOOL
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return api_pb2.DATA_TYPE_FLOAT64
    return api_pb2.DATA_TYPE_STRING


def _summary(tag: str, data: HParamsPluginData) -> Summary:
    value = Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(data), tensor=metadata.NULL_TENSOR)
    return Summary(value=[value])
