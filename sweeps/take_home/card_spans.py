"""What a model card says of models that point into texts: entities, and answers to questions."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.data.tagging import Scheme

_ENTITIES = """```python
from transformers import pipeline

find = pipeline("token-classification", "FOLDER", aggregation_strategy="first")
find("...")
```

Or with sweepwright, which cuts words as in training and reads long texts in windows:

```python
import sweeps

model = sweeps.load("FOLDER")
model.predict(["...", ["a", "list", "of", "words"]])  # of each its entities: label, start, end, text, score
```

`sweeps evaluate FOLDER FILE` scores it on labelled rows."""

_ANSWERS = """```python
import sweeps

model = sweeps.load("FOLDER")
model.predict([("a question?", "the context")])  # of each: answer, score, start, end
```

Long contexts are read in windows. `sweeps evaluate FOLDER FILE` scores it on rows with answers. With transformers alone
it is an `AutoModelForQuestionAnswering`."""

USES = {"token-classification": _ENTITIES, "question-answering": _ANSWERS}
"""How to load it and predict, by task."""


def purpose(task: str, label_names: Sequence[str], most: int) -> str:
    """What a model of one of these tasks does."""
    meant = "Meant for rows like those it was trained on (see Data); what it does with others was not measured."
    if task == "question-answering":
        return f"Finds the answer to a question in a context, word for word. {meant}"
    kinds = Scheme.of(label_names).kinds
    left = len(kinds) - most
    shown = ", ".join(f"`{kind}`" for kind in kinds[:most]) + (f" and {left} more" if left > 0 else "")
    return f"Tags the words of a text: {shown}. {meant}"
