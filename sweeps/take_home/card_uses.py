"""What a model card says of loading an export and predicting with it, by task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sweeps.take_home import card_spans
from sweeps.take_home.card_sections import Facts
from trainer.data.cleaning_steps import parse

_PIPELINE = """```python
from transformers import pipeline

classify = pipeline("text-classification", "FOLDER")
classify({example}, truncation=True)
```

`truncation=True` cuts {what} at {tokens} tokens, as in training. """

_PICTURE_PIPELINE = """```python
from transformers import pipeline

classify = pipeline("image-classification", "FOLDER")
classify(["picture.png"])
```

Or with sweepwright:

"""
_PICTURES = """

A row is a path, a PIL image or an array; it is brought to {size} and normalised as in training."""
_MADE_BY = " `{function}` builds the module again, so its code has to be importable, or lie in the current folder."
_TABLE = """

A row is a mapping by column, or all of them are a data frame; `None` stands for a missing value, which is treated as in
training."""
_PREDICT = """```python
import sweeps

model = sweeps.load("FOLDER")
model.predict([{{...}}])        # numbers, in the units of the data
```

`sweeps evaluate FOLDER FILE` scores it on rows with the truth."""

_LOAD = """```python
import sweeps

model = sweeps.load("FOLDER")
model.predict({example})        # labels
model.predict_proba({example})  # probabilities, in the order of model.label_names
```

`sweeps evaluate FOLDER FILE` scores it on labelled rows."""

_SEVERAL = """`top_k=None` gives every class its probability; those of
0.5 or more are the labels. """

_CLEANED = """The model saw texts cleaned by {steps}: clean yours alike before a pipeline
gets them; `sweeps.load` does so itself. """

_WRITE = """```python
import sweeps

model = sweeps.load("FOLDER")
model.predict({example})  # the text that it writes for each
```

`sweeps evaluate FOLDER FILE` scores it. With transformers alone it is an `{auto}`; `generation_config.json` says how it
writes."""
_WRITING = {
    "seq2seq": {"example": '["..."]', "auto": "AutoModelForSeq2SeqLM"},
    "causal-lm": {"example": '["..."]', "auto": "AutoModelForCausalLM"},
}

_LOAD_PLAIN = """

A row holds {row}, as in the data: the scaling of training is applied. `{function}` builds the module again, so its code
has to be importable, or lie in the current folder; `model.json` says with which arguments."""

_FROM_PRETRAINED = """```python
from transformers import {names}

model = {model}.from_pretrained("FOLDER"){tokenizer}
```"""
_TOKENIZER = '\ntokenizer = AutoTokenizer.from_pretrained("FOLDER")'
_SAVED = "The files are those that the training function saved as its checkpoint."

_OWN = """```python
import sweeps

model = sweeps.load("FOLDER")
model.predict([...])  # the module's output for each row of x
```

`{function}` builds the module again{scored}: their code has to be importable, or lie in the current folder.
`sweeps evaluate FOLDER FILE.npz` scores it on arrays `x` and `y`."""


def use(settings: Mapping[str, Any], facts: Facts) -> str:
    """How to load it and predict."""
    task = str(settings.get("task"))
    if task in card_spans.USES:
        return card_spans.USES[task]
    return _USES.get(task, _of_own_function)(settings, facts)


def _texts(settings: Mapping[str, Any], facts: Facts) -> str:
    pair = bool(settings["data"].get("text_pair"))
    # A pipeline takes one pair as a mapping, ours takes rows.
    pipe = '{"text": "...", "text_pair": "..."}' if pair else '["..."]'
    mine = '[("...", "...")]' if pair else '["..."]'
    words = {"example": pipe, "what": "pairs" if pair else "texts", "tokens": facts.max_length}
    several = _SEVERAL if facts.several else ""
    cleaned = _CLEANED.format(steps=", ".join(steps)) if (steps := _text_steps(settings)) else ""
    return _PIPELINE.format(**words) + several + cleaned + "Or with sweepwright:\n\n" + _LOAD.format(example=mine)


def _numbers(settings: Mapping[str, Any], facts: Facts) -> str:
    row = " ".join([*" x ".join(map(str, facts.shape)).split(), "numbers"])
    return _LOAD.format(example="[[...]]") + _LOAD_PLAIN.format(row=row, function=settings["model"])


def _writing(settings: Mapping[str, Any], facts: Facts) -> str:  # noqa: ARG001
    talk = {"example": '[[{"role": "user", "content": "..."}]]'} if settings["data"].get("messages") else {}
    return _WRITE.format(**{**_WRITING[settings["task"]], **talk})


def _pictures(settings: Mapping[str, Any], facts: Facts) -> str:
    size = " x ".join(map(str, facts.shape[1:]))
    mine = _LOAD.format(example='["picture.png"]') + _PICTURES.format(size=size)
    return mine + _made_by(settings) if ":" in settings["model"] else _PICTURE_PIPELINE + mine


def _rows(settings: Mapping[str, Any], facts: Facts) -> str:
    mine = _LOAD.format(example="[{...}]") if facts.label_names else _PREDICT.format()
    return mine + _TABLE + (_made_by(settings) if ":" in settings["model"] else "")


def _own_task(settings: Mapping[str, Any], facts: Facts) -> str:  # noqa: ARG001
    others = [f"`{settings[key]}`" for key in ("loss", "metrics") if settings.get(key)]
    return _OWN.format(function=settings["model"], scored=f", {' and '.join(others)} score it" if others else "")


def _of_own_function(settings: Mapping[str, Any], facts: Facts) -> str:  # noqa: ARG001
    own = facts.own
    if own.library != "transformers":
        return _SAVED
    model = own.model_class or "AutoModel"
    names = ", ".join(sorted({model, *(["AutoTokenizer"] if own.tokenizer else [])}))
    loading = _FROM_PRETRAINED.format(names=names, model=model, tokenizer=_TOKENIZER if own.tokenizer else "")
    return f"{loading}\n\n{_SAVED}"


def _made_by(settings: Mapping[str, Any]) -> str:
    return _MADE_BY.format(function=settings["model"])


def _text_steps(settings: Mapping[str, Any]) -> list[str]:
    return [step.name for step in parse(settings["data"]["clean"]) if step.change is not None]


_USES: Mapping[str, Callable[[Mapping[str, Any], Facts], str]] = {
    "text-classification": _texts,
    "classification": _numbers,
    **dict.fromkeys(_WRITING, _writing),
    "image-classification": _pictures,
    "tabular": _rows,
    "custom": _own_task,
}
