"""Answers found in a context: a question's words in, a span of the context out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trainer.answer_spans import MAX_ANSWER_LENGTH, answers_of, best_spans
from trainer.data import as_written, qa_tokens, questions, report, sources, splitting, storage, tokens
from trainer.data.cleaning import clean_keys
from trainer.errors import DataError
from trainer.hub_access import quiet
from trainer.squad import SQUAD_GOALS, squad_metrics
from trainer.tasks.base import Batch, Predictor, Prepared, Split, Task
from trainer.tasks.common import OF_NUMBERS, check_metric, refuse, refuse_text_steps
from trainer.tasks.pretrained_checks import check_model
from trainer.tasks.text_classification import max_length

if TYPE_CHECKING:
    import numpy as np
    import torch

    from trainer.config import Goal, TrainConfig
    from trainer.pretrained import Head

AUTO = "AutoModelForQuestionAnswering"
_UNUSED = {
    **OF_NUMBERS,
    "data.label_names": None,
    "data.stratify": True,
}
_ARTICLE = "title"


class QuestionAnswering(Task):
    """``data.text`` names the column of questions (``question``), ``data.text_pair`` that of contexts (``context``) and
    ``data.label`` that of answers (``answers``).

    Long contexts become overlapping windows, and these are what batches, epochs and ``Split.rows`` count; metrics are
    of questions. Prepared data hold whole contexts: ``max_length``, ``doc_stride`` and ``max_answer_length`` may vary
    from trial to trial. A window without the answer, or a question that has none, points to the classification token.
    Rows that are split off go by ``data.group``, else by article (a column ``title``), else by context.
    """

    name: ClassVar[str] = "question-answering"
    goals: ClassVar[Mapping[str, Goal]] = SQUAD_GOALS

    def check(self, config: TrainConfig) -> None:
        """Refuse settings that cannot be used; the model itself is looked at by ``prepare``."""
        check_metric(config, self)
        refuse(config, self, _UNUSED)
        check_model(config, mend="")
        sources.check(config.data)
        refuse_text_steps(config.data, "what labels point at")

    def prepare(self, config: TrainConfig, cache: Path) -> Prepared:
        """The arrays of ``qa_tokens.encode``, and windows over them, which are worked out anew each time."""
        from trainer import pretrained

        tokenizer = pretrained.tokenizer(config.model)
        default, most = pretrained.lengths(pretrained.settings(config.model, config.model_args), tokenizer)
        frame = tokens.frame(tokenizer, pair=True, pad=tokenizer.eos_token_id)
        meta = {
            "frame": frame,
            "null": qa_tokens.null_place(tokenizer, frame),
            "max_length": default,
            "positions": most,
            "columns": questions.columns(config.data),
            "missing": config.data.missing,
            "windows": True,
        }
        facts = {"tokenizer": pretrained.tokenizer_digest(config.model), "meta": meta, **sources.facts(config.data)}
        name = storage.fingerprint({"task": self.name, **facts})
        stored = storage.open_or_make(cache, name, lambda: _make(config, tokenizer, meta))
        splits = {split: self.windows(rows, config, stored) for split, rows in stored.splits.items()}
        return replace(stored, splits=splits)

    def windows(self, split: Split, config: TrainConfig, prepared: Prepared) -> Split:
        """A split of questions with windows for rows.

        Raises:
            ConfigError: ``max_length`` or ``doc_stride`` cannot be used.
        """
        return qa_tokens.windowed(split, config, max_length(config, prepared), tokens.specials(prepared.meta["frame"]))

    def build_model(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:  # noqa: ARG002
        """See ``trainer.pretrained.build``."""
        from trainer import pretrained

        return pretrained.build(config.model, config.model_args, _head(), config.dropout, config.init)

    def skeleton(self, config: TrainConfig, prepared: Prepared) -> torch.nn.Module:  # noqa: ARG002
        """By the model's configuration alone: no weights are read."""
        from trainer import pretrained

        return pretrained.skeleton(config.model, config.model_args, _head())

    def collate(self, split: Split, rows: np.ndarray, config: TrainConfig, prepared: Prepared) -> Batch:  # noqa: ARG002
        """What the model takes, each (rows, longest of them), and:

        ``inside`` (rows, longest), true at tokens of the context; ``places`` (rows, 2), the place that means no answer,
        and what to add to a place to get the token of the context; ``labels`` (rows, 2), the places of the answer's
        first and last token.
        """
        import numpy as np
        import torch

        arrays, frame = split.arrays, prepared.meta["frame"]
        of, begin = arrays["row"][rows], arrays["begin"][rows]
        counts = [arrays["asked"][rows], arrays["end"][rows] - begin]
        starts = [arrays["question_offsets"][of], arrays["context_offsets"][arrays["context"][of]] + begin]
        bodies = [arrays["question_ids"], arrays["context_ids"]]
        # Where padding is on the left the context goes first, as in transformers' run_qa.py.
        turn = -1 if frame["padding_side"] == "left" else 1
        counts, starts, bodies = counts[::turn], starts[::turn], bodies[::turn]
        batch = tokens.lay_out(frame, bodies, starts, counts)
        place = tokens.body_places(frame, counts)[::turn][1]
        at = np.arange(batch["input_ids"].shape[1])
        inside = (at >= place[:, None]) & (at < (place + counts[::turn][1])[:, None])
        null = _null(prepared.meta, np.sum(counts, axis=0) + tokens.specials(frame), len(at))
        answer = np.stack([arrays["start"][rows], arrays["stop"][rows]], axis=1)
        labels = np.where(answer == qa_tokens.NO_ANSWER, null[:, None], answer + (place - begin)[:, None])
        own = {"inside": inside, "places": np.stack([null, begin - place], axis=1), "labels": labels}
        return {name: torch.from_numpy(array) for name, array in {**batch, **own}.items()}

    def loss(
        self, model: torch.nn.Module, batch: Batch, *, label_smoothing: float = 0.0
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The mean of both cross entropies, of start and of end, summed over the windows; and the scores ``(windows,
        tokens, 2)``, in float32.

        Probabilities are over the tokens of the context and the one that means no answer, so padding changes nothing.
        """
        import torch

        given = ("inside", "places", "labels")
        found = model(**{name: tensor for name, tensor in batch.items() if name not in given})
        scores = torch.stack([found.start_logits, found.end_logits], dim=-1).float()
        allowed = batch["inside"].scatter(1, batch["places"][:, :1], True)[..., None]
        log = scores.masked_fill(~allowed, -torch.inf).log_softmax(dim=1)
        missed = -log.gather(1, batch["labels"][:, None, :]).squeeze(1)
        if label_smoothing:
            even = -log.masked_fill(~allowed, 0.0).sum(dim=1) / allowed.sum(dim=1)
            missed = (1 - label_smoothing) * missed + label_smoothing * even
        return missed.sum() / 2, scores

    def observe(
        self, model: torch.nn.Module, batch: Batch, config: TrainConfig, prepared: Prepared
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss, and the best span of each window; see ``answer_spans.best_spans``."""
        summed, scores = super().observe(model, batch, config, prepared)
        null, shift = batch["places"].unbind(dim=1)
        longest = config.max_answer_length or MAX_ANSWER_LENGTH
        return summed, best_spans(scores, batch["inside"], null, shift, longest)

    def evaluate(
        self,
        outputs: np.ndarray,
        split: Split,
        loss: float,
        config: TrainConfig,  # noqa: ARG002
        prepared: Prepared,
    ) -> dict[str, float]:
        """The metrics of ``trainer.squad.squad_metrics`` over the questions of the split; the loss is of windows."""
        answers = answers_of(outputs, split.arrays, may_be_none=prepared.meta["unanswerable"])
        return squad_metrics(answers.texts, qa_tokens.right_answers(split.arrays), loss)

    def export(self, model: torch.nn.Module, config: TrainConfig, prepared: Prepared, out: Path) -> None:
        """A Hugging Face folder and ``sweepwright.json``."""
        from trainer import pretrained
        from trainer.tasks import exported

        length = max_length(config, prepared)
        tokenizer = pretrained.load_tokenizer(config.model)
        tokenizer.model_max_length = length
        out.mkdir(parents=True, exist_ok=True)
        with quiet():
            model.save_pretrained(out)  # type: ignore[operator]
            tokenizer.save_pretrained(out)
        lengths = {"doc_stride": config.doc_stride, "max_answer_length": config.max_answer_length}
        known = {name: prepared.meta[name] for name in ("unanswerable", "missing")}
        facts = {**known, "max_length": length, **lengths}
        exported.write(out, self, prepared.meta["columns"], **facts)

    def restore(self, folder: Path, facts: Mapping[str, Any], device: torch.device) -> Predictor:
        """See ``trainer.tasks.answer_predictor``."""
        from trainer.tasks.answer_predictor import AnswerPredictor

        return AnswerPredictor(self, folder, facts, device)


def _head() -> Head:
    from trainer import pretrained

    return pretrained.Head(AUTO, {"num_labels": 2})


def _null(meta: Mapping[str, Any], totals: np.ndarray, width: int) -> np.ndarray:
    """The place that means no answer in each row ``(rows,)``."""
    import numpy as np

    first = width - totals if meta["frame"]["padding_side"] == "left" else np.zeros_like(totals)
    place: np.ndarray = first + meta["null"] + (totals if meta["null"] < 0 else 0)
    return place


def _make(config: TrainConfig, tokenizer: Any, meta: Mapping[str, Any]) -> storage.Bundle:
    columns, data = meta["columns"], config.data
    used = [*columns.values(), questions.START, _ARTICLE]
    given = as_written.tables(data, used, [columns["text"], columns["text_pair"]])
    read = {split: questions.read(table, columns) for split, table in given.items()}
    keys = {split: list(zip(rows.questions, rows.contexts, strict=True)) for split, rows in read.items()}
    cleaned = clean_keys(data, given, keys)
    rows = {split: read[split].take(cleaned.rows[split].tolist()) for split in given}
    groups = as_written.numbered(cleaned.tables["train"].columns.get(_ARTICLE, rows["train"].contexts))
    chosen, done = splitting.choose(data, cleaned, None, groups)
    arrays = {}
    for split, selection in chosen.items():
        arrays[split] = qa_tokens.encode(tokenizer, rows[selection.source].take(selection.rows.tolist()))
    without = int((arrays["train"]["first"] == qa_tokens.NO_ANSWER).sum())
    if without == len(arrays["train"]["first"]):
        raise DataError("data.train", "no train row has an answer", f"answers stand in the column {columns['label']!r}")
    specials = tokens.specials(meta["frame"])
    lengths = {split: qa_tokens.lengths(stored) + specials for split, stored in arrays.items()}
    said = report.describe(cleaned, chosen, done, lengths=lengths)
    counts = {split: len(selection.rows) for split, selection in chosen.items()}
    return storage.Bundle(arrays, (), {**meta, "unanswerable": without > 0}, counts, said)
