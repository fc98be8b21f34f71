"""Asynchronous successive halving, which stops losers or pauses them."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from sweeps.config.early_stopping import Mode
from sweeps.schedule.base import Backed, Copy, Decision, Opinion
from sweeps.schedule.judging import GO_ON, JudgingScheduler, Verdict
from sweeps.schedule.rung import Rung
from sweeps.schedule.rungs import geometric_rungs

# Resuming may cost so many report intervals more than beginning anew before stopping is the cheaper way.
DEAREST_RESUME = 1.0


class AshaScheduler(JudgingScheduler):
    """ASHA: at each rung the best ``1 / reduction_factor`` go on. Li et al. 2020, "A System for Massively
    Parallel Hyperparameter Tuning".

    ``promotion`` is the paper's algorithm 2 with a quota. Of ``n`` trials recorded at a rung the best
    ``floor(n / eta)`` may go on, and no more than so many do, but for the best of all, which always may. A trial that
    is one of them as it arrives goes straight on while there is room. Any other is paused, and goes on once enough
    others have come: `candidate` looks from the highest rung down and names the best one that waits there, if it is
    among those that may go on.
    Of equal scores the one that was recorded first ranks higher, and ranks are never shared. While fewer than
    ``eta`` trials have come nobody goes on; when no more are to come (``last``), at least one of each rung may.

    Without the quota, which the paper does not have, a search that learns spoils the halving: each of its trials is
    better than those before, is among the best as it arrives, and trains to its end. Hyper-Tune (Li et al. 2022,
    "Hyper-Tune: Towards Efficient Hyper-parameter Tuning at Scale") delays promotions for the same reason.

    Where a searcher that learns was introduced (`consult`) and has an opinion, promotion ranks trials by what it
    expects them to come to, instead of by their scores at the rung. A score after little training says in part how
    well a trial began; what its neighbours came to with more training says the rest. Only the best score of all still
    goes on whatever is expected of it. What this brought is in docs/search.md.

    ``stopping`` is Ray Tune's ``AsyncHyperBandScheduler`` and Optuna's ``SuccessiveHalvingPruner``: the best
    ``max(1, floor(n / eta))`` of those recorded so far go on, and whoever ties with the last of these; any
    other is stopped for good. So the first trial at a rung goes on, and while there are fewer than ``eta``
    only the best so far does (Optuna's rule; Ray Tune's interpolated percentile is a little more lenient).

    ``auto`` is promotion while resuming is cheap, as `costs` tells, and stopping while it is dear; before
    anything was told, promotion, since a pause can be mended and a stop cannot. Trials are recorded in the
    same way in both, so a change concerns only what becomes of the next losers. Those that are paused stay
    so while stopping is the rule, unless no more trials are to come.

    A trial is judged at its first report at or past a rung, by the raw score of that report. One that passes
    several rungs with one report is judged at the highest of them, and not recorded at the others: a score
    after more training says nothing about those who were compared earlier.

    Args:
        grace: the first rung, in reports.
        reduction_factor: eta; each rung is so many times later than the one before. May be fractional.
        min_trials: how many scores a decision needs. With fewer at a rung, its own among them, a trial is
            not stopped; and nobody is promoted.
        mode: what becomes of those that do not go on.
        skip: so many first rungs are left out (the paper's minimum early-stopping rate ``s``).
    """

    name = "asha"

    def __init__(
        self,
        *,
        grace: int = 1,
        reduction_factor: float = 3,
        min_trials: int = 1,
        mode: Mode = "stopping",
        skip: int = 0,
    ) -> None:
        super().__init__()
        self._rungs = tuple(Rung(at, reduction_factor) for at in geometric_rungs(grace, reduction_factor)[skip:])
        self._eta = reduction_factor
        self._min_trials = min_trials
        self._mode = mode
        self._resume_cost = 0.0
        self._opinion: Opinion = lambda: None
        self._backed: Backed = tuple
        self._judged: dict[str, Rung] = {}  # the highest rung at which a trial was judged
        self._begun_at: dict[str, int] = {}  # the reports that copies took over from their parents

    @property
    def rungs(self) -> tuple[int, ...]:
        """All rungs that a trial could ever reach; far more than most trials do."""
        return tuple(rung.at for rung in self._rungs)

    @property
    def judged(self) -> tuple[int, ...] | None:
        """Its rungs: reports have no gaps."""
        return self.rungs

    @property
    def pausing(self) -> bool:
        """Whether losers are paused now, rather than stopped."""
        return self._mode == "promotion" or (self._mode == "auto" and self._resume_cost <= DEAREST_RESUME)

    def made(self, trial: str, params: Mapping[str, Any], copy: Copy | None = None) -> None:
        """A copy has its first rungs behind it: it is judged at those after the report that it began from."""
        super().made(trial, params, copy)
        if copy is not None:
            self._begun_at[trial] = copy.report

    def costs(self, resume: float) -> None:
        """What resuming costs more than beginning anew, in report intervals; what ``auto`` goes by.

        Raises:
            ValueError: not a number.
        """
        if math.isnan(resume):
            raise ValueError("the cost of resuming is a number of report intervals, got nan")
        self._resume_cost = resume

    def consult(self, opinion: Opinion, backed: Backed = tuple) -> None:
        """Whom to promote is asked of ``opinion`` from here on, and who is preferred of ``backed``."""
        self._opinion, self._backed = opinion, backed

    def start(self, trial: str) -> None:
        """``trial`` begins or goes on: a paused one is promoted with it."""
        super().start(trial)
        rung = self._judged.get(trial)
        # Asked before it leaves: whether it takes a place of the quota or one beside it.
        seated = rung is not None and rung.seat(trial, self._backed(), self._opinion())
        if self._release(trial) and rung is not None:
            rung.seated += seated
            rung.gone += not seated

    def end(self, trial: str) -> None:
        """``trial`` is over; it keeps its rank in its rungs, and never goes on."""
        super().end(trial)
        self._release(trial)

    def overruled(self, trial: str) -> None:
        """``trial`` went on nevertheless, which takes a place among those that may."""
        super().overruled(trial)
        if self._release(trial):
            self._judged[trial].gone += 1

    def candidate(self, *, last: bool = False) -> str | None:
        """The best paused trial of the highest rung that has one among its best ``1 / reduction_factor``.

        Takes a look at each rung that is in use, and at its trials only where there is an opinion of them.
        """
        found = self.candidate_at(last=last)
        return found[1] if found else None

    def candidate_at(self, *, last: bool = False) -> tuple[int, str] | None:
        """The `candidate` with the rung that it waits at."""
        if not (self.pausing or last):
            return None
        used = [rung for rung in reversed(self._rungs) if len(rung)]
        expected = self._opinion() if used else None
        if not last and used and (backed := self._backed()):
            for rung in used:
                if (trial := rung.waiting_seat(backed, expected)) is not None:
                    return rung.at, trial
        for rung in used:
            allowed = max(self._allowed(rung), last)
            if last or rung.gone < allowed:
                trial = rung.candidate(allowed, expected)
                if trial is not None:
                    return rung.at, trial
            # When there is no room, or nobody is expected to deserve it, the best of all may still go on.
            if (trial := rung.candidate(min(allowed, 1))) is not None:
                return rung.at, trial
        return None

    def promotable(self, margin: int | None = None) -> list[str]:
        """The paused trials by rank over the share that may go on (``rank * reduction_factor / n``), lowest first.

        Those up to 1 may go on now; at 2, a rung has to double before its trial may, at worst. Of equal ones
        the higher rung comes first, since more training would be lost there. A ``margin`` leaves out whoever is
        more than so many ranks below the share of its rung.
        """
        return [trial for *_, trial in sorted(self.standings(margin))]

    def standings(self, margin: int | None = None) -> list[tuple[float, int, str]]:
        """The paused trials as `promotable` sorts them: rank over share, minus the rung, the trial."""
        used = [rung for rung in self._rungs if len(rung)]
        expected = self._opinion() if used else None
        return [(order, -rung.at, trial) for rung in used for order, trial in rung.waiting(margin, expected)]

    def _judge(self, trial: str, report: int, score: float) -> Verdict:
        passed = bisect_right(self._rungs, report, key=lambda rung: rung.at)
        before = self._judged.get(trial)
        if passed == 0 or (rung := self._rungs[passed - 1]) is before or rung.at <= self._begun_at.get(trial, 0):
            return GO_ON
        self._judged[trial] = rung
        self._record(rung, trial, score)
        return self._pause_or_go_on(rung, trial, score) if self.pausing else self._stop_or_go_on(rung, trial, score)

    def _record(self, rung: Rung, trial: str, score: float) -> None:
        rung.record(trial, score)

    def _allowed(self, rung: Rung) -> int:
        """How many of the best at ``rung`` may go on in promotion."""
        return rung.share if len(rung) >= self._min_trials else 0

    def _pause_or_go_on(self, rung: Rung, trial: str, score: float) -> Verdict:
        allowed, expected = self._allowed(rung), self._opinion()
        rank = rung.rank(trial, expected)
        if (rank <= allowed and rung.gone < allowed) or (allowed and rung.rank(trial) == 1):
            rung.gone += 1
            return GO_ON
        if rung.seat(trial, self._backed(), expected):
            rung.seated += 1
            return GO_ON
        rung.pause(trial)
        top = f"the best {allowed} go on" if allowed else "none goes on yet"
        if rank <= allowed:
            top = f"of the best {allowed}, and {rung.gone} have gone on already"
        by = "is rank" if expected is None else "is expected to become rank"
        return Verdict(Decision.PAUSE, f"rung {rung.at}: {score:.4g} {by} {rank} of {len(rung)}, {top}")

    def _stop_or_go_on(self, rung: Rung, trial: str, score: float) -> Verdict:
        cut = rung.score_at(max(1, rung.share))
        if score >= cut or len(rung) < self._min_trials:
            return GO_ON
        if rung.seat(trial, self._backed(), self._opinion()):
            rung.seated += 1
            return GO_ON
        reason = f"rung {rung.at}: {score:.4g} is not in the top 1/{self._eta:g} of {len(rung)} (cut {cut:.4g})"
        return Verdict(Decision.STOP, reason)

    def _release(self, trial: str) -> bool:
        """``trial`` waits nowhere any more; whether it did."""
        return trial in self._judged and self._judged[trial].release(trial)
