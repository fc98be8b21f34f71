"""Questions about contexts with answers in them, in the shapes in which SQuAD comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from trainer.data import texts
from trainer.data.tables import Table, shown

if TYPE_CHECKING:
    from trainer.sections import DataConfig

START = "answer_start"
"""The column that says where a flat answer begins."""


class Answer(NamedTuple):
    """A text, and the character of the context at which it begins."""

    text: str
    start: int


@dataclass(frozen=True)
class Questions:
    """Rows of one split, each a question, the context, and the answers that count as right; none: it has no answer."""

    questions: list[str]
    contexts: list[str]
    answers: list[list[Answer]]

    def take(self, rows: Sequence[int]) -> Questions:
        """These rows alone, in this order."""
        return Questions(
            [self.questions[row] for row in rows],
            [self.contexts[row] for row in rows],
            [self.answers[row] for row in rows],
        )


def columns(data: DataConfig) -> dict[str, str]:
    """The columns that are used, by role: ``text`` (question), ``text_pair`` (context) and ``label`` (answers)."""
    return {
        "text": data.text or "question",
        "text_pair": data.text_pair or "context",
        "label": data.label or "answers",
    }


def read(table: Table, names: Mapping[str, str], prefix: str = "data.") -> Questions:
    """Questions, contexts and answers of every row.

    Answers are ``{text: [...], answer_start: [...]}``, a list of ``{text, answer_start}``, or one text, whose place is
    in the column ``answer_start``; without that column the first place where the context has it. Nothing (null, an
    empty list or text) means that the question has no answer in its context.

    Raises:
        DataError: a column that is not there; an answer that does not stand where it should, with its row.
    """
    questions = texts.read(table, names["text"], f"{prefix}text")
    contexts = texts.read(table, names["text_pair"], f"{prefix}text_pair")
    column = names["label"]
    starts = table.columns.get(START)
    answers = []
    for row, value in enumerate(table.column(column, f"{prefix}label")):
        pairs = _pairs(value, None if starts is None else starts[row], table, row, column)
        answers.append([_placed(text, start, contexts[row], table, row, column) for text, start in pairs])
    return Questions(questions, contexts, answers)


def _pairs(value: Any, start: Any, table: Table, row: int, column: str) -> list[tuple[Any, Any]]:
    if value is None or value == "" or value != value:
        return []
    if isinstance(value, str):
        missing = start is None or start != start or start == ""
        return [(value, None if missing else start)]
    if isinstance(value, Mapping) and isinstance(value.get("text"), str):
        return _pairs(value["text"], value.get(START), table, row, column)
    if isinstance(value, Mapping):
        found, at = (_listed(value.get(key)) for key in ("text", START))
        if found is not None and at is not None and len(found) == len(at):
            return list(zip(found, at, strict=True))
    elif isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        return [(one.get("text"), one.get(START)) for one in value]
    raise table.bad(row, column, f"{shown(value)}, expected {{text: [...], {START}: [...]}} or a text")


def _listed(value: Any) -> list[Any] | None:
    found = value.tolist() if hasattr(value, "tolist") else value
    return list(found) if isinstance(found, list | tuple) else None


def _placed(text: Any, start: Any, context: str, table: Table, row: int, column: str) -> Answer:
    if not isinstance(text, str) or not text:
        raise table.bad(row, column, f"the answer {shown(text)} is not text")
    found = context.find(text)
    if found < 0:
        raise table.bad(row, column, f"the answer {shown(text)} is not in the context")
    if start is None:
        return Answer(text, found)
    try:
        at = int(start)
    except (TypeError, ValueError):
        raise table.bad(row, column, f"{START} {shown(start)} is not a number") from None
    if at < 0 or context[at : at + len(text)] != text:
        there = context[max(0, at) : max(0, at) + len(text)]
        mend = f"it stands at {found}: {START} counts characters from 0"
        raise table.bad(row, column, f"{START} is {at}, where the context has {shown(there)}, not {shown(text)}", mend)
    return Answer(text, at)
