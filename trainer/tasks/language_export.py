"""Exports of models that write texts, and what their predictors have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from trainer import generation, pretrained
from trainer.config import TrainConfig
from trainer.data import chat
from trainer.data.cleaning import for_measuring
from trainer.data.cleaning_steps import text_function
from trainer.data.readers import labelled_table
from trainer.errors import DataError
from trainer.evaluation import evaluate
from trainer.hub_access import quiet
from trainer.precision import Compute
from trainer.sections import Generation
from trainer.tasks import exported
from trainer.tasks.base import Batch, Predictor, Prepared
from trainer.tasks.pretrained_checks import length_within

if TYPE_CHECKING:
    from trainer.tasks.causal_lm import CausalLM
    from trainer.tasks.seq2seq import Seq2Seq

_OF_DATA = ("prefix", "suffix", "sample_by", "missing")
_OF_TRAINING = ("metric", "packing", "completion_only")


def write(task: CausalLM | Seq2Seq, model: Any, config: TrainConfig, prepared: Prepared, out: Path) -> None:
    """Model, tokenizer, ``generation_config.json`` and what evaluation needs to know of training."""
    tokenizer = pretrained.load_tokenizer(config.model)
    if config.data.messages:
        tokenizer.chat_template = chat.template_of(config.data, tokenizer)
    lengths = {"max_length": length_within("max_length", config.max_length, config, prepared, 1)}
    if task.name == "seq2seq":
        # Sources are cut at the length trained with by whoever says truncation=True.
        tokenizer.model_max_length = lengths["max_length"]
        target = length_within("max_target_length", config.max_target_length, config, prepared, 1)
        lengths["max_target_length"] = target
    settings = generation.fitting(config.generation, prepared.meta["positions"])
    before = model.generation_config
    model.generation_config = generation.configured(model, settings, prepared.meta["frame"])
    out.mkdir(parents=True, exist_ok=True)
    try:
        with quiet():
            model.save_pretrained(out)
            tokenizer.save_pretrained(out)
    finally:
        model.generation_config = before
    data = {name: getattr(config.data, name) for name in _OF_DATA} | {"clean": for_measuring(config.data).clean}
    kept = {**lengths, **{name: getattr(config, name) for name in _OF_TRAINING}, "generation": settings.model_dump()}
    exported.write(out, task, prepared.meta["columns"], settings={**kept, "data": data})


class TextPredictor(Predictor):
    """An exported model that writes texts.

    Attributes:
        model, device: see ``Predictor``.
        tokenizer: as it was exported.
        generation: how ``predict`` writes, and ``evaluate`` where it does; replace it to write otherwise.
    """

    auto: ClassVar[str]

    def __init__(self, task: CausalLM | Seq2Seq, folder: Path, facts: Mapping[str, Any], device: torch.device) -> None:
        self.tokenizer = pretrained.load_tokenizer(str(folder))
        self.model = pretrained.load_exported(str(folder), self.auto).to(device).eval()
        self.device, self._task, self._columns = device, task, facts["columns"]
        settings = facts["settings"]
        data = {**settings["data"], **self._columns, "train": "rows"}
        self._config = TrainConfig.build({**settings, "task": task.name, "model": str(folder), "data": data})
        self._clean = text_function(self._config.data.clean)
        self._meta = task.meta(self._config, self.tokenizer)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({type(self.model).__name__})"

    @property
    def generation(self) -> Generation:
        """The settings of generation."""
        return self._config.generation or Generation()

    @generation.setter
    def generation(self, settings: Generation) -> None:
        self._config = self._config.model_copy(
            update={"generation": generation.fitting(settings, self._meta["positions"])}
        )

    def evaluate(
        self,
        rows: str | Path | Sequence[Mapping[str, Any]],
        *,
        batch_size: int = 64,
        **columns: str | None,
    ) -> dict[str, float]:
        """Metrics as in training, by the same code; see ``Predictor.evaluate``.

        Texts are generated where training did; with ``predictor.generation = Generation(always=True)`` always.
        """
        chosen = exported.chosen_columns(self._columns, columns)
        data = self._config.data.model_copy(update=chosen)
        config = self._config.model_copy(update={"data": data})
        split, prepared = self._task.split_of(labelled_table(rows, sample_by=data.sample_by), config, self.tokenizer)
        compute = Compute.choose("fp32", self.device)
        return evaluate(
            self.model,
            task=self._task,
            split=split,
            config=config,
            prepared=prepared,
            compute=compute,
            batch_size=batch_size,
        ).metrics

    @torch.inference_mode()
    def _write(self, prompts: Sequence[Sequence[int]], batch_size: int) -> list[list[int]]:
        """Generated ids of each prompt, which is cut and framed already; of like length together."""
        how = generation.configured(self.model, self.generation, self._meta["frame"])
        order = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
        found: list[list[int]] = [[] for _ in prompts]
        for start in range(0, len(order), batch_size):
            taken = order[start : start + batch_size]
            batch = self._padded([prompts[row] for row in taken])
            written = generation.generate(self.model, batch, how).tolist()
            for row, ids in zip(taken, written, strict=True):
                found[row] = ids
        return found

    def _padded(self, prompts: Sequence[Sequence[int]]) -> Batch:
        """On the left for a decoder, which goes on at the right."""
        width = max(map(len, prompts))
        left = self._task.name == "causal-lm"
        ids = torch.full((len(prompts), width), self._meta["frame"]["pad"])
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            place = slice(width - len(prompt), width) if left else slice(0, len(prompt))
            ids[row, place] = torch.tensor(prompt, dtype=ids.dtype)
            mask[row, place] = 1
        return {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}


def checked_rows(rows: Sequence[Any], column: str, kind: type | tuple[type, ...], what: str) -> list[Any]:
    """Rows to predict: each of ``kind``, or a mapping with the column.

    Raises:
        DataError: the first that is neither, with its number.
    """
    from trainer.data.tables import shown

    if isinstance(rows, str | bytes):
        raise DataError("rows", "expected a list of rows, got one text")
    found = []
    for number, row in enumerate(rows, start=1):
        value = row.get(column) if isinstance(row, Mapping) else row
        if not isinstance(value, kind):
            raise DataError("rows", f"row {number} is {shown(row)}, expected {what} or a mapping with {column}")
        found.append(value)
    return found
