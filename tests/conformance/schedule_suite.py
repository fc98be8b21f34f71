"""What every scheduler must do. Subclass `SchedulerSuite`, say how to make one, and all of it is tested."""

from __future__ import annotations

import math

from sweeps.schedule import Decision, Scheduler
from tests.conformance.schedule_driver import Curve, drive, recorded_curves, tell, told


class SchedulerSuite:
    """The contract of `Scheduler`, for one of them."""

    stops = True  # whether it ever stops a trial
    pauses = False  # whether it ever pauses one

    def make(self) -> Scheduler:
        raise NotImplementedError

    def test_the_sweep_that_all_this_is_tested_on_shows_what_there_is_to_show(self) -> None:
        log = drive(self.make(), recorded_curves())
        answers = {answer for (kind, *_), answer in log if kind == "report"}
        assert (Decision.STOP in answers, Decision.PAUSE in answers) == (self.stops, self.pauses)
        assert any(answer for (kind, *_), answer in log if kind == "next") is self.pauses

    def test_a_ledger_read_again_at_any_point_gives_the_same_decisions_and_candidates(self) -> None:
        log = drive(self.make(), recorded_curves())
        for cut in range(0, len(log), 7):
            resumed = self.make()
            for event, answer in told(log[:cut]):
                assert tell(resumed, event) is answer
            for event, answer in log[cut:]:
                assert tell(resumed, event) == answer

    def test_questions_change_nothing(self) -> None:
        asked = self.make()
        for event, answer in drive(self.make(), recorded_curves()):
            for _ in range(2):
                asked.candidate()
                asked.candidate(last=True)
                asked.promotable()
                asked.explain("t0001")
            assert tell(asked, event) == answer

    def test_reports_repeated_after_a_restart_do_not_count_twice(self) -> None:
        repeating = self.make()
        heard: dict[object, list[tuple[object, ...]]] = {}
        for event, answer in drive(self.make(), recorded_curves()):
            assert tell(repeating, event) == answer
            match event:
                case ("start", trial):
                    for number, score in heard.get(trial, []):
                        assert tell(repeating, ("report", trial, number, score + 1)) is Decision.CONTINUE
                case ("report", trial, number, score):
                    heard.setdefault(trial, []).append((number, score))
                    assert tell(repeating, event) is answer

    def test_stops_and_ends_stand_and_what_comes_late_is_not_recorded(self) -> None:
        late = self.make()
        stopped: set[object] = set()
        ended: set[object] = set()
        for event, answer in drive(self.make(), recorded_curves()):
            for number, trial in enumerate(stopped | ended):
                decision = tell(late, ("report", trial, 100 + number, 100.0))
                assert decision is Decision.STOP or trial not in stopped
            assert tell(late, event) == answer
            if answer is Decision.STOP:
                stopped.add(event[1])
            elif event[0] == "end":
                ended.add(event[1])

    def test_the_trial_that_leads_at_every_report_is_trained_to_its_end(self) -> None:
        for place in (0, 1, 20, 40):
            curves = list(recorded_curves(seed=5).items())
            curves.insert(place, ("leader", Curve(tuple((n, 10.0 + n) for n in range(1, 13)))))
            log = drive(self.make(), dict(curves))
            mine = [(event, answer) for event, answer in log if event[1] == "leader"]
            assert Decision.STOP not in [answer for _, answer in mine]
            assert [event[:3] for event, _ in mine][-2:] == [("report", "leader", 12), ("end", "leader")]

    def test_the_best_of_a_few_trials_is_trained_to_its_end_too(self) -> None:
        for place in range(3):
            curves = list(recorded_curves(trials=2).items())
            curves.insert(place, ("leader", Curve(tuple((n, 10.0 + n) for n in range(1, 13)))))
            log = drive(self.make(), dict(curves))
            assert [event[1:3] for event, _ in log if event[:2] == ("report", "leader")][-1] == ("leader", 12)

    def test_nothing_is_stopped_or_paused_before_the_first_rung(self) -> None:
        scheduler = self.make()
        first = min(scheduler.rungs, default=math.inf)
        for event, answer in drive(scheduler, recorded_curves()):
            assert event[0] != "report" or answer is Decision.CONTINUE or event[2] >= first

    def test_decisions_fall_where_it_says_that_they_may(self) -> None:
        scheduler = self.make()
        if scheduler.judged is None:
            return
        whole = {name: curve for name, curve in recorded_curves().items() if len(curve.reports) == 12}
        for event, answer in drive(scheduler, whole):
            assert event[0] != "report" or answer is Decision.CONTINUE or event[2] in scheduler.judged

    def test_rungs_are_increasing_report_numbers(self) -> None:
        rungs = self.make().rungs
        assert all(rung >= 1 for rung in rungs)
        assert list(rungs) == sorted(set(rungs))

    def test_stops_and_pauses_are_explained_and_nothing_else(self) -> None:
        scheduler = self.make()
        trials = list(recorded_curves())
        unexplained = set(trials)
        for event, answer in drive(self.make(), recorded_curves()):
            tell(scheduler, event)
            match event:
                case ("start", trial):
                    unexplained.add(str(trial))
                case ("report", trial, *_) if answer is not Decision.CONTINUE:
                    unexplained.discard(str(trial))
            assert all(bool(scheduler.explain(trial)) is (trial not in unexplained) for trial in trials)
        assert scheduler.explain("unheard of") == ""

    def test_a_score_that_is_not_finite_never_moves_the_others(self) -> None:
        disturbed = self.make()
        for number, (event, answer) in enumerate(drive(self.make(), recorded_curves())):
            if event[0] == "end":
                score = (math.nan, math.inf, -math.inf)[number % 3]
                tell(disturbed, ("report", event[1], 12, score))  # of the same rung as others' last
            assert tell(disturbed, event) == answer

    def test_a_trial_that_fails_before_it_reports_leaves_the_others_alone(self) -> None:
        failing = self.make()
        for number, (event, answer) in enumerate(drive(self.make(), recorded_curves())):
            failing.end(f"crashed {number}")
            assert tell(failing, event) == answer

    def test_the_checkpoints_worth_keeping_are_those_of_all_paused_trials(self) -> None:
        scheduler = self.make()
        paused: set[str] = set()
        for event, answer in drive(self.make(), recorded_curves()):
            tell(scheduler, event)
            match event:
                case ("start" | "end", trial):
                    paused.discard(str(trial))
                case ("report", trial, *_) if answer is Decision.PAUSE:
                    paused.add(str(trial))
            order = scheduler.promotable()
            assert sorted(order) == sorted(paused)
            near = scheduler.promotable(margin=1)
            assert near == [trial for trial in order if trial in near]
            assert set(scheduler.promotable(margin=0)) <= set(near)
            assert (candidate := scheduler.candidate()) is None or candidate in scheduler.promotable(margin=0)
