"""One rung: the trials that were recorded at a report number, and those of them that wait there."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Collection, Mapping

# Of trials that earlier sweeps speak for, the best such share goes on.
BACKED_FACTOR = 1.5

Expected = Mapping[str, float]


class Rung:
    """Recorded trials by rank, and the paused ones among them.

    The better score has the better rank; of equal scores the one that was recorded first. Ranks are total, so
    that no two trials ever share one. A trial keeps its place after it has gone on, was stopped or failed.

    Where methods take what trials are ``expected`` to come to, ranks go by that instead, and only then by scores;
    trials of which nothing is expected come last.

    Args:
        at: the report number.
        reduction_factor: eta; the best ``1 / eta`` may go on.
    """

    def __init__(self, at: int, reduction_factor: float) -> None:
        self.at = at
        self.gone = 0  # how many have gone on from here
        self.seated = 0  # and how many besides, since earlier sweeps spoke for them
        self._eta = reduction_factor
        self._order: list[tuple[float, int]] = []  # (-score, arrival), ascending: best first
        self._places: dict[str, tuple[float, int]] = {}
        self._waiting: list[tuple[float, int, str]] = []  # the paused ones, best first

    def __len__(self) -> int:
        return len(self._order)

    def record(self, trial: str, score: float) -> None:
        """Give ``trial`` its place; it is recorded at most once."""
        place = self._places[trial] = (-score, len(self._order))
        insort(self._order, place)

    def rank(self, trial: str, expected: Expected | None = None) -> int:
        """The rank of ``trial``, from 1, among all that are recorded here."""
        if expected is None:
            return bisect_left(self._order, self._places[trial]) + 1
        own = self._key(trial, expected)
        return 1 + sum(self._key(other, expected) < own for other in self._places)

    def score_at(self, rank: int) -> float:
        """The score at ``rank``, from 1."""
        return -self._order[rank - 1][0]

    @property
    def scores(self) -> dict[str, float]:
        """The scores of all that are recorded here, in the order in which they came."""
        return {trial: -place[0] for trial, place in self._places.items()}

    @property
    def share(self) -> int:
        """How many may go on: the number of recorded trials over eta, rounded down."""
        return int(len(self._order) / self._eta + 1e-9)  # 33 / 1.1 is 29.999999999999996

    def pause(self, trial: str) -> None:
        """``trial`` waits here."""
        insort(self._waiting, (*self._places[trial], trial))

    def release(self, trial: str) -> bool:
        """``trial`` waits here no more; whether it did."""
        entry = (*self._places[trial], trial)
        index = bisect_left(self._waiting, entry)
        waited = self._waiting[index : index + 1] == [entry]
        if waited:
            del self._waiting[index]
        return waited

    def candidate(self, allowed: int, expected: Expected | None = None) -> str | None:
        """The best trial that waits here, if it is one of the best ``allowed``."""
        if not self._waiting or not allowed:
            return None
        best = self._waiting[0][-1]  # if not even the best of them is, no other one is
        if expected is not None:
            best = min((trial for *_, trial in self._waiting), key=lambda trial: self._key(trial, expected))
        return best if self.rank(best, expected) <= allowed else None

    def seat(self, trial: str, backed: Collection[str], expected: Expected | None = None) -> bool:
        """Whether ``trial`` may go on beyond the share, since it is one of those ``backed`` by earlier sweeps.

        The best two thirds of these may, as far as they are in the better half of all.
        """
        if trial not in backed:
            return False
        if expected is None:
            expected = self.scores
        own = self._key(trial, expected)
        mine = [self._key(other, expected) for other in self._places if other in backed]
        allowed = math.ceil(len(mine) / BACKED_FACTOR - 1e-9)
        better = sum(key < own for key in mine)
        return better < allowed and self.seated < allowed and self.rank(trial, expected) <= (len(self) + 1) // 2

    def waiting_seat(self, backed: Collection[str], expected: Expected | None = None) -> str | None:
        """A trial that waits here and may go on by `seat`: the one with the best score."""
        if not backed:
            return None
        return next((trial for *_, trial in self._waiting if self.seat(trial, backed, expected)), None)

    def waiting(self, margin: int | None = None, expected: Expected | None = None) -> list[tuple[float, str]]:
        """The trials that wait, each with its rank in units of the share: up to 1 it is in the share.

        With a ``margin``, only those at most so many ranks below the share.
        """
        if expected is None:
            ranks = [(self.rank(entry[-1]), entry[-1]) for entry in self._waiting]
        else:
            waiting = {entry[-1] for entry in self._waiting}
            order = sorted(self._places, key=lambda trial: self._key(trial, expected))
            ranks = [(rank, trial) for rank, trial in enumerate(order, start=1) if trial in waiting]
        shown = [(rank, trial) for rank, trial in ranks if margin is None or rank <= self.share + margin]
        return [(rank * self._eta / len(self._order), trial) for rank, trial in shown]

    def _key(self, trial: str, expected: Expected) -> tuple[float, float, int]:
        return -expected.get(trial, -math.inf), *self._places[trial]
