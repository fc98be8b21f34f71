"""Tags of words, read from lists of tags or from spans of characters, and their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer.data import tagging
from trainer.data.tables import Table, shown
from trainer.data.words import Form, Rows
from trainer.errors import DataError, suggest

if TYPE_CHECKING:
    from trainer.sections import DataConfig

Tags = list[list[str | int]]
_KINDS = ("label", "slot", "entity", "entity_group", "type", "tag")
"""What the kind of a span may be called; the first of these counts."""


def read(rows: Rows, table: Table, column: str, setting: str = "data.label") -> tuple[Tags, dict[str, int]]:
    """The tag of every word, names or ids as the rows have them, and how many spans there were and what became of them.

    Rows of words have lists of tags. Texts have lists of spans, ``{start, end, label}`` with ``end`` exclusive, which
    become BIO tags. A word belongs to a span that it shares a character with: a span that ends inside a word is
    ``widened``. Of spans that share a word the longest stays, and one that holds no word is ``dropped``.

    Raises:
        DataError: no such column, or something else in it, with the row.
    """
    values = table.column(column, setting)
    if rows.form == "words":
        return [_tags(value, rows.words[row], table, row, column) for row, value in enumerate(values)], {}
    assert rows.texts is not None
    assert rows.places is not None
    counts = {"spans": 0, "dropped": 0, "widened": 0}
    found: Tags = []
    for row, (value, text, places) in enumerate(zip(values, rows.texts, rows.places, strict=True)):
        found.append(_bio(_spans(value, text, table, row, column), places, counts))
    return found, counts


def names(data: DataConfig, train: Table, column: str, found: Tags, form: Form) -> tuple[str, ...]:
    """The tags in the order of their ids: as declared, as the source declares them, or those of the train rows.

    Of spans the kinds may be declared instead: their BIO tags are meant.

    Raises:
        DataError: tags are numbers without names, or there is nothing to learn.
    """
    declared = data.label_names or train.class_names
    if declared and form == "texts" and tagging.OUTSIDE not in declared:
        return tagging.of_kinds(set(declared))
    if declared:
        return tuple(declared)
    for row, tags in enumerate(found):
        number = next((tag for tag in tags if isinstance(tag, int)), None)
        if number is not None:
            mend = "name the tags by data.label_names, in the order of their numbers"
            raise train.bad(row, column, f"{number} is a number, and tags have names", mend)
    seen = {str(tag) for tags in found for tag in tags}
    if not seen - {tagging.OUTSIDE}:
        raise DataError(train.key, f"{train.source}: column {column!r} tags no word", "there is nothing to learn")
    return tagging.completed(sorted(seen))


def encode(found: Tags, tag_names: Sequence[str], table: Table, column: str) -> list[list[int]]:
    """Ids of tags; rows may hold names or ids.

    Raises:
        DataError: a tag that is not known, with its row.
    """
    ids: dict[str | int, int] = {name: index for index, name in enumerate(tag_names)}
    ids |= {index: index for index in range(len(tag_names))}
    for row, tags in enumerate(found):
        unknown = next((tag for tag in tags if tag not in ids), None)
        if unknown is not None:
            number = isinstance(unknown, int)
            mend = f"ids are 0 to {len(tag_names) - 1}" if number else suggest(unknown, tag_names)
            raise table.bad(row, column, f"{shown(unknown)} is not one of the tags", mend)
    return [[ids[tag] for tag in tags] for tags in found]


def _tags(value: Any, words: list[str], table: Table, row: int, column: str) -> list[str | int]:
    tags = value.tolist() if hasattr(value, "tolist") else value
    good = isinstance(tags, list | tuple) and all(type(tag) in (str, int) for tag in tags)
    if not good:
        raise table.bad(row, column, f"{shown(value)}, expected a list of tags, one for every word")
    if len(tags) != len(words):
        raise table.bad(row, column, f"{len(tags)} tags for {len(words)} words")
    return list(tags)


def _spans(value: Any, text: str, table: Table, row: int, column: str) -> list[tuple[int, int, str]]:
    if not isinstance(value, list | tuple):
        mend = "entities of a text are spans, as in [{start: 0, end: 5, label: PER}]"
        raise table.bad(row, column, f"{shown(value)}, expected a list of spans", mend)
    found = []
    for span in value:
        given = span if isinstance(span, Mapping) else {}
        kind = next((given[key] for key in _KINDS if given.get(key) is not None), None)
        start, end = given.get("start"), given.get("end")
        if not isinstance(kind, str) or not kind or type(start) is not int or type(end) is not int:
            raise table.bad(row, column, f"{shown(span)}, expected {{start, end, label}}")
        if not 0 <= start < end <= len(text):
            raise table.bad(row, column, f"{shown(span)} is not inside the text of {len(text)} characters")
        found.append((start, end, kind))
    return found


def _bio(
    spans: Sequence[tuple[int, int, str]], places: Sequence[tuple[int, int]], counts: dict[str, int]
) -> list[str | int]:
    tags: list[str | int] = [tagging.OUTSIDE] * len(places)
    for start, end, kind in sorted(spans, key=lambda span: (span[0] - span[1], span[0])):
        inside = [word for word, (low, high) in enumerate(places) if low < end and start < high]
        counts["spans"] += 1
        if not inside or any(tags[word] != tagging.OUTSIDE for word in inside):
            counts["dropped"] += 1
            continue
        counts["widened"] += places[inside[0]][0] < start or places[inside[-1]][1] > end
        for word in inside:
            tags[word] = f"{'B' if word == inside[0] else 'I'}-{kind}"
    return tags
