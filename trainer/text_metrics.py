"""Metrics of generated texts, by the field's own libraries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.config import Goal

TEXT_GOALS: Mapping[str, Goal] = {
    "bleu": "maximize",
    "chrf": "maximize",
    "rouge1": "maximize",
    "rouge2": "maximize",
    "rougeL": "maximize",
    "exact_match": "maximize",
}
_ROUGE = ("rouge1", "rouge2", "rougeL")


def text_metrics(written: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """Every metric of :data:`TEXT_GOALS`.

    Args:
        written: what a model wrote for each source.
        references: one or more texts that would have been right, for each source; their numbers may differ.

    Returns:
        On the scales of their libraries:

        - ``bleu``, ``chrf``: sacrebleu's corpus scores with its defaults, 0 to 100 (signature of BLEU
          ``case:mixed|eff:no|tok:13a|smooth:exp``; Post 2018, "A Call for Clarity in Reporting BLEU Scores").
        - ``rouge1``, ``rouge2``, ``rougeL``: F-measures of ``rouge_score`` with its Porter stemmer, 0 to 1: the best
          over the references of each source (``score_multi``), a mean over sources.
        - ``exact_match``: the share that equals one of its references, white space around it aside.

    Raises:
        ValueError: no texts, or one without a reference.
    """
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics import BLEU, CHRF

    if not written or len(written) != len(references) or not all(references):
        raise ValueError(f"{len(written)} texts need as many lists of references, got {len(references)}")
    most = max(map(len, references))
    # sacrebleu wants all first references, all second ones, ...; None where a text has no more.
    streams = [[texts[at] if at < len(texts) else None for texts in references] for at in range(most)]
    scorer = RougeScorer(list(_ROUGE), use_stemmer=True)
    rouge = [scorer.score_multi(list(texts), text) for text, texts in zip(written, references, strict=True)]
    exact = [text.strip() in {each.strip() for each in texts} for text, texts in zip(written, references, strict=True)]
    return {
        # Forced: texts that look tokenised are scored as they are, without a warning at every evaluation.
        "bleu": float(BLEU(force=True).corpus_score(list(written), streams).score),
        "chrf": float(CHRF().corpus_score(list(written), streams).score),
        **{name: sum(scores[name].fmeasure for scores in rouge) / len(rouge) for name in _ROUGE},
        "exact_match": sum(exact) / len(exact),
    }
