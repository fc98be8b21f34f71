"""An error that crosses from one process to another is the same error there."""

from __future__ import annotations

import json
import signal

import pytest
import torch

from trainer.errors import ConfigError, DataError, Diverged, ResumeError
from trainer.failures import RankFailed, ended, error_of, told

OWN = [
    Diverged("train_loss", float("nan"), 7),
    ConfigError("precision", "fp16 needs a GPU", "use bf16"),
    DataError("data.train", "no rows"),
    ResumeError("no checkpoint"),
    torch.OutOfMemoryError("a single row"),
    MemoryError("full"),
]


def across(error: BaseException) -> Exception:
    return error_of(json.loads(json.dumps(told(error), allow_nan=False)))


@pytest.mark.parametrize("error", OWN, ids=lambda error: type(error).__name__)
def test_errors_of_ours_stay_what_they_are(error: Exception) -> None:
    found = across(error)
    assert type(found) is type(error)
    assert str(found) == str(error)
    assert {name: str(value) for name, value in vars(found).items()} == {
        name: str(value) for name, value in vars(error).items()
    }


def test_others_keep_their_words_their_place_and_what_was_behind_them() -> None:
    def fail() -> None:
        try:
            raise OSError(28, "No space left on device")
        except OSError as error:
            raise ValueError("could not write") from error

    with pytest.raises(ValueError, match="could not write") as raised:
        fail()
    found = across(raised.value)
    assert isinstance(found, RankFailed)
    assert str(found) == "ValueError: could not write"
    assert found.place.startswith("test_failures.py:")
    assert "No space left" in str(found.__cause__)


def test_a_process_that_ended_is_named_with_how() -> None:
    assert str(ended(1, 4, -signal.SIGSEGV)) == "process 1 of 4 (counted from 0) was ended by SIGSEGV"
    assert "for lack of memory" in str(ended(1, 4, -signal.SIGKILL))
    assert str(ended(0, 2, 3)).endswith("with exit code 3")
