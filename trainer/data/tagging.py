"""Tags of words and the entities they make: BIO and its kin, under the rules of the CoNLL evaluation.

Source of the rules: ``conlleval`` of the CoNLL-2000 shared task, as ``seqeval.metrics.sequence_labeling.get_entities``
has it, here over whole arrays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np

OUTSIDE = "O"
UNTAGGED = -1
"""The predicted tag of a word that the tokenizer makes no token of: no entity, and never right."""
_TAG = re.compile(r"([BIESLU])-(.+)", re.DOTALL)
# The last and the only word of an entity, in BILOU.
_SAME = {"L": "E", "U": "S"}
_CODES = "OBIES"


class Entities(NamedTuple):
    """Entities in order, ``(entities,)`` each: first and last word, counted over all rows, and the kind."""

    first: np.ndarray
    last: np.ndarray
    kind: np.ndarray


@dataclass(frozen=True)
class Scheme:
    """What tag ids mean.

    Attributes:
        parts: of each tag, by id: its place in the entity (``O``, ``B``, ``I``, ``E``, ``S``) and the kind of entity.
        kinds: of entities, sorted.
    """

    parts: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> Scheme:
        """The scheme of these tags: BIO, IOB1, BIOES, BILOU; or where some have no such prefix, a run of words with the
        same tag is an entity."""
        found = [_TAG.fullmatch(name) for name in names]
        prefixed = all(match or name == OUTSIDE for match, name in zip(found, names, strict=True))
        parts = tuple(
            (OUTSIDE, "")
            if name == OUTSIDE
            else (_SAME.get(match[1], match[1]), match[2])
            if prefixed and match
            else ("I", name)
            for match, name in zip(found, names, strict=True)
        )
        return cls(parts, tuple(sorted({kind for _, kind in parts} - {""})))

    def entities(self, tags: np.ndarray, offsets: np.ndarray) -> Entities:
        """The entities of tag ids ``(words,)`` of rows that begin at ``offsets`` ``(rows + 1,)``."""
        import numpy as np

        # One more of each for UNTAGGED, which indexes the last.
        place = np.array([_CODES.index(place) for place, _ in self.parts] + [0])[tags]
        kind = np.array([self.kinds.index(kind) if kind else -1 for _, kind in self.parts] + [-1])[tags]
        begins = np.zeros(len(tags) + 1, dtype=bool)
        begins[offsets] = True
        inside = place != 0
        follows = np.zeros(len(tags), dtype=bool)  # goes on with the entity of the word before
        follows[1:] = inside[1:] & inside[:-1] & (kind[1:] == kind[:-1]) & ~begins[1:-1]
        follows[1:] &= np.isin(place[1:], [_CODES.index("I"), _CODES.index("E")])
        follows[1:] &= np.isin(place[:-1], [_CODES.index("B"), _CODES.index("I")])
        first = np.flatnonzero(inside & ~follows)
        goes_on = np.append(follows[1:], False)
        last = np.flatnonzero(inside & ~goes_on)
        return Entities(first, last, kind[first])


def completed(names: Sequence[str]) -> tuple[str, ...]:
    """Tags in order: ``O`` first, then the others sorted by kind. Of BIO both tags of every kind, so that one which
    only few rows have is no surprise later."""
    found = [_TAG.fullmatch(name) for name in names if name != OUTSIDE]
    if all(found) and {match[1] for match in found if match} <= {"B", "I"}:
        return of_kinds({match[2] for match in found if match})
    others = sorted(set(names) - {OUTSIDE})
    return (OUTSIDE, *others) if OUTSIDE in names else tuple(others)


def of_kinds(kinds: set[str]) -> tuple[str, ...]:
    """The BIO tags of these kinds of entities."""
    return (OUTSIDE, *(f"{place}-{kind}" for kind in sorted(kinds) for place in "BI"))
