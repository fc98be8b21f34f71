"""Metrics of generated texts against the libraries whose definitions they have."""

from __future__ import annotations

import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

from trainer.text_metrics import TEXT_GOALS, text_metrics

WRITTEN = ["the cat sat on the mat", "a dog runs quickly , very quickly .", "exactly this ", ""]
REFERENCES = [
    ["a cat sat on the mat", "the cat was sitting on a mat", "a mat with a cat"],
    ["the dogs run"],
    ["not this", "exactly this"],
    ["something"],
]


def test_every_metric_is_what_its_library_says() -> None:
    found = text_metrics(WRITTEN, REFERENCES)
    assert set(found) == set(TEXT_GOALS)
    streams = [[texts[at] if at < len(texts) else None for texts in REFERENCES] for at in range(3)]
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(WRITTEN, streams, force=True).score)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(WRITTEN, streams).score)
    assert found["exact_match"] == 0.25
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    for name in ("rouge1", "rouge2", "rougeL"):
        best = [
            max(scorer.score(right, text)[name].fmeasure for right in texts)
            for text, texts in zip(WRITTEN, REFERENCES, strict=True)
        ]
        assert found[name] == pytest.approx(sum(best) / len(best))


def test_more_references_help_and_equal_numbers_are_sacrebleus_plain_case() -> None:
    one = text_metrics(WRITTEN[:2], [texts[:1] for texts in REFERENCES[:2]])
    assert one["bleu"] == pytest.approx(sacrebleu.corpus_bleu(WRITTEN[:2], [[t[0] for t in REFERENCES[:2]]]).score)
    assert text_metrics(WRITTEN[:1], REFERENCES[:1])["rouge1"] >= text_metrics(WRITTEN[:1], [["x"]])["rouge1"]


@pytest.mark.parametrize("references", [[], [["a"], []], [["a"]]])
def test_texts_without_references_are_refused(references: list[list[str]]) -> None:
    with pytest.raises(ValueError, match="need as many lists of references"):
        text_metrics(["a", "b"], references)
