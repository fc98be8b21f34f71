"""Rows of tokens to foretell, of which all count or some: documents, prompts with completions, conversations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from trainer.data import chat, texts, tokens
from trainer.data.cleaning import Cleaned, clean, clean_keys, without_missing
from trainer.data.cleaning_steps import parse
from trainer.data.splitting import fractions
from trainer.data.tables import Table
from trainer.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np

    from trainer.sections import DataConfig

Kind = Literal["text", "prompt", "messages"]


def kind(data: DataConfig) -> Kind:
    """What a row is, by the column that is named; ``text`` where none is."""
    return "messages" if data.messages else "prompt" if data.prompt else "text"


def columns(data: DataConfig) -> dict[str, str]:
    """The columns that are used, by role: ``text``, or ``prompt`` and ``label`` (the completion), or ``messages``."""
    if data.messages:
        return {"messages": data.messages}
    if data.prompt:
        return {"prompt": data.prompt, "label": data.label or "completion"}
    return {"text": data.text or "text"}


def frame(tokenizer: Any) -> dict[str, Any]:
    """What is put around texts, as plain numbers: ``before`` (the tokenizer's own, such as a beginning of text),
    ``end`` (of text) and ``pad``.

    A tokenizer without padding is padded with its end of text: attention masks it, and no loss counts it.

    Raises:
        ConfigError: no end-of-text token, or no fast tokenizer.
    """
    end = tokenizer.eos_token_id
    if end is None:
        raise ConfigError("model", f"the tokenizer of {tokenizer.name_or_path} has no end-of-text token (eos_token)")
    pad = end if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    before = tokens.frame(tokenizer, pair=False, pad=pad)["segments"][0]
    return {"before": before, "end": end, "pad": pad}


def cleaned(data: DataConfig, tables: Mapping[str, Table]) -> Cleaned:
    """The texts of every split given, cleaned; of conversations, which are no texts, those left out that are to be.

    Raises:
        ConfigError: a step for texts, and rows are conversations.
        DataError: see ``trainer.data.cleaning.clean``.
    """
    named = columns(data)
    if kind(data) != "messages":
        return clean(data, tables, named, None)
    for step in parse(data.clean):
        if step.change is not None or step.name == "drop_empty":
            raise ConfigError("data.clean", f"{step.name} is for texts, and rows are conversations", "leave it out")
    column = named["messages"]
    tables, done = without_missing(data, tables, [column], None)
    keys = {split: [repr(talk) for talk in table.column(column, "data.messages")] for split, table in tables.items()}
    found = clean_keys(data, tables, keys)
    return replace(found, done=(*done, *found.done))


def arrays(
    data: DataConfig, cleaned: Cleaned, split: str, tokenizer: Any, frame: Mapping[str, Any], template: str | None
) -> Callable[[Sequence[int]], dict[str, np.ndarray]]:
    """Checks a split given; the function returned makes what a split of these rows stores.

    - ``ids`` (int32, end to end), ``starts`` and ``ends`` (rows,): tokens as the model sees them, special ones and the
      end of text included; ``lengths``. A document begins with what the tokenizer begins a text with, or else with the
      end of the one before, which both rows share.
    - ``marks`` (uint8, as long as ``ids``): 1 for tokens of completions and assistants. None for documents.
    - ``bytes`` (1,): how many bytes of UTF-8 the documents have.

    Raises:
        DataError: a value that cannot be used, with its row.
    """
    table, named = cleaned.tables[split], columns(data)
    if kind(data) == "messages":
        talks = _conversations(table, named["messages"], tokenizer, template or "")
        return lambda rows: _stored([talks[row][0] for row in rows], [talks[row][1] for row in rows])
    written = cleaned.texts[split]
    if kind(data) == "prompt":
        completions = written["label"]
        for row, text in enumerate(completions):
            if not text:
                raise table.bad(row, named["label"], "the completion is empty", "drop the row or fill it in")
        prompts = [f"{data.prefix or ''}{prompt}{data.suffix or ''}" for prompt in written["prompt"]]
        return lambda rows: _completions(
            [prompts[row] for row in rows], [completions[row] for row in rows], tokenizer, frame
        )
    documents = written["text"]
    return lambda rows: _documents([documents[row] for row in rows], tokenizer, frame)


def _conversations(table: Table, column: str, tokenizer: Any, template: str) -> list[tuple[list[int], list[int]]]:
    found = []
    for row, value in enumerate(table.column(column, "data.messages")):
        try:
            found.append(chat.encode(tokenizer, chat.checked(value), template))
        except chat.BadConversation as error:
            raise table.bad(row, column, str(error)) from None
    return found


def _completions(
    prompts: Sequence[str], completions: Sequence[str], tokenizer: Any, frame: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    # Apart from each other: a prompt's tokens are then the same when its completion is yet to be written.
    asked, told = tokenised(tokenizer, prompts), tokenised(tokenizer, completions)
    before, end = list(frame["before"]), [frame["end"]]
    ids = [before + prompt + completion + end for prompt, completion in zip(asked, told, strict=True)]
    marks = [
        [0] * (len(before) + len(prompt)) + [1] * (len(completion) + 1)
        for prompt, completion in zip(asked, told, strict=True)
    ]
    return _stored(ids, marks)


def _documents(documents: Sequence[str], tokenizer: Any, frame: Mapping[str, Any]) -> dict[str, np.ndarray]:
    import numpy as np

    before, end = list(frame["before"]), [frame["end"]]
    found = _stored([before + ids + end for ids in tokenised(tokenizer, documents)])
    if not before:
        # The end of the one before is what a document begins with, so that its first token counts too.
        found["ids"] = np.concatenate([np.array(end, dtype=np.int32), found["ids"]])
        found["ends"] += 1
        found["lengths"] += 1
    found["bytes"] = np.array([sum(len(text.encode()) for text in documents)], dtype=np.int64)
    return found


def tokenised(tokenizer: Any, written: Sequence[str]) -> list[list[int]]:
    """Ids of each text, without special tokens around them."""
    ids, offsets = tokens.tokenise(tokenizer, written)
    return [ids[start:end].tolist() for start, end in itertools.pairwise(offsets.tolist())]


def _stored(ids: Sequence[Sequence[int]], marks: Sequence[Sequence[int]] | None = None) -> dict[str, np.ndarray]:
    import numpy as np

    counts = np.array([len(each) for each in ids], dtype=np.int64)
    found = {
        "ids": np.concatenate([np.asarray(each, dtype=np.int32) for each in ids]),
        "starts": np.cumsum(counts) - counts,
        "ends": np.cumsum(counts),
        "lengths": counts,
    }
    if marks is not None:
        found["marks"] = np.concatenate([np.asarray(each, dtype=np.uint8) for each in marks])
    return found


def parts(tables: Mapping[str, Table], data: DataConfig) -> dict[str, Table]:
    """A single training document gives its last part for validation, and what is before that for testing.

    By characters, so that no piece of it is in two splits; what is given stays. Rows could not be split off one.

    Raises:
        DataError: it is not text.
    """
    name = columns(data)["text"]
    train = tables["train"]
    rest = texts.read(train, name, "data.text")[0]
    found = dict(tables)
    whole = len(rest)
    shares = fractions(data, tuple(tables))
    for split in ("validation", "test"):
        if shares[split] > 0:
            at = len(rest) - max(1, round(shares[split] * whole))
            found[split] = Table(train.key, train.source, {name: [rest[at:]]}, 1)
            rest = rest[:at]
    return {**found, "train": Table(train.key, train.source, {name: [rest]}, 1)}
