"""Does what people ask of a sweep while it runs, and writes down what became of it."""

from __future__ import annotations

from sweeps.errors import InputError
from sweeps.records.commands import Broken, Command, Kind, taken_up, waiting
from sweeps.records.record import Reason
from sweeps.study.left_over import BY_HAND, stopped_by
from sweeps.study.requests import Wanted, check
from sweeps.study.study import Study
from sweeps.views.text import short_params


class Steering:
    """Answers commands about the trials of a study. Each has one line in the ledger, whatever comes between.

    Args:
        study: replayed; the one that is driven.
    """

    def __init__(self, study: Study) -> None:
        self._study = study

    def answered(self, id: str) -> bool:
        """Whether the ledger has an answer to command ``id``, of this driver or of one before."""
        return id in self._study.told.records.answered

    def refuse(self, command: Command | Broken, text: str) -> None:
        """Nothing comes of ``command``; ``text`` says why."""
        self._answer(command, text, refused=True)

    def note(self, command: Command, text: str) -> None:
        """``command`` is about the sweep as a whole, and whoever drives it sees to it."""
        self._answer(command, text)

    def apply(self, command: Command) -> None:
        """Do it, or say in the ledger why not."""
        study = self._study
        try:
            wanted = check(command, study.config, study.record, study.folder)
            if wanted is not None:
                self._begin(command, wanted)
            elif command.kind is Kind.FINISH:
                self._finish(command)
            else:
                self._answer(command, f"{command.trial} is stopped by {command.by}", trial=command.trial)
                study.stop(command.trial, stopped_by(command.by))
        except InputError as error:
            self.refuse(command, str(error).removeprefix("command line: "))

    def _finish(self, command: Command) -> None:
        if self._study.told.scheduler.winding_up:
            raise InputError("its best trials are being trained to their ends already")
        if not any(trial.attempt for trial in self._study.record.trials):
            mend = "`sweeps stop` without --finish ends it"
            raise InputError("no trial has begun yet, so there is no best one", mend=mend)
        dropped = [one for one in waiting(self._study.folder) if isinstance(one, Command) and one.kind is Kind.EXTEND]
        for one in dropped:
            self.refuse(one, f"not extended: {command.by} wound the sweep up first")
        besides = f"; {len(dropped)} that waited to extend it will not" if dropped else ""
        text = f"no more new trials, only the best are trained to their ends: asked for by {command.by}{besides}"
        self._answer(command, text)
        self._study.give_up_unbegun(Reason(BY_HAND, f"not begun any more: ended by {command.by}"))

    def _begin(self, command: Command, wanted: Wanted) -> None:
        study = self._study
        # A driver may have died between the trial's line and this answer.
        trial = study.told.records.asked_for.get(command.id)
        if trial is None:
            if study.told.scheduler.winding_up:
                message = "the sweep only trains its best to their ends now"
                raise InputError(message, mend="give it more by `sweeps extend`")
            trial = self._make(command, wanted)
        how = " ".join(short_params(wanted.params))
        if wanted.copy is not None:
            how = f"{how} from report {wanted.copy.report} of {wanted.copy.parent}"
        planned = study.planned
        total = f"; {planned} trials are planned now" if planned is not None else ""
        self._answer(command, f"{trial} joins the queue, asked for by {command.by}: {how}{total}", trial=trial)

    def _make(self, command: Command, wanted: Wanted) -> str:
        study = self._study
        if wanted.copy is not None:
            try:
                return study.branch(wanted.copy, command.id, command.by)
            except ValueError as error:
                raise InputError(str(error), mend="change one of them") from None
        if twin := study.told.trainings.twin(wanted.params):
            raise InputError(f"these values are trained already, as {twin}", mend="change one of them")
        return study.ask_for(wanted.params, command.id, command.by)

    def _answer(self, command: Command | Broken, text: str, *, refused: bool = False, trial: str = "") -> None:
        about = {"trial": trial} if trial else {}
        planned = self._study.planned
        self._study.write(
            "command",
            id=command.id,
            command=str(command.kind) if isinstance(command, Command) else "unknown",
            by=command.by if isinstance(command, Command) else "",
            text=text,
            refused=refused,
            **about,
            **({"planned": planned} if planned is not None else {}),
        )
        taken_up(self._study.folder, command.id)
